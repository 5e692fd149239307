"""One writer for each sweep folder."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweeper.errors import FolderError
from sweeper.folder import SweepFolder
from sweeper.orphans import end_orphans


@contextmanager
def only_writer(lock: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel drops it when the process ends, however it ends.

    Jobs that an earlier writer has left running on this machine have ended when this returns.

    Raises:
        FolderError: Another process writes there; names its host and pid.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise FolderError(
                f"{lock.parent} is being written by {file.read().strip() or 'another process'}: wait for it "
                "to end, stop it, or choose another hydra.sweep.dir."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        end_orphans(SweepFolder(lock.parent))
        yield
