"""What is put into a job's folder before an attempt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from sweeper.folder import JobFolder, write_atomically
from sweeper.spec import JobSpec

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
        left = [folder.root / name for name in _OF_ONE_ATTEMPT if (folder.root / name).exists()]
        if any(path.is_file() or any(path.iterdir()) for path in left):
            _put_aside(left, folder.attempts, max(1, attempt - 1))
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


def set_checkpoints_aside(folder: JobFolder, attempt: int) -> None:
    """Keep the checkpoints of the attempts so far from the next one, which runs something else."""
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
