"""Which files of a folder are its source: not what is made from it, installed beside it, or no file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_IGNORED = {
    *("__pycache__", ".git", ".hg", ".svn", ".ipynb_checkpoints", "node_modules"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".tox", ".nox"),
}
"""Folders that are left out without a word."""

_MARKS = (
    # Hydra writes the last of these before anything else is there, and the digest must not change then.
    (("sweep.db", "sweep.json", "multirun.yaml"), "a sweep's folder"),
    (("pyvenv.cfg", "conda-meta"), "a virtual environment"),
    (("CACHEDIR.TAG",), "a cache"),
)
"""What a folder holds that is left out as a whole, and what it is."""


@dataclass(frozen=True)
class SourceFile:
    """One file: where it is, its path relative to the source, and its size in bytes."""

    path: Path
    relative: Path
    size: int


@dataclass(frozen=True)
class SourceFiles:
    """The files of a source in a fixed order, and what a person may miss among them, with the reason."""

    files: tuple[SourceFile, ...]
    left_out: tuple[str, ...]


def source_files(path: Path) -> SourceFiles:
    """The files of a source, a single one or all of a folder's.

    Links are followed, but not in circles. Left out are folders that hold other things than source (sweeps,
    virtual environments, caches, version control), compiled code, and what is no regular file. The same is
    left out wherever the folder is and whatever has been written into a sweep's folder inside it.

    Raises:
        OSError: Something in it cannot be read.
    """
    if path.is_file():
        return SourceFiles((SourceFile(path, Path(path.name), path.stat().st_size),), ())
    files: list[SourceFile] = []
    left_out: list[str] = []
    _walk(path, Path(), (_identity(path),), files, left_out)
    files.sort(key=lambda file: file.relative.parts)
    return SourceFiles(tuple(files), tuple(sorted(left_out)))


def _walk(
    folder: Path,
    relative: Path,
    above: tuple[tuple[int, int], ...],
    files: list[SourceFile],
    left_out: list[str],
) -> None:
    for entry in _entries(folder):
        inner = relative / entry.name
        try:
            status = entry.stat()
        except OSError as error:
            if not entry.is_symlink():
                raise
            left_out.append(f"{inner} (a link: {error.strerror})")
            continue
        if stat.S_ISDIR(status.st_mode):
            if entry.name in _IGNORED:
                continue
            if (status.st_dev, status.st_ino) in above:
                left_out.append(f"{inner} (a link in a circle)")
            elif what := _other_than_source(Path(entry.path)):
                left_out.append(f"{inner} ({what})")
            else:
                below = (*above, (status.st_dev, status.st_ino))
                _walk(Path(entry.path), inner, below, files, left_out)
        elif not stat.S_ISREG(status.st_mode):
            left_out.append(f"{inner} (no regular file)")
        elif inner.suffix != ".pyc":
            files.append(SourceFile(Path(entry.path), inner, status.st_size))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from entries


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _other_than_source(folder: Path) -> str | None:
    """What a folder is, if it is not source."""
    return next((what for marks, what in _MARKS if any((folder / mark).exists() for mark in marks)), None)
