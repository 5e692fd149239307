"""All that the machine knows of a sweep while it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from sweeper.executors.base import Batch, Status
from sweeper.folder.layout import SweepFolder
from sweeper.job.failure import Failure
from sweeper.job.state import JobState
from sweeper.running.budget import Budget
from sweeper.running.events import WasRead
from sweeper.running.instructions import Commit
from sweeper.running.lost_jobs import LostJobs
from sweeper.running.queue import Queue
from sweeper.running.steps import Step
from sweeper.running.tokens import batch_of
from sweeper.running.tracked import Tracked, take


@dataclass(frozen=True)
class Terms:
    """On what terms a sweep runs.

    Attributes:
        sweep_id: The sweep's short name.
        folder: The sweep's folder; only the names of its files matter here.
        paid: Whether a submission can cost money.
        outlives_us: Whether jobs go on when this process ends.
        batch_size: Most jobs of one batch.
        at_once: Most batches that are handed over in one call.
        max_usd: No batch is handed over with which the sweep could cost more; none for no limit.
        max_failures: After so many failed jobs nothing is handed over any more; none for no limit.
        until_submitted: The run ends as soon as all jobs are handed over.
        resubmit_lost: Whether the run was started to hand over once more the jobs that an earlier one lost.
    """

    sweep_id: str
    folder: SweepFolder
    paid: bool
    outlives_us: bool
    batch_size: int = 1
    at_once: int = 1
    max_usd: float | None = None
    max_failures: int | None = None
    until_submitted: bool = False
    resubmit_lost: bool = False


@dataclass
class Held:
    """A batch that is announced in the ledger and waits for the executor to take it.

    Attributes:
        batch: The batch.
        not_before: When to try again, by the clock of the events.
        may_have_arrived: Whether the executor was asked, and nobody knows what came of it.
        under_way: Whether it is being handed over at this moment.
        end: How its jobs end, and why, once it is certain that it did not arrive; none if it is wanted.
    """

    batch: Batch
    not_before: float = 0.0
    may_have_arrived: bool = False
    under_way: bool = False
    end: tuple[JobState, Failure | str] | None = None

    @property
    def numbers(self) -> list[int]:
        """Its jobs."""
        return [submission.number for submission in self.batch.submissions]


@dataclass(frozen=True)
class Unsettled:
    """A batch that an earlier process announced; `whole` if none of its jobs has gone another way since."""

    batch: Batch
    whole: bool


@dataclass
class Leaving:
    """A job that has ended and is not on record yet."""

    handle: str
    status: Status
    left: WasRead | None = None


@dataclass
class SweepState:
    """What the machine remembers from one event to the next.

    Attributes:
        terms: On which it runs.
        budget: What is spent and reserved.
        lost: Jobs of which the place, again and again, says that it does not know them.
        jobs: By number.
        queue: Those that wait.
        unsettled: Batches that an earlier process announced, by token, until they are looked for.
        held: Batches that wait for the executor to take them.
        given_up: Batches that nobody wants any more, or that were refused, until it is known whether an
            earlier hand-over arrived; by token.
        active: The jobs that the executor holds, by handle.
        leaving: Jobs that have ended and are not on record yet.
        cancelling: Whether all is being ended.
        ending: Whether the process is to end.
        stopped_because: Why nothing is handed over any more; none if it is.
        failures: How many jobs have failed for good.
        changed: Whether something has happened in this turn.
        only_budget: Whether nothing but the budget is in the way of the jobs that wait.
        event: The name of the event that is being taken in.
    """

    terms: Terms
    budget: Budget
    lost: LostJobs
    jobs: dict[int, Tracked] = field(default_factory=dict)
    queue: Queue = field(default_factory=Queue)
    unsettled: dict[str, Unsettled] = field(default_factory=dict)
    held: deque[Held] = field(default_factory=deque)
    given_up: dict[str, Held] = field(default_factory=dict)
    active: dict[str, Tracked] = field(default_factory=dict)
    leaving: dict[int, Leaving] = field(default_factory=dict)
    cancelling: bool = False
    ending: bool = False
    stopped_because: str | None = None
    failures: int = 0
    changed: bool = False
    only_budget: bool = False
    event: str = ""

    @property
    def pending(self) -> bool:
        """Whether something comes about by itself, with no job in the executor's hands."""
        return bool(self.held or self.given_up or self.queue.any_later or self.leaving)

    def commit(self, steps: Sequence[Step]) -> Commit:
        """Let jobs take these steps, at once."""
        for step in steps:
            take(self.jobs[step.number], step, self.budget, self.event)
        return Commit(tuple(steps))

    def batch(self, attempts: dict[int, int]) -> Batch:
        """The batch of these jobs, each with the number of its attempt."""
        return batch_of(
            self.terms.sweep_id,
            self.terms.folder,
            [(number, self.jobs[number].spec, attempt) for number, attempt in attempts.items()],
        )
