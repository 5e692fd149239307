"""A copy of the source for each job, so that what one writes beside its own file no other job sees.

Making a copy costs more than starting a job. So the copy of a completed job goes on to the next one as it is,
if nothing in it has been touched: that costs a look at each of its files.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import py_compile
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sweeper.executors.imports import imports_of_source
from sweeper.folder.footprint import Footprint, footprint
from sweeper.job.source import Source
from sweeper.job.source_files import SourceFile, source_files


@dataclass(frozen=True)
class _Copy:
    """Where a copy is, and how it was when it was made."""

    folder: Path
    made: Footprint


class Copies:
    """The copies of a sweep's sources; each is the working directory of one job at a time."""

    def __init__(self, sources: Path) -> None:
        """Make none yet.

        Args:
            sources: Where the sweep's snapshots of its sources are.
        """
        self._sources = sources
        self._right: dict[Path, Footprint] = {}
        self._compiled: dict[Source, Mapping[Path, bytes]] = {}
        self._spare: dict[Source, list[_Copy]] = {}
        self._used: dict[Path, tuple[Source, Footprint]] = {}

    def give(self, source: Source, folder: Path) -> None:
        """Make `folder` a copy's place: `<folder>/<name of the source module>`; there must be none yet.

        Raises:
            ConfigError: The sweep's snapshot of the source has been changed, and cannot be made again.
            OSError: It cannot be written.
        """
        made = self._moved(source, folder) or self._new(source, folder)
        self._used[folder] = (source, made)

    def take_back(self, folder: Path, *, reusable: bool) -> None:
        """A job has ended: keep its copy for another one, or remove all of it but what the job wrote."""
        source, made = self._used.pop(folder)
        if reusable:
            self._spare.setdefault(source, []).append(_Copy(folder, made))
        else:
            _tidy(_Copy(folder, made))

    def close(self) -> None:
        """Remove the copies, but for what jobs have written there."""
        for copies in self._spare.values():
            for copy in copies:
                _tidy(copy)
        for folder, (_, made) in self._used.items():
            _tidy(_Copy(folder, made))
        self._spare.clear()
        self._used.clear()

    def _moved(self, source: Source, folder: Path) -> Footprint | None:
        """Move a copy that nobody has touched to another job."""
        spare = self._spare.get(source, [])
        while spare:
            copy = spare.pop()
            with contextlib.suppress(OSError):  # somebody has moved the sweep's folders meanwhile
                if footprint(copy.folder) == copy.made:
                    copy.folder.rename(folder)
                    return copy.made
            _tidy(copy)
        return None

    def _new(self, source: Source, folder: Path) -> Footprint:
        snapshot = source.snapshot(self._sources, self._right)
        module = snapshot / source.path.name
        with contextlib.suppress(FileNotFoundError):
            folder.rmdir()  # one that an earlier attempt has left empty
        folder.mkdir(parents=True)
        root = folder / module.name if module.is_dir() else folder
        for file in source_files(module).files:
            _copy(file, root / file.relative)
        if source not in self._compiled:
            self._compiled[source] = _compiled(source, module)
        for relative, code in self._compiled[source].items():
            place = root / relative
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(code)
        return footprint(folder)


def _copy(file: SourceFile, target: Path) -> None:
    """Copy a file with its times, by which its compiled form is known, and writable for its job."""
    try:
        shutil.copyfile(file.path, target)
    except FileNotFoundError:
        target.parent.mkdir(parents=True)
        shutil.copyfile(file.path, target)
    status = file.path.stat()
    target.chmod(status.st_mode | 0o600)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _compiled(source: Source, module: Path) -> Mapping[Path, bytes]:
    """The source's modules as the interpreter caches them, by the place of the cache file in the source.

    Jobs would otherwise compile them each for itself. None for what is imported ahead, and where the
    interpreter keeps them elsewhere.
    """
    if imports_of_source(source, module).own or sys.pycache_prefix:
        return {}
    compiled = {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the job's code: to be said in its log, if anywhere
        draft = Path(folder) / "compiled"
        for file in source_files(module).files:
            if file.relative.suffix == ".py":
                # What cannot be compiled is the job's to complain of.
                with contextlib.suppress(py_compile.PyCompileError, OSError, ValueError, RecursionError):
                    py_compile.compile(
                        str(file.path),
                        str(draft),
                        dfile=str(file.relative),
                        doraise=True,
                        # By time and size of the file, which every copy has in common.
                        invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP,
                    )
                    place = importlib.util.cache_from_source(str(file.relative))
                    compiled[Path(place)] = draft.read_bytes()
    return compiled


def _tidy(copy: _Copy) -> None:
    """Remove a copy; what a job has written or changed there stays."""
    with contextlib.suppress(OSError):
        now = footprint(copy.folder)
        for name in sorted(now, reverse=True):  # what is in a folder before the folder
            with contextlib.suppress(OSError):
                if name not in copy.made and "__pycache__" not in Path(name).parts:
                    continue
                if (copy.folder / name).is_dir() and not (copy.folder / name).is_symlink():
                    (copy.folder / name).rmdir()
                elif now[name] == copy.made.get(name) or "__pycache__" in Path(name).parts:
                    (copy.folder / name).unlink()
        copy.folder.rmdir()
