"""The source module of a hybrid job: a frozen copy per sweep, so that every job runs the same bytes."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sweeper.errors import ConfigError

_IGNORED = {"__pycache__", ".git", ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


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

    def snapshot(self, parent: Path) -> Path:
        """Copy the source to `parent/<snapshot_name>/` unless it is there already.

        Returns:
            The folder to put on `sys.path`: `<folder>/<name of the source module>` is the copy.

        Raises:
            ConfigError: There is no copy yet, and the source has changed or is gone.
        """
        target = parent / self.snapshot_name
        if target.is_dir():
            return target
        parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place when whole: a sweep that is killed here leaves no half copy under the name.
        draft = Path(tempfile.mkdtemp(prefix=".source-", dir=parent))
        for file, relative in _files(self.path):
            copy = draft / self.path.name / relative if self.path.is_dir() else draft / self.path.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)
        copied = draft / self.path.name
        if not copied.exists() or digest_of(copied) != self.digest:
            shutil.rmtree(draft)
            raise ConfigError(
                f"{self.path} is not what it was when its jobs were enlisted, and {target} holds no copy: "
                "restore it, or run the sweep's command again with accept_changes=true."
            )
        draft.chmod(0o755)
        draft.replace(target)
        return target

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
            {relative.as_posix(): file.read_bytes() for file, relative in _files(path)}
            for path in (copied, self.path)
        )
        return [
            f"{name} {'added' if name not in then else 'removed' if name not in now else 'changed'}"
            for name in sorted({*then, *now})
            if then.get(name) != now.get(name)
        ]


@cache
def read_source(path: Path, entry_point: str) -> Source:
    """Find and fingerprint a source module, and see that the entry point's module is in it.

    Args:
        path: A Python file, or a folder whose name is the first part of the entry point.
        entry_point: `module` or `module:function`.

    Raises:
        ConfigError: There is no such source, or the entry point is not in it.
    """
    if not path.exists():
        raise ConfigError(
            f"algorithm.source_module={path} does not exist: give a Python file or a folder; a relative "
            f"path starts at {Path.cwd()}."
        )
    module = entry_point.partition(":")[0]
    parts = module.split(".")
    inner = path.joinpath(*parts[1:])
    if path.is_dir():
        candidates = [inner / "__init__.py", inner / "__main__.py"]
        if len(parts) > 1:
            candidates.append(inner.with_suffix(".py"))
    else:
        candidates = [path] if len(parts) == 1 else []
    if parts[0] != path.stem or not all(parts) or not any(candidate.is_file() for candidate in candidates):
        first = f"{path.stem}." if path.is_dir() else path.stem
        raise ConfigError(
            f"algorithm.entry_point={entry_point} is not in algorithm.source_module={path}: "
            f"an entry point there is {first}{'module' if path.is_dir() else ''}:function."
        )
    return Source(path, digest_of(path))


@cache
def digest_of(path: Path) -> str:
    """SHA-256 over the names and bytes of a file or of all files of a folder, wherever it is."""
    digest = hashlib.sha256()
    for file, relative in _files(path):
        content = file.read_bytes()
        digest.update(f"{relative.as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def requirement_files(path: Path) -> list[Path]:
    """Every `requirements.txt` of a source; Braket's container looks for them in all its folders."""
    return [file for file, _ in _files(path) if file.name == "requirements.txt"] if path.is_dir() else []


def _files(path: Path) -> Iterator[tuple[Path, Path]]:
    """All files of the source in a fixed order, each with its path relative to it."""
    if path.is_file():
        yield path, Path(path.name)
        return
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path)
        if file.is_file() and not _IGNORED.intersection(relative.parts) and file.suffix != ".pyc":
            yield file, relative
