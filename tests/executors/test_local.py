"""What only processes on this machine promise."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sweeper.errors import ConfigError, SweeperError
from sweeper.executors.local import LocalExecutor
from sweeper.folder import SweepFolder
from sweeper.outcome import read_outcome
from sweeper.states import JobState

from .conftest import PATIENCE_SECONDS, Place
from .programs import PROGRAMS


def gone(pid: int) -> bool:
    """Whether a process has ended; a zombie that nobody collects has ended too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not gone(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.01)


def test_memory_beyond_the_limit_fails_the_job(local_place: Place) -> None:
    status, _, _ = local_place.run("eats_memory")
    assert status.state is JobState.FAILED
    assert status.reason is not None
    assert "MemoryError" in status.reason


def test_reasons_say_how_a_process_ended(local_place: Place) -> None:
    assert local_place.run("exits")[0].reason == "exit code 3"
    assert local_place.run("exits_with_text")[0].reason == "exit code 1"
    assert "SIGSEGV" in str(local_place.run("segfaults")[0].reason)


def test_a_kill_from_outside_is_named(local_place: Place) -> None:
    status, _, _ = local_place.run("dies_as_if_out_of_memory")
    assert status.reason is not None
    assert "SIGKILL" in status.reason
    assert "out of memory" in status.reason


@pytest.mark.parametrize("program", ["leaves_a_process", "hangs_with_a_process"])
def test_processes_that_a_job_started_end_with_it(local_place: Place, program: str) -> None:
    _, outcome, _ = local_place.run(program, max_runtime_seconds=4 if program.startswith("hangs") else 60)
    wait_until_gone(outcome.result["pid"])


def test_leaving_the_executor_ends_running_jobs(own_place: Place) -> None:
    place = own_place
    handle, folder = place.submit(place.spec("hangs_with_a_process"))
    place.until(handle, lambda status: status.state is JobState.RUNNING)
    results = folder.results / "results.json"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not results.is_file() or not results.read_text().endswith("}"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    place.executor.__exit__(None, None, None)
    wait_until_gone(read_outcome(folder, None).result["pid"])


ORCHESTRATOR = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.executors.conftest import KINDS, Place, local
from sweeper.folder import SweepFolder
folder = SweepFolder(Path({folder!r}))
with local(folder) as executor:
    place = Place(folder, KINDS['braket_local'], executor, Path({source!r}))
    handle, job = place.submit(place.spec("hangs_with_a_process"))
    results = job.results / "results.json"
    while not results.is_file() or not results.read_text().endswith("}}"):
        executor.poll([handle])
        time.sleep(0.01)
    print(results.read_text(), flush=True)
    time.sleep(600)
"""


def test_killing_the_orchestrator_ends_its_jobs(tmp_path: Path) -> None:
    source = tmp_path / "programs.py"
    source.write_text(PROGRAMS)
    root = str(Path(__file__).parents[2])
    code = ORCHESTRATOR.format(root=root, folder=str(tmp_path / "sweep"), source=str(source))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as orchestrator:
        assert orchestrator.stdout is not None
        pid = json.loads(orchestrator.stdout.readline())["dataDictionary"]["pid"]
        assert not gone(pid)
        orchestrator.send_signal(signal.SIGKILL)
    wait_until_gone(pid)


def test_a_killed_fork_server_is_reported_and_takes_its_jobs_with_it(own_place: Place) -> None:
    place = own_place
    handle, _ = place.submit(place.spec("hangs"))
    place.until(handle, lambda status: status.state is JobState.RUNNING)
    server = place.executor._server  # type: ignore[attr-defined]
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    os.kill(server.pid, signal.SIGKILL)
    wait_until_gone(server.pid)
    another, _ = place.submit(place.spec("well"))  # no failure of this job: the next look tells
    with pytest.raises(SweeperError, match="ended unexpectedly"):
        place.until(another, lambda _: False)
    for child in children:
        wait_until_gone(int(child))


def test_paid_devices_are_refused(local_place: Place) -> None:
    spec = local_place.spec("well", device="arn:aws:braket:::device/quantum-simulator/amazon/sv1")
    with pytest.raises(ConfigError, match=r"device\.arn"):
        local_place.executor.check(spec)


@pytest.mark.parametrize(("n_jobs", "memory_gib"), [(0, None), (-1, None), (None, 0.0)])
def test_impossible_limits_are_refused(tmp_path: Path, n_jobs: int | None, memory_gib: float | None) -> None:
    with pytest.raises(ConfigError, match=r"hydra\.launcher\."):
        LocalExecutor(SweepFolder(tmp_path), n_jobs=n_jobs, memory_gib=memory_gib)
