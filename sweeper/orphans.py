"""Jobs on this machine whose orchestrator was killed: ended before anybody writes into the folder again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sweeper.errors import FolderError
from sweeper.folder import SweepFolder

_PATIENCE_SECONDS = 60.0


def end_orphans(folder: SweepFolder) -> None:
    """Return when no process of an earlier run writes into this folder any more.

    Jobs end by themselves when their orchestrator has died, and hold a lock until they have; that is waited
    for. What they have started is known by its environment, and killed if the fork server, which should have
    done so, was killed as well. Call it as the folder's only writer.

    Raises:
        FolderError: A job does not end.
    """
    if not folder.jobs_lock.exists():
        return
    with folder.jobs_lock.open("a") as lock:
        _until(lambda: _locked(lock.fileno()), f"jobs of an earlier run still write into {folder.root}")
    jobs = f"AMZN_BRAKET_HP_FILE={folder.root.absolute()}/jobs/"
    for pid in _processes_with(jobs.encode()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _until(lambda: not _alive(pid), f"process {pid}, left by a job in {folder.root}, does not end")  # noqa: B023 - called at once


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise FolderError(f"{otherwise}: end them, then try again.")
        time.sleep(0.01)


def _locked(descriptor: int) -> bool:
    """Whether nobody else holds the lock; it is dropped with the file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _processes_with(variable: bytes) -> Iterator[int]:
    """Our user's processes that were started with a variable that begins like this, but for our own session.

    Linux only: elsewhere /proc does not tell.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (entry / "environ").read_bytes().split(b"\0")
            pid = int(entry.name)
            if any(text.startswith(variable) for text in variables) and os.getsid(pid) != os.getsid(0):
                yield pid


def _alive(pid: int) -> bool:
    """Whether a process still runs; a zombie that nobody collects does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
