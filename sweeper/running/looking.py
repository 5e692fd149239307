"""How the jobs stand that the executor holds, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sweeper.executors.base import Status, Unknown
from sweeper.job.state import JobState
from sweeper.running.events import Counted, Decided, Now, Polled
from sweeper.running.instructions import (
    Ask,
    Cancel,
    Count,
    Fetch,
    GiveUp,
    Instruction,
    Poll,
    RememberLost,
    Rest,
    Say,
    Tell,
)
from sweeper.running.lost_jobs import Lost, unknown_words
from sweeper.running.steps import Requeue, Start, Step
from sweeper.running.sweep_state import SweepState

LONGEST_WAIT = 0.5
"""Seconds after which the loop looks round even if nothing was reported: observers tick meanwhile."""

_MOST_NAMED = 3


def look(sweep: SweepState) -> list[Instruction]:
    """Nothing can be handed over now: ask how the jobs stand, unless nothing more is to be had from that."""
    if not sweep.active and not sweep.pending and sweep.queue.waiting:
        sweep.only_budget = True
        return []
    if sweep.lost and not sweep.pending and all(handle in sweep.lost for handle in sweep.active):
        return _decide_on_lost(sweep)
    return [Poll(tuple(sweep.active))]


def polled(sweep: SweepState, event: Polled, now: Now) -> list[Instruction]:
    """Take in how the jobs stand."""
    steps: list[Step] = []
    ended: dict[str, tuple[int, Status]] = {}
    out = [*_said(sweep, event), *_count(sweep, event.statuses)]
    for handle, job in list(sweep.active.items()):
        status = event.statuses.get(handle)
        sweep.lost.take_in(handle, status if isinstance(status, Unknown) else None)
        if status is None:
            del sweep.active[handle]
            steps.append(Requeue(job.number, "the executor does not have the job"))
            sweep.queue.waiting.append(job.number)
        elif isinstance(status, Unknown):
            continue
        elif status.state.finished:
            ended[handle] = job.number, status
        elif status.state is JobState.RUNNING and job.state is not JobState.RUNNING:
            steps.append(Start(job.number, status.started_at or now.epoch))
    if steps:
        out += [sweep.commit(steps), *(Tell(step.number) for step in steps)]
    if ended:
        out.append(Fetch(ended))
    if not (sweep.changed or steps or ended):
        out.append(Rest(sweep.queue.seconds_to_next(now.at, LONGEST_WAIT)))
    sweep.changed = False
    return out


def counted(sweep: SweepState, event: Counted, now: Now) -> list[Instruction]:
    """End jobs that have created more quantum tasks than somebody said they would."""
    del now
    out: list[Instruction] = []
    for handle, seen in event.seen.items():
        job = sweep.active[handle]
        costs = [other.spec.cost for other in sweep.active.values() if other.batch == job.batch]
        job.excess = seen.excess(sum(cost.tasks for cost in costs), sum(cost.shots for cost in costs))
        if job.excess:
            out.append(Cancel((handle,)))
    return out


def decided(sweep: SweepState, event: Decided, now: Now) -> list[Instruction]:
    """Hand jobs over again of which nobody knows what became, if somebody wants that."""
    del now
    lost = _lost(sweep)
    if not event.again:
        return [GiveUp(sweep.lost.refusal(lost))]
    return _submit_again(sweep, sweep.lost.may(lost))


def _decide_on_lost(sweep: SweepState) -> list[Instruction]:
    lost = _lost(sweep)
    out: list[Instruction] = [RememberLost({job.handle: job.said.why for job in lost})]
    if sweep.stopped_because is not None or not sweep.lost.may(lost):
        return [*out, GiveUp(sweep.lost.refusal(lost))]
    if wanted := sweep.lost.wanted(lost):
        return [*out, *_submit_again(sweep, wanted)]
    return [*out, Ask(sweep.lost.question(lost))]


def _lost(sweep: SweepState) -> list[Lost]:
    lost = [
        Lost(job.number, handle, sweep.lost.said(handle), sweep.budget.reserved(job.number), job.written_off)
        for handle, job in sweep.active.items()
        if handle in sweep.lost
    ]
    return sorted(lost, key=lambda job: job.number)


def _submit_again(sweep: SweepState, wanted: Sequence[Lost]) -> list[Instruction]:
    for job in wanted:
        sweep.lost.submit_again(job)
        del sweep.active[job.handle]
        sweep.queue.waiting.append(job.number)
    steps = [Requeue(job.number, f"submitted again: {job.said.why}", written_off=True) for job in wanted]
    return [sweep.commit(steps), *(Tell(job.number) for job in wanted), Poll(tuple(sweep.active))]


def _count(sweep: SweepState, statuses: Mapping[str, Status | Unknown]) -> list[Instruction]:
    running = {
        handle: job.spec.device
        for handle, job in sweep.active.items()
        if job.spec.cost.counted and not job.excess
        if isinstance(status := statuses.get(handle), Status) and status.state is JobState.RUNNING
    }
    return [Count(running)] if running and not sweep.ending else []


def _said(sweep: SweepState, event: Polled) -> list[Instruction]:
    """What those who wait should know."""
    unknown, queued = {}, []
    for handle, status in event.statuses.items():
        number = sweep.active[handle].number
        if isinstance(status, Unknown):
            unknown[number] = status
        elif status.state is JobState.QUEUED and status.reason:
            queued.append((number, status.reason))
    places = (f"job {number}: {reason}" for number, reason in sorted(queued)[:_MOST_NAMED])
    return [
        Say("unknown", unknown_words(unknown)),
        Say("queue", "; ".join(places) or None),
        Say("news", "; ".join(event.news) or None),
    ]
