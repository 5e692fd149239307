"""Several jobs in one hybrid job: what is uploaded for them, and how their results are told apart again."""

from __future__ import annotations

import json
import math
import shutil
import signal
import tempfile
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from sweeper.contract import hybrid_job
from sweeper.executors.aws.archive import unpack
from sweeper.executors.base import Batch, Status
from sweeper.executors.forkclient import signal_name
from sweeper.folder import disk
from sweeper.folder.layout import JobFolder, open_regular
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState

_PROGRAM = Path(__file__).parent / "packed" / "packed_jobs.py"
_MOST_OF_A_REASON = 2**14

_START_UP_SECONDS = 60.0
"""A hybrid job takes "at least one minute" to start (Amazon Braket examples, hybrid_jobs/0)."""
_AT_ONCE = 3
"""Hybrid jobs that an account may run at a time, unless its quota was raised (Amazon Braket quotas)."""
_LARGEST_PROPOSAL = 32
_EMBEDDED_TASK_SECONDS = 0.05
_TASK_SECONDS = 3.0
"""A task takes about so long: rough, as only what is far below a minute matters."""


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


def proposal(specs: Sequence[JobSpec], size: int) -> str | None:
    """Advice to pack jobs that will mostly wait for their instances; none where it would gain little."""
    short = [spec for spec in specs if 0 < _work_seconds(spec) < _START_UP_SECONDS]
    if size > 1 or len(short) <= _AT_ONCE:
        return None
    pack = min(math.ceil(len(short) / _AT_ONCE), _LARGEST_PROPOSAL)
    longest = max(_work_seconds(spec) for spec in short)
    return (
        f"{len(short)} of these jobs work for about {max(1, round(longest))} s or less, and each waits a "
        f"minute or two for an instance of its own: with hydra.launcher.pack={pack} they are about "
        f"{math.ceil(len(short) / pack)} hybrid jobs (docs/aws.md, Packing)."
    )


def _work_seconds(spec: JobSpec) -> float:
    """Roughly what a job works for, by its quantum tasks; 0 if their number is not known."""
    each = _EMBEDDED_TASK_SECONDS if spec.device.startswith("local:") else _TASK_SECONDS
    return spec.cost.tasks * each


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
    status = replace(shared, started_at=started_at, ended_at=ended_at, reason=None, passing=False)
    if code == 0:
        return replace(status, state=JobState.COMPLETED)
    # SIGKILL is the kernel's: most likely all processes together had used up the memory.
    passing = code == -signal.SIGKILL
    with suppress(OSError), open_regular(folder.root / "failure.txt") as file:
        reason = f"AlgorithmError: {file.read(_MOST_OF_A_REASON).decode(errors='replace')}"
        passing = False
    return replace(status, state=JobState.FAILED, reason=reason, passing=passing)
