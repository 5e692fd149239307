"""When the disk itself is in the way: full, read-only or failing. No job is to blame for that."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweeper.errors import FolderError

_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


class DiskError(FolderError):
    """Nothing can be written; what has been is safe, and the sweep can go on later."""


@contextmanager
def trouble(path: Path) -> Iterator[None]:
    """Tell the disk's errors from others.

    Raises:
        DiskError: The disk is full, read-only or failing; says what to do.
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
