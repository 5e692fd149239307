"""One writer for each sweep folder."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from sweeper.errors import FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.folder.orphans import end_orphans
from sweeper.terminal import say

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


@contextmanager
def only_writer(lock: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel releases it when the process ends, however it ends.

    When this returns, jobs that an earlier writer has left running on this machine have ended.

    The file names its writer, for people. A name in a file that is not locked belongs to a process that was
    killed, and the new writer takes its place. If that process was on another machine it may still run,
    because not all file systems share locks between machines. A message says so.

    Raises:
        FolderError: Another process writes there, whose host and pid are named, or nobody can write there.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a+", encoding="utf-8", errors="replace")
    except OSError as error:
        raise FolderError(
            f"{lock.parent} cannot be written ({error.strerror}): give the right to write, or choose another "
            "folder. Reading it (sweeper table, status, report) works all the same."
        ) from error
    with file:
        _take(file, lock.parent)
        before = _holder(file)
        here = socket.gethostname()
        if before and not before.endswith(f" on {here}"):
            say(
                f"{lock.parent} was being written by {before}, which did not end in order. If it still runs "
                "there, stop it now: not every shared file system carries locks between machines."
            )
        with suppress(OSError):  # if the disk is full, the lock still holds
            file.truncate(0)
            file.write(f"process {os.getpid()} on {here}\n")
            file.flush()
        try:
            end_orphans(SweepFolder(lock.parent))
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)


def _take(file: TextIO, folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderError(
            f"{folder} is being written by {_holder(file) or 'another process'}: wait for it to end, stop "
            "it, or choose another hydra.sweep.dir."
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise FolderError(
            f"The file system of {folder} has no locks ({error.strerror}), so two processes could write "
            "there at once: choose another hydra.sweep.dir, on a local disk."
        ) from error


def _holder(file: TextIO) -> str:
    """The last holder of the lock, as it wrote itself into the file."""
    file.seek(0)
    return file.read(200).strip()
