"""Whether anything in a folder has been touched: seen from what the system says of its files, unread."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

Footprint = Mapping[str, tuple[int, ...]]
"""For every path below a folder what tells a change of it: kind and rights, inode, and for all but folders
size, time of the last write, and time of the last change of any kind, which no program can set back."""


def footprint(folder: Path) -> Footprint:
    """How the folder's content is now; the folder itself may be moved.

    Raises:
        OSError: It cannot be read.
    """
    found: dict[str, tuple[int, ...]] = {}
    waiting = [(os.fspath(folder), "")]
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                name = prefix + entry.name
                if stat.S_ISDIR(status.st_mode):
                    found[name] = (status.st_mode, status.st_ino)
                    waiting.append((entry.path, f"{name}/"))
                else:
                    found[name] = (
                        status.st_mode,
                        status.st_ino,
                        status.st_size,
                        status.st_mtime_ns,
                        status.st_ctime_ns,
                    )
    return found
