"""The machine that decides: it takes events in and gives instructions out.

It has no clock, no random numbers, no files, no ledger and no executor: what it decides follows from the
events that it was given, so that a test can give it any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from sweeper.running.budget import Budget
from sweeper.running.ending import cancel, counted_at_end, fetched, was_read
from sweeper.running.events import (
    Answered,
    Counted,
    CountedAtEnd,
    Decided,
    Event,
    Fetched,
    Found,
    Interrupted,
    Now,
    Polled,
    Room,
    TakenStock,
    Turn,
    WasRead,
)
from sweeper.running.handing_over import answered, found, room, taken_stock
from sweeper.running.instructions import AskForRoom, Cancel, CollectRead, Find, Instruction, Poll
from sweeper.running.looking import counted, decided, polled
from sweeper.running.lost_jobs import LostJobs
from sweeper.running.sweep_state import SweepState, Terms


class Machine:
    """Decides what is to be done with the jobs of a sweep."""

    def __init__(self, terms: Terms) -> None:
        """Know of no jobs yet: `TakenStock` is to be the first event."""
        lost = LostJobs(terms.folder.typed, None)
        self._sweep = SweepState(terms, Budget(terms.max_usd, 0.0, {}), lost)

    @property
    def over(self) -> bool:
        """Whether the run has come to its end: nothing is left to do, or the budget does not allow it."""
        sweep = self._sweep
        waits = sweep.queue or sweep.held or sweep.given_up or sweep.leaving
        return sweep.only_budget or not (waits or (sweep.active and not sweep.terms.until_submitted))

    @property
    def active(self) -> tuple[str, ...]:
        """Handles of the jobs that the executor holds."""
        return tuple(self._sweep.active)

    def take(self, event: Event, now: Now) -> list[Instruction]:
        """What is to be done after an event, in this order.

        Each instruction is to be carried out, and the events that come of it taken in, before the next one.

        Raises:
            IllegalTransitionError: A job would have to take a step that its life cycle does not have; tells
                its story.
        """
        self._sweep.event = type(event).__name__
        return _HANDLERS[type(event)](self._sweep, event, now)


def drive(
    machine: Machine,
    event: Event,
    now: Callable[[], Now],
    carry_out: Callable[[Instruction], Iterable[Event]],
) -> None:
    """Give a machine an event, and carry out all that follows from it.

    Args:
        machine: The machine.
        event: What has happened.
        now: Reads the clock, and draws lots.
        carry_out: Does what an instruction says, and gives the events that come of it, as they come.
    """
    underway: list[Iterator[Event]] = [iter((event,))]
    while underway:
        following = next(underway[-1], None)
        if following is None:
            underway.pop()
        else:
            instructions = machine.take(following, now())
            underway.append(chain.from_iterable(map(carry_out, instructions)))


def _turn(sweep: SweepState, event: Turn, now: Now) -> list[Instruction]:
    """Look at everything once."""
    if sweep.ending:
        return [CollectRead(), Poll(tuple(sweep.active))]
    out = cancel(sweep, now) if event.cancel_requested and not sweep.cancelling else []
    return [*out, CollectRead(), *(Find(held.batch) for held in sweep.given_up.values()), AskForRoom()]


def _interrupted(sweep: SweepState, event: Interrupted, now: Now) -> list[Instruction]:
    """End what would not survive this process; from now on nothing else is done."""
    del event, now
    sweep.ending = True
    return [] if sweep.terms.outlives_us else [Cancel(tuple(sweep.active))]


_HANDLERS: dict[type, Callable[[SweepState, Any, Now], list[Instruction]]] = {
    TakenStock: taken_stock,
    Turn: _turn,
    Found: found,
    Room: room,
    Answered: answered,
    Polled: polled,
    Counted: counted,
    Fetched: fetched,
    WasRead: was_read,
    CountedAtEnd: counted_at_end,
    Decided: decided,
    Interrupted: _interrupted,
}
"""What follows from each kind of event."""
