"""Finds out whether anything in a folder has changed, from the metadata of its files alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

Footprint = Mapping[str, tuple[int, ...]]
"""Metadata of every path below a folder: kind and rights, and inode. Files also have their size, the time of
the last write, and the time of the last change of any kind, which no program can set back."""


def footprint(folder: Path) -> Footprint:
    """The footprint of the folder's content, which does not change if the folder is moved.

    Raises:
        OSError: The folder cannot be read.
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
