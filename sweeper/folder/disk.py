"""Errors of the disk itself, which is full, read-only or failing. No job is to blame for them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweeper.errors import FolderError

_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


class DiskError(FolderError):
    """Nothing can be written. What was written before is safe, and the sweep can go on later."""


@contextmanager
def trouble(path: Path) -> Iterator[None]:
    """Turn errors of the disk into `DiskError`; other errors pass through.

    Raises:
        DiskError: The disk is full, read-only or failing; the message says what to do.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _TROUBLE:
            raise
        raise DiskError(
            f"{error.filename or path} cannot be written: {error.strerror}. Nothing that was recorded is "
            "lost: free some space, see that the disk is well, and go on with sweeper resume."
        ) from None
