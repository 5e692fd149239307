"""Does what the machine wants done, and tells what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sweeper.errors import SweeperError
from sweeper.executors.base import Batch, Executor, Refused
from sweeper.folder import disk
from sweeper.folder.layout import SweepFolder
from sweeper.job.prepare import prepare
from sweeper.job.spec import JobSpec
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Standing
from sweeper.running.events import (
    Answered,
    Counted,
    CountedAtEnd,
    Decided,
    Event,
    Fetched,
    Found,
    Polled,
    Room,
    WasRead,
)
from sweeper.running.instructions import (
    Ask,
    AskForRoom,
    Cancel,
    CollectRead,
    Commit,
    Count,
    CountAtEnd,
    Fetch,
    Find,
    Forget,
    GiveUp,
    HandOver,
    Instruction,
    Poll,
    Read,
    RememberLost,
    Rest,
    Say,
    Tell,
)
from sweeper.running.lost_jobs import LostJobsError, Resubmit
from sweeper.running.reading import Reading
from sweeper.running.recording import record

LOST = "unknown"
"""The fact under which the ledger keeps the jobs that a run gave up on."""


class Observer(Protocol):
    """Whoever follows a sweep while it runs."""

    def changed(self, job: Standing) -> None:
        """A job's state has changed, and the change is committed."""

    def tick(self) -> None:
        """Time has passed."""


Tells = Callable[[str, str | None], None]
"""Tells those who wait about a topic; none takes back what was said of it."""


@dataclass
class Performer:
    """Has all that the machine has not.

    Attributes:
        folder: The sweep's folder.
        ledger: Its ledger, open for writing.
        executor: Where the jobs run.
        observers: Told of every change.
        say: Tells those who wait.
        resubmit: Asks a person about lost jobs.
        specs: All jobs by number.
        asked: The jobs of which the observers are told.
    """

    folder: SweepFolder
    ledger: Ledger
    executor: Executor
    observers: Sequence[Observer]
    say: Tells
    resubmit: Resubmit
    specs: Mapping[int, JobSpec]
    asked: frozenset[int]
    reading: Reading = field(default_factory=Reading)

    def __call__(self, instruction: Instruction) -> Iterable[Event]:
        """Do it; the events are to be taken in as they come."""
        return _DOES[type(instruction)](self, instruction) or ()

    def commit(self, commit: Commit) -> None:
        """Write steps into the ledger."""
        record(self.ledger, commit.steps)

    def tell(self, tell: Tell) -> None:
        """Tell the observers."""
        if self.observers and tell.number in self.asked:
            standing = self.ledger.standing(tell.number)
            for observer in self.observers:
                observer.changed(standing)

    def hand_over(self, wanted: HandOver) -> Iterator[Event]:
        """Prepare the jobs' folders, and hand them over; what cannot be written is refused."""
        ready = []
        for batch in wanted.batches:
            try:
                if not wanted.prepared:
                    self._prepare(batch)
            except disk.DiskError:
                raise  # no job's fault
            except (OSError, ValueError, SweeperError) as error:
                yield Answered(batch.token, Refused(str(error)))
            else:
                ready.append(batch)
        for batch, answer in self.executor.hand_over(ready):
            yield Answered(batch.token, answer)

    def poll(self, poll: Poll) -> Iterator[Event]:
        """Ask how the jobs stand, and what there is to be told besides."""
        statuses = self.executor.poll(poll.handles)
        yield Polled(statuses, self.executor.news())

    def count_at_end(self, count: CountAtEnd) -> Iterator[Event]:
        """Count the quantum tasks of one job now."""
        seen = self.executor.count_tasks({count.handle: count.device}, now=True)
        yield CountedAtEnd(count.number, seen.get(count.handle))

    def fetch(self, fetch: Fetch) -> Iterator[Event]:
        """Bring what jobs have left into their folders."""
        folders = {
            handle: (self.folder.job(number), status) for handle, (number, status) in fetch.ended.items()
        }
        for handle, status in self.executor.fetch(folders).items():
            yield Fetched(handle, status)

    def read(self, read: Read) -> Iterator[Event]:
        """Read what a job has left."""
        folder, spec = self.folder.job(read.number), self.specs[read.number]
        left = self.reading.read(read.number, folder, spec, read.status)
        if left is not None:
            yield WasRead(read.number, left.outcome, left.log_tail)

    def collect_read(self, collect: CollectRead) -> Iterator[Event]:
        """Tell of what has been read meanwhile."""
        for number, left in self.reading.ended(wait=collect.wait):
            yield WasRead(number, left.outcome, left.log_tail)

    def give_up(self, given_up: GiveUp) -> None:
        """End the run.

        Raises:
            LostJobsError: Always.
        """
        raise LostJobsError(given_up.why)

    def _prepare(self, batch: Batch) -> None:
        with disk.trouble(self.folder.root):
            for submission in batch.submissions:
                config, overrides = self.ledger.composed(submission.number)
                prepare(submission.folder, submission.spec, config, overrides, attempt=submission.attempt)


_DOES: dict[type, Callable[[Performer, Any], Iterable[Event] | None]] = {
    Commit: Performer.commit,
    Tell: Performer.tell,
    Say: lambda self, say: self.say(say.topic, say.text),
    AskForRoom: lambda self, _: [Room(self.executor.concurrency)],
    HandOver: Performer.hand_over,
    Find: lambda self, find: [Found(find.batch.token, self.executor.find(find.batch))],
    Poll: Performer.poll,
    Count: lambda self, count: [Counted(self.executor.count_tasks(count.devices))],
    CountAtEnd: Performer.count_at_end,
    Fetch: Performer.fetch,
    Read: Performer.read,
    CollectRead: Performer.collect_read,
    Forget: lambda self, forget: self.executor.settled(forget.handles),
    Cancel: lambda self, cancel: self.executor.cancel(list(cancel.handles)),
    RememberLost: lambda self, lost: self.ledger.remember(LOST, lost.why),
    Ask: lambda self, ask: [Decided(self.resubmit(ask.question))],
    GiveUp: Performer.give_up,
    Rest: lambda self, rest: self.executor.wait(rest.seconds),
}
"""What is done for each kind of instruction."""
