"""Ctrl-C while a command gets ready: exit code 130, no word, nothing left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

READY = (
    "import sys\nfrom sweeper.__main__ import main\n"
    "sys.argv = ['sweeper', *sys.argv[1:]]\nprint('ready', flush=True)\nsys.exit(main())\n"
)


@pytest.mark.parametrize("share", [0.0, 0.15, 0.3, 0.45, 0.6, 0.8])
def test_ctrl_c_during_start_up(tmp_path: Path, share: float, seconds_of_a_plan: float) -> None:
    process = start(tmp_path, "seed=range(60)", "hydra.sweep.dir=out")
    time.sleep(share * seconds_of_a_plan)  # wherever that is: the outcome is the same
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert "Traceback" not in said
    done = "Nothing was started" in said  # after that the interpreter ends, with or without the signal
    assert process.returncode == 130 or (done and process.returncode in {0, -signal.SIGINT}), said
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def seconds_of_a_plan(tmp_path_factory: pytest.TempPathFactory) -> float:
    begun = time.monotonic()
    process = start(tmp_path_factory.mktemp("plan"), "seed=range(60)")
    assert process.wait() == 0
    process.communicate()
    return time.monotonic() - begun


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A process that is about to read its command line."""
    process = subprocess.Popen(
        [sys.executable, "-c", READY, "plan", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As a terminal starts it, even where whoever runs the tests ignores the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
