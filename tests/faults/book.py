"""A sweep without a disk: its ledger is a dictionary, and what the machine wants done is done at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from sweeper.contract.outcome import Logged, Outcome
from sweeper.job.known import COST_IS
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.record import Stock
from sweeper.running import events, instructions
from sweeper.running.events import Event, Now
from sweeper.running.instructions import Instruction
from sweeper.running.lost_jobs import LostJobsError
from sweeper.running.machine import Machine, drive
from sweeper.running.steps import Announce, Finish, Requeue, Step, Submit
from sweeper.running.sweep_state import Terms

from .wilful import WilfulPlace

NOTHING = Outcome({}, Logged([], ()), None, None)


@dataclass(frozen=True)
class Row:
    """A job as the book has it."""

    number: int
    state: JobState = JobState.PENDING
    attempts: int = 0
    batch: str | None = None
    handle: str | None = None
    reserved_usd: float = 0.0
    cost_usd: float = 0.0
    cost_is: str | None = None
    way: tuple[JobState, ...] = (JobState.PENDING,)


@dataclass
class Book:
    """What a ledger says, as long as it lasts."""

    rows: dict[int, Row] = field(default_factory=dict)

    def stock(self, numbers: Sequence[int]) -> list[Stock]:
        """The jobs that have not completed, with those that share their batches."""
        wanted = [self.rows.setdefault(number, Row(number)) for number in numbers]
        open_batches = {row.batch for row in wanted if row.state is JobState.SUBMITTING}
        wanted += [
            row
            for row in self.rows.values()
            if row.state is JobState.SUBMITTING and row.batch in open_batches and row not in wanted
        ]
        return [
            Stock(row.number, row.state, row.attempts, row.batch, row.handle, row.reserved_usd, row.cost_is)
            for row in wanted
            if row.state is not JobState.COMPLETED
        ]

    @property
    def committed_usd(self) -> float:
        return sum(row.cost_usd + row.reserved_usd for row in self.rows.values())

    def write(self, step: Step) -> None:
        """Take a step, as the ledger takes it."""
        row = self.rows[step.number]
        assert row.state.may_become(step.becomes), (row, step)
        row = replace(row, state=step.becomes, way=(*row.way, step.becomes))
        match step:
            case Announce(_, usd, batch):
                row = replace(row, attempts=row.attempts + 1, batch=batch, handle=None, reserved_usd=usd)
            case Submit(_, handle):
                row = replace(row, handle=handle)
            case Requeue():
                assert not step.written_off
                row = replace(row, reserved_usd=0.0)
            case Finish():
                usd = row.cost_usd + step.cost_usd
                row = replace(row, cost_usd=usd, reserved_usd=0.0, cost_is=step.result.get(COST_IS))
        self.rows[step.number] = row


@dataclass
class Process:
    """One process on such a sweep."""

    book: Book
    place: WilfulPlace
    terms: Terms
    cancel_request: list[bool]

    def run(self, specs: Mapping[int, JobSpec], wanted: Sequence[int]) -> Machine:
        """Live until all is done, or the process dies.

        Args:
            specs: All jobs of the sweep.
            wanted: Those that this process was asked for, in order.
        """
        machine, clock = Machine(self.terms), count()

        def feed(event: Event) -> None:
            drive(machine, event, lambda: Now(float(next(clock)), 0.0, 0.5), self.carry_out)

        stock = self.book.stock(wanted)
        known = [events.Stocked(each, specs[each.number], "") for each in stock]
        feed(events.TakenStock(known, self.book.committed_usd))
        try:
            while not machine.over:
                feed(events.Turn(cancel_requested=bool(self.cancel_request)))
        except KeyboardInterrupt:
            feed(events.Interrupted())
            while machine.active and not self.terms.outlives_us:
                feed(events.Turn())
            raise
        return machine

    def carry_out(self, instruction: Instruction) -> Iterable[Event]:
        """Do it, with no file."""
        return DOES[type(instruction)](self, instruction) or ()

    def commit(self, commit: instructions.Commit) -> None:
        for step in commit.steps:
            self.book.write(step)

    def hand_over(self, wanted: instructions.HandOver) -> Iterable[Event]:
        for batch, answer in self.place.hand_over(wanted.batches):
            yield events.Answered(batch.token, answer)

    def fetch(self, fetch: instructions.Fetch) -> Iterable[Event]:
        self.place.fetch({})
        for handle, (_, status) in fetch.ended.items():
            yield events.Fetched(handle, status)

    def ignore(self, _: Instruction) -> None:
        """Nobody waits, nothing is read in threads, and no time passes."""

    def give_up(self, given_up: instructions.GiveUp) -> None:
        raise LostJobsError(given_up.why)


DOES: dict[type, Callable[[Process, Any], Iterable[Event] | None]] = {
    instructions.Commit: Process.commit,
    instructions.Tell: lambda self, tell: self.place.changed(tell),
    instructions.Say: Process.ignore,
    instructions.AskForRoom: lambda self, _: [events.Room(self.place.concurrency)],
    instructions.HandOver: Process.hand_over,
    instructions.Find: lambda self, find: [events.Found(find.batch.token, self.place.find(find.batch))],
    instructions.Poll: lambda self, poll: [events.Polled(self.place.poll(poll.handles))],
    instructions.Fetch: Process.fetch,
    instructions.Read: lambda _, read: [events.WasRead(read.number, NOTHING, "")],
    instructions.CollectRead: Process.ignore,
    instructions.Forget: lambda self, forget: self.place.settled(forget.handles),
    instructions.Cancel: lambda self, cancel: self.place.cancel(cancel.handles),
    instructions.RememberLost: Process.ignore,
    instructions.Ask: lambda *_: [events.Decided(again=False)],
    instructions.GiveUp: Process.give_up,
    instructions.Rest: Process.ignore,
}
