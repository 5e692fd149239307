"""Nobody writes into a folder while a job of an earlier, killed run may still do so."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from sweeper.errors import FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.folder.lock import only_writer
from sweeper.folder.orphans import end_orphans


def job_holding(folder: SweepFolder, seconds: float) -> int:
    """A process that runs a job of the folder; ends after so many seconds."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        lock = os.open(folder.jobs_lock, os.O_WRONLY | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_SH)
        os.write(told, b"!")
        time.sleep(seconds)
        os._exit(0)
    os.read(ready, 1)
    return pid


def test_the_next_writer_waits_until_the_last_job_has_ended(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    pids = [job_holding(folder, seconds) for seconds in (0.05, 0.3)]
    with only_writer(folder.lock):
        ended = [os.waitpid(pid, os.WNOHANG)[0] for pid in pids]
    assert ended == pids


def test_a_job_that_does_not_end_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeper.folder.orphans._PATIENCE_SECONDS", 0.05)
    folder = SweepFolder(tmp_path)
    pid = job_holding(folder, 600)
    try:
        with pytest.raises(FolderError, match="jobs of an earlier run still write into"):
            end_orphans(folder)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    end_orphans(folder)


@pytest.mark.parametrize(("where", "survives"), [("sweep", False), ("sweep-2", True)])
def test_what_a_job_has_started_is_ended_even_if_nobody_is_left_who_should(
    tmp_path: Path, where: str, survives: bool
) -> None:
    folder = SweepFolder(tmp_path / "sweep")
    folder.root.mkdir()
    folder.jobs_lock.touch()
    variable = {"AMZN_BRAKET_HP_FILE": str(tmp_path / where / "jobs/0/hyperparameters.json")}
    process = subprocess.Popen(["sleep", "600"], env={**os.environ, **variable}, start_new_session=True)
    try:
        while not Path(f"/proc/{process.pid}/environ").read_bytes():
            time.sleep(0.001)  # the kernel fills it in a moment after the program was started
        with only_writer(folder.lock):
            assert (process.poll() is None) is survives
    finally:
        process.kill()
        process.wait()
