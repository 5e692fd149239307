"""A job's files in its results folder, each written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from braket.jobs import get_results_dir
from braket.jobs_data import PersistedJobData, PersistedJobDataFormat
from numpy.typing import NDArray

_PACKAGES = ("amazon-braket-sdk", "amazon-braket-default-simulator", "numpy", "scipy", "nlopt", "qulacs")


def _version(package: str) -> str | None:
    with contextlib.suppress(PackageNotFoundError):
        return version(package)
    return None


# Looked up once for all jobs that are forked from one process.
_VERSIONS = {package: _version(package) for package in _PACKAGES}


def save_result(result: Mapping[str, Any]) -> None:
    """Write `results.json` such that `load_job_result` reads it.

    Braket's `save_job_result` opens the file before it serialises, so a value that is not JSON destroys
    what was there. It also writes nan and infinity bare, which strict JSON parsers refuse: here they
    become null.
    """
    data = PersistedJobData(dataDictionary=_strict(dict(result)), dataFormat=PersistedJobDataFormat.PLAINTEXT)
    _write("results.json", data.json().encode())


def save_metadata(metadata: Mapping[str, Any]) -> None:
    """Write `metadata.json`: how the run was set up, and the versions of what computed it."""
    content = {**metadata, "versions": _VERSIONS}
    _write("metadata.json", json.dumps(_strict(content), indent=2, allow_nan=False).encode())


def save_array(name: str, array: NDArray[np.float64]) -> None:
    """Write an array as `<name>` in numpy's npy format."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    _write(name, buffer.getvalue())


def save_tasks(records: Sequence[Mapping[str, Any]]) -> None:
    """Write `quantum_tasks.json`: the tasks on AWS devices, which `AwsQuantumTask(arn)` loads again."""
    _write("quantum_tasks.json", json.dumps(list(records), indent=2).encode())


def _write(name: str, content: bytes) -> None:
    write_whole(Path(get_results_dir()) / name, content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file such that it never exists by half."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _strict(value: Any) -> Any:
    """The value with every non-finite float as None."""
    if isinstance(value, Mapping):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
