"""How jobs end: collected, recorded, tried again, or withdrawn before they began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeper.job.failure import Failure
from sweeper.job.known import COST_IS, Known
from sweeper.job.state import JobState
from sweeper.running.attempt_cost import cost_of_attempt, must_be_counted, remarks_on_promise
from sweeper.running.events import CountedAtEnd, Fetched, Now, WasRead
from sweeper.running.instructions import Cancel, CountAtEnd, Forget, Instruction, Read, Say, Tell
from sweeper.running.queue import pause_before_retry
from sweeper.running.steps import Finish, Requeue, Step
from sweeper.running.sweep_state import Held, Leaving, SweepState
from sweeper.running.tracked import Tracked


def fetched(sweep: SweepState, event: Fetched, now: Now) -> list[Instruction]:
    """What a job has left is here: read it."""
    del now
    job = sweep.active.pop(event.handle)
    sweep.leaving[job.number] = Leaving(event.handle, event.status)
    return [Read(job.number, event.status)]


def was_read(sweep: SweepState, event: WasRead, now: Now) -> list[Instruction]:
    """What a job has left is known: record its end, once its quantum tasks are counted if need be."""
    job, leaving = sweep.jobs[event.number], sweep.leaving[event.number]
    leaving.left = event
    sweep.changed = True
    if must_be_counted(job.spec.cost, leaving.status, event.outcome):
        return [CountAtEnd(job.number, leaving.handle, job.spec.device)]
    return counted_at_end(sweep, CountedAtEnd(job.number, None), now)


def counted_at_end(sweep: SweepState, event: CountedAtEnd, now: Now) -> list[Instruction]:
    """All is known of an attempt: record its end with all that it left."""
    job, leaving = sweep.jobs[event.number], sweep.leaving.pop(event.number)
    assert leaving.left is not None
    status, outcome = leaving.status, leaving.left.outcome
    state, reason, passing = status.state, status.reason, status.passing
    if state is JobState.COMPLETED and outcome.problem:
        state, reason = JobState.FAILED, outcome.problem
    if state is JobState.CANCELLED and job.excess:
        state, reason = JobState.FAILED, job.excess
    passing = passing and status.state is state
    cost_usd, result = 0.0, outcome.result
    if sweep.terms.paid:
        cost_usd, known = cost_of_attempt(
            job.spec,
            status,
            outcome,
            event.seen,
            reserved_usd=sweep.budget.reserved(job.number),
            before=job.known or Known.MEASURED,
        )
        result = {**outcome.result, COST_IS: known}
    finish = Finish(
        job.number,
        state,
        Failure(reason or "", leaving.left.log_tail, passing) if state is JobState.FAILED else reason,
        started_at=status.started_at,
        ended_at=status.ended_at,
        cost_usd=cost_usd,
        result=result,
        objective=outcome.objective,
        metrics=outcome.logged.metrics,
        remarks=(
            *outcome.logged.remarks,
            *([] if job.excess else remarks_on_promise(job.spec.cost, event.seen)),
        ),
    )
    return _record(sweep, [finish], [Forget((leaving.handle,))], now)


def end_without_arrival(sweep: SweepState, held: Held, now: Now) -> list[Instruction]:
    """Record the ends of jobs of which it is certain that they were not handed over.

    All of a batch at once: what is left of it would be looked for under another token.
    """
    assert held.end is not None
    state, reason = held.end
    return _record(
        sweep,
        [Finish(number, state, reason, result=_kept(sweep.jobs[number])) for number in held.numbers],
        [],
        now,
    )


def withdraw(sweep: SweepState, reason: str, now: Now) -> list[Instruction]:
    """Hand nothing over any more; what may have arrived without an answer is looked for first."""
    sweep.stopped_because = reason
    out: list[Instruction] = []
    for held in [held for held in sweep.held if not held.under_way]:
        out += give_up(sweep, held, (JobState.CANCELLED, reason), now)
    if numbers := sweep.queue.clear():
        steps = [
            Finish(number, JobState.CANCELLED, reason, result=_kept(sweep.jobs[number])) for number in numbers
        ]
        out += [sweep.commit(steps), *map(Tell, numbers)]
    return out


def give_up(
    sweep: SweepState, held: Held, end: tuple[JobState, Failure | str], now: Now
) -> list[Instruction]:
    """Let a batch that waits come to this end, at once or when it is known that it did not arrive before."""
    sweep.held.remove(held)
    held.end = end
    if not held.may_have_arrived:
        return end_without_arrival(sweep, held, now)
    sweep.given_up[held.batch.token] = held
    return []


def cancel(sweep: SweepState, now: Now) -> list[Instruction]:
    """End what runs, what waits, and what may have arrived although nobody answered."""
    sweep.cancelling = True
    return [*withdraw(sweep, "cancelled before it was submitted", now), Cancel(tuple(sweep.active))]


def _record(
    sweep: SweepState, finishes: list[Finish], then: list[Instruction], now: Now
) -> list[Instruction]:
    """Commit attempts' ends, with what they lead to: another attempt, or no further jobs at all."""
    steps: list[Step] = []
    said: list[Instruction] = []
    failed = 0
    for finish in finishes:
        steps.append(finish)
        if finish.becomes is not JobState.FAILED:
            continue
        assert isinstance(finish.reason, Failure)
        job = sweep.jobs[finish.number]
        pause = _pause(sweep, job, finish.reason, now)
        if pause is None:
            failed += 1
            continue
        steps.append(Requeue(job.number, f"retry {job.retries} of {job.spec.retries} after {pause:.0f} s"))
        again = f"job {job.number} is tried again in {pause:.0f} s"
        said.append(Say("retry", f"{again}, after: {finish.reason.headline}"))
    out = [sweep.commit(steps), *said, *(Tell(finish.number) for finish in finishes), *then]
    before, sweep.failures = sweep.failures, sweep.failures + failed
    most = sweep.terms.max_failures
    if most is not None and before < most <= sweep.failures:
        many = "a job" if most == 1 else f"{most} jobs"
        out += withdraw(sweep, f"not started, because {many} had failed (fail_fast, max_failures)", now)
    return out


def _pause(sweep: SweepState, job: Tracked, failure: Failure, now: Now) -> float | None:
    """Have a failed job tried again after a pause in seconds, if the reason passes and tries are left."""
    if sweep.stopped_because or job.retries >= job.spec.retries or not failure.passing:
        return None
    pause = pause_before_retry(job.spec, job.retries, now.jitter)
    job.retries += 1
    sweep.queue.put_off(job.number, now.at + pause)
    return pause


def _kept(job: Tracked) -> Mapping[str, Any]:
    """What stays of earlier attempts' results: how well their cost is known."""
    return {COST_IS: job.known} if job.known else {}
