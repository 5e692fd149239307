"""The source module of a hybrid job: a frozen copy per sweep, so that every job runs the same bytes."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sweeper.contract.hybrid_job import collision
from sweeper.contract.modules import module_file
from sweeper.errors import ConfigError
from sweeper.folder.footprint import Footprint, footprint
from sweeper.job.source_files import source_files
from sweeper.terminal import say

_MOST_BYTES = 2**30
"""A source is copied for every job that runs at a time; data belongs into input channels."""

_MOST_NAMED = 8


@dataclass(frozen=True)
class Source:
    """A Python file or folder as it stood when the sweep began.

    Attributes:
        path: Where it was found.
        digest: SHA-256 over the names and bytes of all its files.
    """

    path: Path
    digest: str

    @property
    def snapshot_name(self) -> str:
        """Name of the folder that holds the copy: readable, and distinct for distinct contents."""
        return f"{self.path.stem}-{self.digest[:12]}"

    def snapshot(self, parent: Path, seen: dict[Path, Footprint] | None = None) -> Path:
        """Copy the source to `parent/<snapshot_name>/` unless it is there already.

        A copy that is not (any more) what it should be, as a job may have written into it, is made anew.

        Args:
            parent: Where the copies are.
            seen: The copies that the caller knows to be right, as they were then: only one that has been
                touched since is read again.

        Returns:
            The folder to put on `sys.path`: `<folder>/<name of the source module>` is the copy.

        Raises:
            ConfigError: There is no right copy, and the source has changed or is gone.
        """
        seen = {} if seen is None else seen
        target = parent / self.snapshot_name
        if target.is_dir():
            if self._is_right(target, seen):
                return target
            say(
                f"{target} is not the source any more with which the sweep began: something has written into "
                f"it. It is copied again from {self.path}."
            )
        parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place when whole: a sweep that is killed here leaves no half copy under the name.
        draft = Path(tempfile.mkdtemp(prefix=".source-", dir=parent))
        try:
            left_out = self._copy(draft)
            if not (draft / self.path.name).exists() or digest_of(draft / self.path.name) != self.digest:
                raise ConfigError(
                    f"{self.path} is not what it was when its jobs were enlisted, and {target} holds no "
                    "right copy: restore it, or run the sweep's command again with accept_changes=true."
                )
            draft.chmod(0o755)
            if target.is_dir():
                shutil.rmtree(target)
            draft.replace(target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        if left_out:
            more = [f"{len(left_out) - _MOST_NAMED} more"] if len(left_out) > _MOST_NAMED else []
            say(f"{self.path}: not part of the source are {', '.join([*left_out[:_MOST_NAMED], *more])}.")
        seen[target] = footprint(target)
        return target

    def _copy(self, draft: Path) -> tuple[str, ...]:
        """Copy the files; returns what was left out."""
        if not self.path.exists():
            return ()
        found = source_files(self.path)
        for file in found.files:
            copy = draft / self.path.name
            if self.path.is_dir():
                copy /= file.relative
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file.path, copy)
        return found.left_out

    def _is_right(self, target: Path, seen: dict[Path, Footprint]) -> bool:
        """Whether a copy is the source still; its bytes are read only if a file of it has been touched."""
        try:
            if seen.get(target) == footprint(target):
                return True
            copied = target / self.path.name
            if not copied.exists() or digest_of(copied) != self.digest:
                return False
            for entry in target.iterdir():  # beside the source, it would be found on the path
                if entry.name not in (self.path.name, "__pycache__"):
                    return False
            for compiled in [*target.rglob("__pycache__")]:  # nobody knows of what
                shutil.rmtree(compiled)
            seen[target] = footprint(target)
        except OSError:
            return False
        return True

    def place(self, parent: Path) -> Path:
        """Where the source is found: its copy below `parent`, or else itself."""
        copied = parent / self.snapshot_name / self.path.name
        return copied if copied.exists() else self.path

    def changed_files(self, parent: Path) -> list[str]:
        """In which files the source differs now from its copy below `parent`; none if there is no copy."""
        copied = parent / self.snapshot_name / self.path.name
        if not copied.exists():
            return []
        then, now = (
            {file.relative.as_posix(): file.path.read_bytes() for file in source_files(path).files}
            for path in (copied, self.path)
        )
        return [
            f"{name} {'added' if name not in then else 'removed' if name not in now else 'changed'}"
            for name in sorted({*then, *now})
            if then.get(name) != now.get(name)
        ]


class Sources:
    """Sources and input data as they stand when a sweep begins: each is read once, for all of its jobs."""

    def __init__(self) -> None:
        self.read = cache(read_source)
        self.digest = cache(digest_of)


def read_source(path: Path, entry_point: str) -> Source:
    """Find and fingerprint a source module, and see that the entry point's module is in it.

    Args:
        path: A Python file, or a folder whose name is the first part of the entry point.
        entry_point: `module` or `module:function`.

    Raises:
        ConfigError: There is no such source, the entry point is not in it, or what is installed hides it.
    """
    if not path.exists():
        raise ConfigError(
            f"algorithm.source_module={path} does not exist: give a Python file or a folder; a relative "
            f"path starts at {Path.cwd()}."
        )
    module, colon, function = entry_point.partition(":")
    parts = module.split(".")
    can_be = not colon or function.isidentifier()  # the container looks for an attribute of that very name
    if parts[0] != path.stem or not all(parts) or not can_be or module_file(path, module) is None:
        first = f"{path.stem}." if path.is_dir() else path.stem
        raise ConfigError(
            f"algorithm.entry_point={entry_point} is not in algorithm.source_module={path}: "
            f"an entry point there is {first}{'module' if path.is_dir() else ''}:function."
        )
    if installed := collision(parts[0]):
        raise ConfigError(
            f"algorithm.source_module={path} has the name of a module that is installed ({parts[0]}, "
            f"{installed}), which a job imports instead, as Braket's container does. Give the file or folder "
            "another name, and algorithm.entry_point with it."
        )
    try:
        files = source_files(path).files
        if sum(file.size for file in files) > _MOST_BYTES:
            largest = max(files, key=lambda file: file.size)
            raise ConfigError(
                f"algorithm.source_module={path} has {sum(file.size for file in files) / 2**30:.1f} GiB, and "
                f"every job gets a copy: {_MOST_BYTES / 2**30:.0f} GiB at most. Its largest file is "
                f"{largest.relative} ({largest.size / 2**20:.0f} MiB): give data by job.input_data, and keep "
                "it outside the source."
            )
        return Source(path, digest_of(path))
    except OSError as error:
        raise ConfigError(
            f"algorithm.source_module={path} cannot be read ({error.filename}: {error.strerror}): give the "
            "right to read it, or move it out of the source."
        ) from error


def digest_of(path: Path) -> str:
    """SHA-256 over the names and bytes of a file or of all files of a folder, wherever it is."""
    digest = hashlib.sha256()
    for file in source_files(path).files:
        digest.update(f"{file.relative.as_posix()}\0{file.size}\0".encode())
        with file.path.open("rb") as content:
            while part := content.read(2**20):
                digest.update(part)
    return digest.hexdigest()


def requirement_files(path: Path) -> list[Path]:
    """Every `requirements.txt` of a source; Braket's container looks for them in all its folders."""
    if not path.is_dir():
        return []
    return [file.path for file in source_files(path).files if file.path.name == "requirements.txt"]
