"""The machine by itself: events in, instructions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.errors import IllegalTransitionError
from sweeper.executors.base import Batch, NotNow, Refused, Status
from sweeper.folder.layout import SweepFolder
from sweeper.job.failure import Failure
from sweeper.job.state import JobState
from sweeper.ledger.record import Stock
from sweeper.running.budget import Budget
from sweeper.running.events import Answered, Event, Now, Polled, Room, Stocked, TakenStock, Turn
from sweeper.running.instructions import AskForRoom, Cancel, Commit, HandOver, Instruction, Poll, Rest
from sweeper.running.machine import Machine
from sweeper.running.queue import Queue, pause_before_retry
from sweeper.running.steps import Announce, Finish, Requeue, Start, Submit
from sweeper.running.sweep_state import Terms
from sweeper.running.tracked import TABLE

from .test_runner import spec

NOW = Now(at=100.0, epoch=1.7e9, jitter=0.5)
PENDING, SUBMITTING, QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = JobState
NAMES = "abcd"
TERMS = Terms("sweep", SweepFolder(Path("nowhere")), paid=True, outlives_us=False)


class Driven:
    """A machine that knows four jobs, and what it wanted last."""

    def __init__(self, terms: Terms = TERMS) -> None:
        self.machine = Machine(terms)
        jobs = [
            Stocked(Stock(number, PENDING, 0, None, None, 0.0), spec(name), None)
            for number, name in enumerate(NAMES)
        ]
        assert self.take(TakenStock(jobs)) == []

    def take(self, event: Event, now: Now = NOW) -> Sequence[Instruction]:
        self.wanted = self.machine.take(event, now)
        return self.wanted

    @property
    def batches(self) -> tuple[Batch, ...]:
        """The batches that are to be handed over."""
        return next(each.batches for each in self.wanted if isinstance(each, HandOver))

    @property
    def steps(self) -> list[object]:
        """What is to be committed."""
        return [step for each in self.wanted if isinstance(each, Commit) for step in each.steps]


def kinds(instructions: Sequence[Instruction]) -> list[type]:
    return [type(each) for each in instructions]


def test_its_steps_are_the_life_cycles() -> None:
    life_cycle = {(one, other) for one in JobState for other in JobState if one.may_become(other)}
    assert life_cycle - TABLE.keys() == {
        (PENDING, COMPLETED),
        (SUBMITTING, RUNNING),
        (SUBMITTING, COMPLETED),
    }
    assert TABLE.keys() <= life_cycle


def test_a_batch_is_announced_before_it_is_handed_over() -> None:
    driven = Driven()
    assert kinds(driven.take(Room(2))) == [Commit, HandOver, AskForRoom]
    assert driven.steps == [Announce(0, spec("a").cost.usd, driven.batches[0].token)]


def test_several_batches_are_announced_at_once_and_handed_over_at_once() -> None:
    driven = Driven(replace(TERMS, at_once=3))
    assert kinds(driven.take(Room(2))) == [Commit, HandOver, AskForRoom]
    assert [batch.submissions[0].number for batch in driven.batches] == [0, 1]
    assert len(driven.steps) == 2


def test_of_several_batches_only_those_are_announced_that_the_budget_allows() -> None:
    driven = Driven(replace(TERMS, at_once=4, max_usd=2.5 * spec("a").cost.usd))
    driven.take(Room(4))
    assert len(driven.batches) == 2


def test_a_batch_that_is_being_handed_over_is_not_withdrawn_for_the_failure_of_another() -> None:
    driven = Driven(replace(TERMS, at_once=3, max_failures=1))
    driven.take(Room(3))
    first, second, third = driven.batches
    driven.take(Answered(first.token, Refused("no such thing")))
    why = "it could not be submitted: no such thing"
    late = "not started, because a job had failed (fail_fast, max_failures)"
    assert driven.steps == [Finish(0, FAILED, Failure(why)), Finish(3, CANCELLED, late)]
    driven.take(Answered(second.token, ["b-1"]))
    assert driven.steps == [Submit(1, "b-1")]
    driven.take(Answered(third.token, NotNow("too many", 60.0, may_have_arrived=False)))
    assert driven.steps == [Finish(2, CANCELLED, late)]


def test_what_the_place_does_not_take_now_is_handed_over_later_and_holds_up_the_others() -> None:
    driven = Driven()
    driven.take(Room(2))
    (batch,) = driven.batches
    driven.take(Answered(batch.token, NotNow("too many", 60.0, may_have_arrived=False)))
    assert driven.take(Room(2), replace(NOW, at=159.0)) == [Poll(())]
    assert kinds(driven.take(Room(2), replace(NOW, at=160.0))) == [HandOver, AskForRoom]
    assert driven.batches == (batch,)


def test_a_request_to_cancel_ends_what_runs_before_anything_else_is_done() -> None:
    driven = Driven()
    driven.take(Room(1))
    driven.take(Answered(driven.batches[0].token, ["a-1"]))
    wanted = driven.take(Turn(cancel_requested=True))
    assert [step.number for step in driven.steps if isinstance(step, Finish)] == [1, 2, 3]
    assert Cancel(("a-1",)) in wanted
    assert not any(isinstance(each, Cancel) for each in driven.take(Turn(cancel_requested=True)))


def test_where_nothing_changes_it_rests_and_where_something_does_it_does_not() -> None:
    driven = Driven()
    driven.take(Room(1))
    driven.take(Answered(driven.batches[0].token, ["a-1"]))
    running = Polled({"a-1": Status(RUNNING)})
    assert not any(isinstance(each, Rest) for each in driven.take(running))
    assert driven.steps == [Start(0, NOW.epoch)]
    assert any(isinstance(each, Rest) for each in driven.take(running))
    assert not any(isinstance(each, Rest) for each in driven.take(Polled({})))
    assert driven.steps == [Requeue(0, "the executor does not have the job")]


def test_a_step_that_there_is_not_tells_the_jobs_story() -> None:
    driven = Driven()
    driven.take(Room(1))
    driven.take(Answered(driven.batches[0].token, ["a-1"]))
    story = r"Room: PENDING to SUBMITTING; Answered: SUBMITTING to QUEUED; Answered: Submit\(number=0"
    with pytest.raises(IllegalTransitionError, match=f"job 0 is QUEUED and cannot become QUEUED.*{story}"):
        driven.machine._sweep.commit([Submit(0, "a-2")])


def test_the_pause_before_a_retry_doubles_up_to_ten_minutes() -> None:
    job = replace(spec("a"), first_pause_seconds=10.0)
    assert [pause_before_retry(job, done, jitter=1.0) for done in (0, 1, 2, 6, 99)] == [10, 20, 40, 600, 600]
    assert pause_before_retry(job, 1, jitter=0.0) == 10.0


def test_a_queue_lets_in_those_whose_pause_is_over_in_that_order() -> None:
    queue = Queue()
    for number, until in ((1, 30.0), (2, 10.0), (3, 20.0)):
        queue.put_off(number, until)
    assert queue.seconds_to_next(4.0, most=60.0) == 6.0
    assert queue.seconds_to_next(4.0, most=5.0) == 5.0
    queue.let_in(20.0)
    assert (list(queue.waiting), queue.any_later) == ([2, 3], True)
    assert queue.clear() == [1, 2, 3]
    assert not queue
    assert queue.seconds_to_next(4.0, most=5.0) == 5.0


def test_a_budget_counts_what_is_spent_and_what_may_be() -> None:
    budget = Budget(10.0, committed=5.0, reserved={7: 2.0})
    assert budget.allows([2.0, 3.0])
    assert not budget.allows([2.0, 3.1])
    budget.reserve(1, 5.0)
    assert (budget.committed, budget.reserved(1), budget.allows([0.1])) == (10.0, 5.0, False)
    budget.settle(1, 0.5)
    budget.settle(7, budget.reserved(7))
    assert (budget.committed, budget.reserved(1)) == (5.5, 0.0)
    assert Budget(None, 1e9, {}).allows([1e9])
