"""What is put into a job's folder before an attempt."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from sweeper.folder.layout import JobFolder, write_atomically
from sweeper.job.spec import JobSpec

_OF_ONE_ATTEMPT = ("log.txt", "results", "exit.json", "failure.txt", "work", "start")


def prepare(
    folder: JobFolder,
    spec: JobSpec,
    config: Mapping[str, Any],
    overrides: Sequence[str] = (),
    attempt: int = 2,
) -> None:
    """Write the job's config and hyperparameters for an attempt, and move the earlier one's output aside.

    Attempt k is found in `attempts/<k>/`. Checkpoints stay: the new attempt may go on from them.
    """
    if folder.root.exists():
        _clear(folder, attempt)
    else:
        folder.root.mkdir(parents=True)
    for directory in (folder.config.parent, folder.input, folder.results, folder.checkpoints):
        directory.mkdir(exist_ok=True)
    # Block mappings one after the other are one mapping; most jobs share most of theirs.
    sections = [_yaml_of(json.dumps({key: value})) for key, value in config.items()]
    folder.config.write_bytes(b"".join(sections) or _yaml({}))
    folder.overrides.write_bytes(_yaml(list(overrides)))
    folder.hyperparameters.write_text(json.dumps(dict(spec.hyperparameters), indent=2), encoding="utf-8")
    for name, content in spec.input_files.items():
        write_atomically(folder.input / "hyperparameters" / name, content.encode())


def _clear(folder: JobFolder, attempt: int) -> None:
    """Move aside what an earlier attempt has left, and whatever it has put in the way of the next one."""
    _give_rights(folder)
    left = [path for name in _OF_ONE_ATTEMPT if os.path.lexists(path := folder.root / name)]
    left = left if any(_says_something(path) for path in left) else []
    left += [path for path in (folder.record, folder.hyperparameters) if _is_none(path, stat.S_ISREG)]
    directories = (folder.config.parent, folder.results, folder.checkpoints, folder.input)
    left += [path for path in directories if path not in left and _is_none(path, stat.S_ISDIR)]
    left += [path for path in (folder.config, folder.overrides) if _is_none(path, stat.S_ISREG)]
    if _is_none(folder.attempts, stat.S_ISDIR):
        folder.attempts.unlink()
    if left:
        _put_aside(left, folder.attempts, max(1, attempt - 1))


def _give_rights(folder: JobFolder) -> None:
    """Let us into a folder to which its job has taken away the rights."""
    for place in (folder.root, folder.checkpoints):
        with contextlib.suppress(FileNotFoundError):
            mode = place.lstat().st_mode
            if stat.S_ISDIR(mode) and mode & stat.S_IRWXU != stat.S_IRWXU:
                place.chmod(0o755)


def _says_something(path: Path) -> bool:
    """Whether something is there but an empty folder, which is all that an attempt begins with."""
    return not _is_none(path, stat.S_ISREG) or _is_none(path, stat.S_ISDIR) or any(path.iterdir())


def _is_none(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether something else than such a thing is there: another kind of file, or a link."""
    try:
        return not kind(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def set_checkpoints_aside(folder: JobFolder, attempt: int) -> None:
    """Keep the checkpoints of the attempts so far from the next one, which runs something else."""
    _give_rights(folder)
    if folder.checkpoints.is_dir() and any(folder.checkpoints.iterdir()):
        _put_aside([folder.checkpoints], folder.attempts, attempt)


def _put_aside(paths: Sequence[Path], attempts: Path, attempt: int) -> None:
    """Move these into `attempts/<k>`, or `<k>-2`, … if an attempt was broken off and made once more."""
    names = (str(attempt), *(f"{attempt}-{again}" for again in range(2, 10_000)))
    places = (attempts / name for name in names)
    aside = next(place for place in places if not any((place / path.name).exists() for path in paths))
    aside.mkdir(parents=True, exist_ok=True)
    for path in paths:
        path.replace(aside / path.name)


@lru_cache(maxsize=1024)
def _yaml_of(text: str) -> bytes:
    """JSON as YAML."""
    return _yaml(json.loads(text))


def _yaml(value: Any) -> bytes:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return bytes(yaml.dump(value, Dumper=dumper, encoding="utf-8", allow_unicode=True, sort_keys=False))
