"""The steps of a job's life as they are written down: what the ledger is to record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sweeper.contract.metric import Metric
from sweeper.contract.remarks import Remark
from sweeper.job.failure import Failure
from sweeper.job.state import JobState


@dataclass(frozen=True)
class Announce:
    """The job is about to be handed over with a batch, and may cost so much."""

    becomes: ClassVar = JobState.SUBMITTING
    number: int
    reserved_usd: float
    batch: str


@dataclass(frozen=True)
class Submit:
    """The executor has the job, and knows it by this handle."""

    becomes: ClassVar = JobState.QUEUED
    number: int
    handle: str


@dataclass(frozen=True)
class Start:
    """The job runs; since when, in seconds since the epoch."""

    becomes: ClassVar = JobState.RUNNING
    number: int
    started_at: float


@dataclass(frozen=True)
class Requeue:
    """The job waits to be handed over (again).

    Attributes:
        number: The job's.
        reason: Why.
        written_off: Whether nobody knows what became of the last attempt, so that the most it can have cost
            counts as spent.
    """

    becomes: ClassVar = JobState.PENDING
    number: int
    reason: str
    written_off: bool = False


@dataclass(frozen=True)
class Finish:
    """The attempt has ended. Times in seconds since the epoch, cost in USD."""

    number: int
    becomes: JobState
    reason: Failure | str | None
    started_at: float | None = None
    ended_at: float | None = None
    cost_usd: float = 0.0
    result: Mapping[str, Any] = field(default_factory=dict)
    objective: float | None = None
    metrics: Sequence[Metric] = ()
    remarks: Sequence[Remark] = ()


Step = Announce | Submit | Start | Requeue | Finish
