"""The fork server alone, spoken to as the orchestrator does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweeper.executors import forkserver

from .processes import children_of

COMMAND = [sys.executable, "-P", forkserver.__file__]
PROGRAM = """
import os, time

def main():
    while not os.path.exists("go"):
        time.sleep(0.001)
"""


def start_request(folder: Path) -> bytes:
    (folder / "theirs.py").write_text(PROGRAM)
    request: dict[str, Any] = {
        "op": "start",
        "id": "0/token",
        "entry_point": "theirs:main",
        "path": str(folder),
        "cwd": str(folder),
        "start_in": str(folder),
        "env": {},
        "log": str(folder / "log.txt"),
        "failure": str(folder / "failure.txt"),
        "exit": str(folder / "exit.json"),
        "seconds": 3600,
        "memory_bytes": None,
        "lock": str(folder / "jobs.lock"),
        "digested": {"log.txt": str(folder / "log.txt")},
    }
    return json.dumps(request).encode() + b"\n"


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def ended(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_good_end_is_on_record_though_the_server_dies_before_it_can_write_it(tmp_path: Path) -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(start_request(tmp_path))
        server.stdin.flush()
        assert server.stdout.readline() == b"\n"
        assert json.loads(server.stdout.readline())["event"] == "started"
        (job,) = children_of(server.pid)
        os.kill(server.pid, signal.SIGSTOP)
        (tmp_path / "go").touch()
        wait_until(lambda: ended(job))
        server.kill()
    record = json.loads((tmp_path / "exit.json").read_bytes())
    assert (record["id"], record["exit_code"], record["signal"]) == ("0/token", 0, None)
    assert record["started_at"] <= record["ended_at"]


def test_nothing_is_started_for_an_orchestrator_that_died_meanwhile(tmp_path: Path) -> None:
    request = start_request(tmp_path)
    done = subprocess.run(COMMAND, input=request, capture_output=True, check=True)
    assert done.stdout == b""
    assert not (tmp_path / "log.txt").exists()
