"""How batches get into the executor's hands: announced, handed over, looked for, given up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, takewhile

from sweeper.executors.base import Batch, NotNow, Refused, Unknown
from sweeper.executors.batches import next_batch
from sweeper.job.failure import Failure
from sweeper.job.known import COST_IS, Known
from sweeper.job.state import JobState
from sweeper.running.attempt_cost import bounds_usd
from sweeper.running.budget import Budget
from sweeper.running.ending import end_without_arrival, give_up, withdraw
from sweeper.running.events import Answered, Found, Now, Room, Stocked, TakenStock
from sweeper.running.instructions import AskForRoom, Cancel, Commit, Find, HandOver, Instruction, Say, Tell
from sweeper.running.looking import look
from sweeper.running.lost_jobs import LostJobs
from sweeper.running.steps import Announce, Requeue, Step, Submit
from sweeper.running.sweep_state import Held, SweepState, Unsettled
from sweeper.running.tracked import Tracked

_SUBMITTING, _UNANSWERED = "submitting", "unanswered"
"""Topics of which those who wait are told."""


def taken_stock(sweep: SweepState, event: TakenStock, now: Now) -> list[Instruction]:
    """Sort the jobs into those to hand over, those that may have arrived, and those that have."""
    del now
    terms = sweep.terms
    reserved = {each.stock.number: each.stock.reserved_usd for each in event.jobs}
    sweep.budget = Budget(terms.max_usd, event.committed_usd, reserved)
    sweep.lost = LostJobs(terms.folder.typed, event.lost_before if terms.resubmit_lost else None)
    again: list[Step] = []
    announced: dict[str, dict[int, int]] = {}
    for each in event.jobs:
        job = sweep.jobs[each.stock.number] = _tracked(each)
        if job.state.active and job.handle:
            job.batch = job.batch or job.handle
            sweep.active[job.handle] = job
        elif job.state is JobState.SUBMITTING and job.batch:
            announced.setdefault(job.batch, {})[job.number] = job.attempt
        else:
            if job.state is not JobState.PENDING:
                again.append(Requeue(job.number, "another attempt"))
            sweep.queue.waiting.append(job.number)
    out: list[Instruction] = [sweep.commit(again)] if again else []
    for token, attempts in announced.items():
        batch = sweep.batch(attempts)
        sweep.unsettled[batch.token] = Unsettled(batch, batch.token == token)
        out.append(Find(batch))
    return out


def room(sweep: SweepState, event: Room, now: Now) -> list[Instruction]:
    """Fill the executor; if it is full, or nothing can be handed over now, look how its jobs stand."""
    out: list[Instruction] = []
    sweep.queue.let_in(now.at)
    if sweep.queue.waiting and sweep.stopped_because:  # the executor turned out not to have a job
        out += withdraw(sweep, sweep.stopped_because, now)
    free = event.concurrency - len({job.batch for job in sweep.active.values()})
    most = max(0, min(free, sweep.terms.at_once))
    due = list(takewhile(lambda held: held.not_before <= now.at, islice(sweep.held, most)))
    if len(due) == len(sweep.held):  # what the place does not take now would hold up the others too
        announced = _announce(sweep, most - len(due))
        due += list(islice(sweep.held, len(due), None))
        out += [announced] if announced.steps else []
    if not due:
        return [*out, *look(sweep)]
    for held in due:
        held.under_way = True
    return [*out, HandOver(tuple(held.batch for held in due)), AskForRoom()]


def answered(sweep: SweepState, event: Answered, now: Now) -> list[Instruction]:
    """An executor has taken a batch, has refused it, or wants to be asked later."""
    answer = event.answer
    if event.token in sweep.given_up:
        held = sweep.given_up[event.token]
        if isinstance(answer, NotNow):
            return _not_now(held, answer, now)
        return _settled(sweep, held, None if isinstance(answer, Refused) else answer, now)
    held = next(held for held in sweep.held if held.batch.token == event.token)
    held.under_way = False
    if isinstance(answer, NotNow):
        out = _not_now(held, answer, now)
        if sweep.stopped_because:  # meanwhile
            out += give_up(sweep, held, (JobState.CANCELLED, sweep.stopped_because), now)
        return out
    if isinstance(answer, Refused):
        failure = Failure(f"it could not be submitted: {answer.why}", passing=answer.passing)
        # It may have arrived all the same: by an earlier try, of which there was no answer.
        return [Say(_SUBMITTING, None), *give_up(sweep, held, (JobState.FAILED, failure), now)]
    sweep.held.remove(held)
    return [Say(_SUBMITTING, None), *_arrived(sweep, held.batch, answer)]


def found(sweep: SweepState, event: Found, now: Now) -> list[Instruction]:
    """It is known whether a batch arrived, or that nobody knows."""
    if event.token in sweep.unsettled:
        return _found_at_start(sweep, sweep.unsettled.pop(event.token), event)
    held = sweep.given_up[event.token]
    if not isinstance(event.answer, Unknown):
        return _settled(sweep, held, event.answer, now)
    first = held.batch.submissions[0].number
    why = f"job {first} may have been submitted without an answer: {event.answer.why}"
    # It may turn up late. If it does not, only the call with its token tells: it is answered with the same
    # hybrid job, or with a new one, and either is ended at once.
    ask = event.answer.lasting and now.at >= held.not_before
    return [Say(_UNANSWERED, why), *([HandOver((held.batch,), prepared=True)] if ask else [])]


def _found_at_start(sweep: SweepState, unsettled: Unsettled, event: Found) -> list[Instruction]:
    """Take over a batch that an earlier process announced."""
    batch, answer = unsettled.batch, event.answer
    if answer is not None and not isinstance(answer, Unknown):
        return _arrived(sweep, batch, answer)
    if unsettled.whole:  # with its token, handing it over again is harmless, and tells
        sweep.held.append(Held(batch, may_have_arrived=answer is not None))
        return []
    # A crash while the batch was being given up.
    numbers = [submission.number for submission in batch.submissions]
    sweep.queue.waiting.extend(numbers)
    return [sweep.commit([Requeue(number, "another attempt") for number in numbers])]


def _settled(sweep: SweepState, held: Held, handles: Sequence[str] | None, now: Now) -> list[Instruction]:
    """It is known whether a batch that was given up had arrived; none if it had not."""
    assert held.end is not None
    del sweep.given_up[held.batch.token]
    out: list[Instruction] = [Say(_UNANSWERED, None), Say(_SUBMITTING, None)]
    if handles is None:
        return [*out, *end_without_arrival(sweep, held, now)]
    out += _arrived(sweep, held.batch, handles)
    if held.end[0] is JobState.CANCELLED or sweep.cancelling:
        out.append(Cancel(tuple(handles)))
    return out


def _not_now(held: Held, later: NotNow, now: Now) -> list[Instruction]:
    held.not_before = now.at + later.seconds
    held.may_have_arrived |= later.may_have_arrived
    first = held.batch.submissions[0].number
    return [Say(_SUBMITTING, f"job {first} is not submitted yet: {later.why}")]


def _arrived(sweep: SweepState, batch: Batch, handles: Sequence[str]) -> list[Instruction]:
    numbers = [submission.number for submission in batch.submissions]
    steps = [Submit(number, handle) for number, handle in zip(numbers, handles, strict=True)]
    commit = sweep.commit(steps)
    for step in steps:
        job = sweep.jobs[step.number]
        job.batch = batch.token
        sweep.active[step.handle] = job
    return [commit, *map(Tell, numbers)]


def _announce(sweep: SweepState, most: int) -> Commit:
    """Announce up to so many batches, in order, as far as the budget allows."""
    steps: list[Step] = []
    waiting, jobs = sweep.queue.waiting, sweep.jobs
    for _ in range(most):
        if not waiting:
            break
        numbers = next_batch(waiting, lambda number: jobs[number].shared, sweep.terms.batch_size)
        bounds = bounds_usd([jobs[number].spec for number in numbers], paid=sweep.terms.paid)
        if not sweep.budget.allows(bounds):
            waiting.extendleft(reversed(numbers))
            break
        batch = sweep.batch({number: jobs[number].attempt + 1 for number in numbers})
        sweep.held.append(Held(batch))
        announced = [
            Announce(number, bound, batch.token) for number, bound in zip(numbers, bounds, strict=True)
        ]
        steps += sweep.commit(announced).steps
    return Commit(tuple(steps))


def _tracked(each: Stocked) -> Tracked:
    stock = each.stock
    return Tracked(
        stock.number,
        each.spec,
        stock.state,
        stock.attempts,
        stock.batch,
        stock.handle,
        Known.of({COST_IS: stock.cost_is}) if stock.cost_is else None,
        stock.written_off,
        each.shared,
    )
