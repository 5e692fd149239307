"""The names and tokens by which a place knows what was handed over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sweeper.executors.base import Batch, Submission
from sweeper.folder.layout import SweepFolder
from sweeper.job.spec import JobSpec


def batch_of(sweep_id: str, folder: SweepFolder, attempts: Iterable[tuple[int, JobSpec, int]]) -> Batch:
    """The batch of these attempts (number, spec, attempt); the same, in any order, make the same tokens."""
    submissions = tuple(
        Submission(
            number,
            spec,
            folder.job(number),
            _token(sweep_id, spec.key, str(attempt)),
            _name(sweep_id, number, attempt),
            attempt,
            tuple(_name(sweep_id, number, earlier) for earlier in range(attempt - 1, 0, -1)),
        )
        for number, spec, attempt in sorted(attempts, key=lambda each: each[0])
    )
    return Batch(
        name=submissions[0].name,
        token=_token(*(submission.token for submission in submissions)),
        submissions=submissions,
    )


def _name(sweep_id: str, number: int, attempt: int) -> str:
    return f"sweep-{sweep_id}-{number}-{attempt}"


def _token(*parts: str) -> str:
    """64 characters that depend on every part; as long as Braket's clientToken may be."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()
