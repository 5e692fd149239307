"""Several jobs in one hybrid job: what is uploaded for them, and how their results are told apart again."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from sweeper import disk
from sweeper.contract import hybrid_job
from sweeper.executors.aws.archive import unpack
from sweeper.executors.base import Batch, Status
from sweeper.executors.forkclient import signal_name
from sweeper.folder import JobFolder, open_regular
from sweeper.spec import JobSpec
from sweeper.states import JobState

_PROGRAM = Path(__file__).parent / "packed" / "packed_jobs.py"
_MOST_OF_A_REASON = 2**14


def batch_key(spec: JobSpec) -> Hashable:
    """What the jobs that share a hybrid job have in common: every part of its request but their own.

    The source is in it as well, because two sources may have modules of the same name. Entry point,
    hyperparameters and long values are each job's own.
    """
    return (
        spec.device,
        spec.image_uri,
        spec.instance_type,
        spec.volume_gib,
        spec.max_runtime_seconds,
        spec.reservation_arn,
        spec.source.snapshot_name,
        *(tuple(sorted(part.items())) for part in (spec.input_data, spec.input_digests, spec.tags)),
    )


def entry_point() -> str:
    """Entry point of a hybrid job that runs several."""
    return "packed_jobs:main"


def programs() -> dict[str, Path]:
    """What is in the source archive beside the jobs' module, by name."""
    return {_PROGRAM.name: _PROGRAM, "_hybrid_job_contract.py": Path(hybrid_job.__file__)}


def input_files(batch: Batch) -> dict[str, str]:
    """The jobs' names, entry points, hyperparameters and long values, as one file."""
    jobs = [
        {
            "name": submission.name,
            "entry_point": submission.spec.entry_point,
            "hyperparameters": dict(submission.spec.hyperparameters),
            "files": dict(submission.spec.input_files),
        }
        for submission in batch.submissions
    ]
    return {"jobs.json": json.dumps(jobs)}


def place_of(handle: str) -> str:
    """Which of the jobs that share a hybrid job a handle means."""
    return handle.partition("#")[2].partition("/")[0]


def unpack_members(archive: IO[bytes], folders: Mapping[str, JobFolder]) -> None:
    """Unpack an archive of several jobs' results into their folders, by handle.

    Raises:
        ArchiveError: It is damaged.
        DiskError: It cannot be written here.
    """
    # Beside the folders, which have room for it, if anything has.
    beside = next(iter(folders.values())).root.parent
    with disk.trouble(beside), tempfile.TemporaryDirectory(dir=beside, prefix=".packed-") as scratch:
        unpack(archive, Path(scratch))
        for handle, folder in folders.items():
            mine = Path(scratch) / place_of(handle)
            for name, target in (
                ("results", folder.results),
                ("log.txt", folder.log),
                ("exit.json", folder.root / "exit.json"),
                ("failure.txt", folder.root / "failure.txt"),
            ):
                if (mine / name).is_dir():
                    shutil.copytree(mine / name, target, dirs_exist_ok=True)
                elif (mine / name).is_file():
                    shutil.copyfile(mine / name, target)


def own_status(folder: JobFolder, shared: Status) -> Status:
    """How one of several jobs ended, by what the packed program wrote down of it."""
    try:
        report = json.loads((folder.root / "exit.json").read_bytes())
        code, started_at, ended_at = (
            int(report["exit_code"]),
            float(report["started_at"]),
            float(report["ended_at"]),
        )
        reason = f"killed by {signal_name(-code)}" if code < 0 else f"exit code {code}"
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError, RecursionError):
        reason = shared.reason or "it was not finished when the hybrid job that it shared ended"
        state = JobState.FAILED if shared.state is JobState.COMPLETED else shared.state
        return replace(shared, state=state, reason=reason)
    status = replace(shared, started_at=started_at, ended_at=ended_at, reason=None)
    if code == 0:
        return replace(status, state=JobState.COMPLETED)
    with suppress(OSError), open_regular(folder.root / "failure.txt") as file:
        reason = f"AlgorithmError: {file.read(_MOST_OF_A_REASON).decode(errors='replace')}"
    return replace(status, state=JobState.FAILED, reason=reason)
