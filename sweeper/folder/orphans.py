"""Ends jobs on this machine whose orchestrator or fork server was killed, before anybody writes again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sweeper.errors import FolderError
from sweeper.folder.layout import SweepFolder

_PATIENCE_SECONDS = 60.0
_MARK = "BRAKET_SWEEPER_JOBS"
_OURS = secrets.token_hex(8)
"""A part of the marks that this process gives, by which it recognises them."""


def mark(root: Path) -> dict[str, str]:
    """The environment variable that marks the processes of a fork server and of its jobs.

    The kernel shows the environment with which a program was started. A forked process therefore has the mark
    as well, even if it has changed its variables since.

    Args:
        root: The sweep's folder.
    """
    return {_MARK: f"{secrets.token_hex(8)} {_OURS} {root.absolute()}"}


def end_processes(marked: Mapping[str, str]) -> None:
    """Kill all processes with this mark but our own, and return when they have ended.

    Raises:
        FolderError: A process does not end.
    """
    ((name, value),) = marked.items()
    text, root = f"{name}={value}".encode(), value.split(" ", 2)[2]
    _end_all(lambda variables: text in variables, root)


def end_orphans(folder: SweepFolder) -> None:
    """End the processes of earlier runs that could still write into this folder.

    Jobs, their fork server and the programs that they have started are recognised by their mark and killed,
    because the process that waited for them is gone. Jobs also hold a lock until they have ended; this
    function waits for it. Call it as the folder's only writer.

    Raises:
        FolderError: A job does not end.
    """
    if not folder.jobs_lock.exists():
        return
    root = folder.root.absolute()
    marked, of_a_job = f" {root}".encode(), f"AMZN_BRAKET_HP_FILE={root}/jobs/".encode()

    def left(variables: list[bytes]) -> bool:
        return any(
            text.startswith(of_a_job)
            or (
                text.startswith(f"{_MARK}=".encode()) and text.endswith(marked) and _OURS.encode() not in text
            )
            for text in variables
        )

    _end_all(left, str(root))
    with folder.jobs_lock.open("a") as lock:
        _until(lambda: _locked(lock.fileno()), f"jobs of an earlier run still write into {root}")


def _end_all(wanted: Callable[[list[bytes]], bool], where: str) -> None:
    """Kill until none is left: while some are killed, others may start further ones."""
    while pids := list(_processes(wanted)):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            _until(lambda: not _alive(pid), f"process {pid}, left by a job in {where}, does not end")  # noqa: B023 - called at once


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


def _processes(wanted: Callable[[list[bytes]], bool]) -> Iterator[int]:
    """Our user's living processes whose environment is so, but for us and whom we descend from.

    Linux only: elsewhere /proc does not tell.
    """
    above = {os.getpid(), *_ancestors(os.getpid())}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            pid = int(entry.name)
            if pid not in above and wanted((entry / "environ").read_bytes().split(b"\0")) and _alive(pid):
                yield pid


def _ancestors(pid: int) -> Iterator[int]:
    """The parent, its parent, and so on."""
    while (status := _status(pid)) is not None and (pid := int(status[1])):
        yield pid


def _alive(pid: int) -> bool:
    """Whether a process still runs; a zombie that nobody collects does not."""
    status = _status(pid)
    return status is not None and status[0] not in "ZX"


def _status(pid: int) -> list[str] | None:
    """State, parent, and further fields of proc_pid_stat(5); None if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
