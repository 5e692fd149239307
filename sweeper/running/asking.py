"""How jobs stand that were left running elsewhere: their place is asked, and nothing is changed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sweeper.errors import SweeperError
from sweeper.executors import executor_of
from sweeper.executors.base import Status, Unknown
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.record import JobRecord

_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What the place said.

    Attributes:
        jobs: The jobs as they stand there.
        lines: What is to be known of some of them: the place in the queue, why one failed.
        ended: How many have ended there and are not collected yet.
        unknown: How many the place does not know; these are as they were last heard of.
    """

    jobs: Sequence[JobRecord]
    lines: Sequence[str]
    ended: int
    unknown: int


def ask(
    folder: SweepFolder,
    jobs: Sequence[JobRecord],
    launcher: Mapping[str, Any],
    place: Mapping[str, Any] | None,
    profile: str | None,
) -> Answer:
    """Ask how the jobs stand that were handed over and have not ended.

    Args:
        folder: The sweep's folder.
        jobs: All its jobs, as the ledger has them.
        launcher: How it was run.
        place: Where its jobs were handed over.
        profile: Another profile of the AWS configuration than the one it was run with.

    Raises:
        SweeperError: Their place does not say.
    """
    handles = [job.handle for job in jobs if job.state.active and job.handle]
    statuses = _statuses(folder, launcher, place, handles, profile)
    now, lines, ended, unknown = [], [], 0, 0
    for job in jobs:
        status = statuses.get(job.handle) if job.state.active and job.handle else None
        if isinstance(status, Unknown):
            unknown += 1
            lines.append(f"job {job.number}: {status.why}; it stays reserved")
        elif status is not None:
            ended += status.state.finished
            if status.reason and status.state in {JobState.QUEUED, JobState.FAILED}:
                lines.append(f"job {job.number} ({status.state}): {status.reason}")
        state = status.state if isinstance(status, Status) else job.state
        now.append(replace(job, state=state))
    return Answer(now, lines, ended, unknown)


def _statuses(
    folder: SweepFolder,
    launcher: Mapping[str, Any],
    place: Mapping[str, Any] | None,
    handles: Sequence[str],
    profile: str | None,
) -> Mapping[str, Status | Unknown]:
    with executor_of(folder, launcher, profile) as executor:
        executor.enter([], handles, place)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            statuses = executor.poll(handles)
            silent = [s for s in statuses.values() if isinstance(s, Unknown) and not s.answers]
            if not silent:
                return statuses
            if time.monotonic() > deadline:
                raise SweeperError("; ".join(executor.news()) or f"{silent[0].why} ({len(silent)} jobs)")
            executor.wait(1.0)
