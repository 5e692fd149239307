"""What happens to a sweep: all that the machine learns, in the order in which it learns it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from sweeper.contract.outcome import Outcome
from sweeper.executors.base import NotNow, Refused, Status, Unknown
from sweeper.job.spec import JobSpec
from sweeper.job.tasks_seen import TasksSeen
from sweeper.ledger.record import Stock


@dataclass(frozen=True)
class Now:
    """When an event came, and the chance that comes with it.

    Attributes:
        at: Seconds of a clock that never goes back; it has no meaning but by differences.
        epoch: Seconds since the epoch.
        jitter: A random number from 0 to 1.
    """

    at: float
    epoch: float
    jitter: float


@dataclass(frozen=True)
class Stocked:
    """A job that is to run, or that an executor may hold.

    Attributes:
        stock: How the ledger has it.
        spec: What it runs.
        shared: All that it shares with the other jobs of its batch.
    """

    stock: Stock
    spec: JobSpec
    shared: Hashable


@dataclass(frozen=True)
class TakenStock:
    """The run begins.

    Attributes:
        jobs: All that have not completed, in the order in which they are to start; those that were announced
            with one of them belong to it too.
        committed_usd: What the sweep has cost so far, and what its active jobs may still cost at most.
        lost_before: Handles of the jobs on which an earlier run gave up.
    """

    jobs: Sequence[Stocked]
    committed_usd: float = 0.0
    lost_before: Collection[str] = ()


@dataclass(frozen=True)
class Turn:
    """A turn of the loop begins."""

    cancel_requested: bool = False


@dataclass(frozen=True)
class Room:
    """The executor may hold so many batches at the moment."""

    concurrency: int


@dataclass(frozen=True)
class Found:
    """An executor was asked whether a batch had arrived. None means that it certainly had not."""

    token: str
    answer: Sequence[str] | Unknown | None


@dataclass(frozen=True)
class Answered:
    """A batch was handed over, or was to be."""

    token: str
    answer: Sequence[str] | NotNow | Refused


@dataclass(frozen=True)
class Polled:
    """How the jobs stand that the executor holds, by handle, and what there is to be told besides."""

    statuses: Mapping[str, Status | Unknown]
    news: Sequence[str] = ()


@dataclass(frozen=True)
class Counted:
    """The quantum tasks that running jobs have created so far, by handle."""

    seen: Mapping[str, TasksSeen]


@dataclass(frozen=True)
class Fetched:
    """What a job has left is in its folder, and its end is known in full."""

    handle: str
    status: Status


@dataclass(frozen=True)
class WasRead:
    """What a job has left in its folder has been read."""

    number: int
    outcome: Outcome
    log_tail: str


@dataclass(frozen=True)
class CountedAtEnd:
    """The quantum tasks of a job that has ended. None means that the place does not know."""

    number: int
    seen: TasksSeen | None


@dataclass(frozen=True)
class Decided:
    """A person has said whether the lost jobs that the question named are handed over once more."""

    again: bool


@dataclass(frozen=True)
class Interrupted:
    """The process is to end."""


Event = (
    TakenStock
    | Turn
    | Room
    | Found
    | Answered
    | Polled
    | Counted
    | Fetched
    | WasRead
    | CountedAtEnd
    | Decided
    | Interrupted
)
