"""A job as the machine has it, and the steps of its life as a table of small functions.

`job.state` says which steps there are; each function here brings the job, and the budget, to where the ledger
brings the job's row when it records the step.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from sweeper.errors import IllegalTransitionError
from sweeper.job.known import COST_IS, Known
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.running.budget import Budget
from sweeper.running.steps import Announce, Finish, Requeue, Start, Step, Submit

_MOST_OF_A_STORY = 12

PENDING, SUBMITTING, QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = JobState


@dataclass
class Tracked:
    """A job of this run.

    Attributes:
        number: In its sweep.
        spec: What it runs.
        state: Where it stands.
        attempt: Of which attempt that is true; 0 before the first.
        batch: The token of the batch with which it was announced.
        handle: How the executor knows it.
        known: How well the cost of its attempts is known; none if there is nothing to be known.
        written_off: How often an attempt was written off.
        shared: All that it shares with the other jobs of its batch.
        retries: How often this run has tried it again.
        excess: Why it is ended, if it has created more quantum tasks than it may.
        story: What has happened to it last, for whoever has to find a defect.
    """

    number: int
    spec: JobSpec
    state: JobState
    attempt: int
    batch: str | None
    handle: str | None
    known: Known | None
    written_off: int
    shared: Hashable
    retries: int = 0
    excess: str | None = None
    story: tuple[str, ...] = ()


def take(job: Tracked, step: Step, budget: Budget, event: str) -> None:
    """Let a job take a step.

    Args:
        job: The step's.
        step: To take.
        budget: The sweep's.
        event: The name of what has led to it.

    Raises:
        IllegalTransitionError: The life cycle has no such step, or the machine has no use for it; tells the
            job's story.
    """
    way = job.state, step.becomes
    if not job.state.may_become(step.becomes) or way not in TABLE:
        story = "; ".join([*job.story, f"{event}: {step}"])
        raise IllegalTransitionError(
            f"job {job.number} is {job.state} and cannot become {step.becomes}. Its story: {story}"
        )
    job.story = (*job.story[1 - _MOST_OF_A_STORY :], f"{event}: {job.state} to {step.becomes}")
    TABLE[way](job, step, budget)
    job.state = step.becomes


def _announce(job: Tracked, step: Step, budget: Budget) -> None:
    assert isinstance(step, Announce)
    job.attempt += 1
    job.batch, job.handle, job.excess = step.batch, None, None
    budget.reserve(job.number, step.reserved_usd)


def _submit(job: Tracked, step: Step, budget: Budget) -> None:
    del budget
    assert isinstance(step, Submit)
    job.handle = step.handle


def _start(job: Tracked, step: Step, budget: Budget) -> None:
    del job, budget
    assert isinstance(step, Start)


def _requeue(job: Tracked, step: Step, budget: Budget) -> None:
    assert isinstance(step, Requeue)
    budget.settle(job.number, budget.reserved(job.number) if step.written_off else 0.0)
    job.written_off += step.written_off
    job.batch = job.handle = None


def _finish(job: Tracked, step: Step, budget: Budget) -> None:
    assert isinstance(step, Finish)
    budget.settle(job.number, step.cost_usd)
    job.known = Known.of(step.result) if COST_IS in step.result else None


TABLE: dict[tuple[JobState, JobState], Callable[[Tracked, Step, Budget], None]] = {
    (PENDING, SUBMITTING): _announce,
    (PENDING, CANCELLED): _finish,  # nothing is handed over any more
    (SUBMITTING, QUEUED): _submit,
    (SUBMITTING, PENDING): _requeue,  # it did not arrive
    (SUBMITTING, FAILED): _finish,  # it was refused
    (SUBMITTING, CANCELLED): _finish,
    (QUEUED, RUNNING): _start,
    (QUEUED, PENDING): _requeue,  # the executor does not have it, or a person wants it once more
    (QUEUED, COMPLETED): _finish,
    (QUEUED, FAILED): _finish,
    (QUEUED, CANCELLED): _finish,
    (RUNNING, PENDING): _requeue,
    (RUNNING, COMPLETED): _finish,
    (RUNNING, FAILED): _finish,
    (RUNNING, CANCELLED): _finish,
    (FAILED, PENDING): _requeue,
    (CANCELLED, PENDING): _requeue,
}
"""What a step does. The life cycle has three more: results that are taken over from another sweep (PENDING to
COMPLETED), and jobs that are found running or at their end (SUBMITTING to RUNNING or COMPLETED), which are
QUEUED first here."""
