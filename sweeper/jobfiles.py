"""What is put into a job's folder before an attempt."""

from __future__ import annotations

import json
from typing import Any

import yaml

from sweeper.folder import JobFolder, write_atomically
from sweeper.ledger import JobRecord
from sweeper.spec import JobSpec

_OF_ONE_ATTEMPT = ("log.txt", "results", "exit.json", "failure.txt", "work")


def prepare(folder: JobFolder, job: JobRecord, spec: JobSpec, attempt: int) -> None:
    """Write the job's config and hyperparameters, and move an earlier attempt's output aside.

    Checkpoints stay: the new attempt may go on from them.
    """
    for name in _OF_ONE_ATTEMPT:
        left = folder.root / name
        if attempt > 1 and left.exists():
            aside = folder.attempts / str(attempt - 1)
            aside.mkdir(parents=True, exist_ok=True)
            left.replace(aside / name)
    for directory in (folder.config.parent, folder.results, folder.checkpoints):
        directory.mkdir(parents=True, exist_ok=True)
    folder.config.write_bytes(_yaml(job.config))
    folder.overrides.write_bytes(_yaml(job.overrides))
    folder.hyperparameters.write_text(json.dumps(dict(spec.hyperparameters), indent=2), encoding="utf-8")
    for name, content in spec.input_files.items():
        write_atomically(folder.input / "hyperparameters" / name, content.encode())


def _yaml(value: Any) -> bytes:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return bytes(yaml.dump(value, Dumper=dumper, encoding="utf-8", allow_unicode=True, sort_keys=False))
