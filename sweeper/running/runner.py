"""The one loop that brings jobs from the ledger through an executor to their end.

What is to be done is decided by the machine (`running.machine`); here it is done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from sweeper.errors import SweeperError
from sweeper.executors.base import Batch, Executor, Refused
from sweeper.folder import disk
from sweeper.folder.layout import SweepFolder
from sweeper.job.prepare import prepare
from sweeper.job.spec import JobSpec
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Standing
from sweeper.running import events, instructions
from sweeper.running.events import Event
from sweeper.running.instructions import Instruction
from sweeper.running.lost_jobs import LostJobsError, Resubmit
from sweeper.running.machine import Machine, drive
from sweeper.running.reading import Reading
from sweeper.running.recording import record
from sweeper.running.sweep_state import Terms

_LOST = "unknown"
"""The fact under which the ledger keeps the jobs that a run gave up on."""

_SECONDS_TO_STOP = 10.0


class Observer(Protocol):
    """Whoever follows a sweep while it runs."""

    def changed(self, job: Standing) -> None:
        """A job's state has changed, and the change is committed."""

    def tick(self) -> None:
        """Time has passed."""


Say = Callable[[str, str | None], None]
"""Tells those who wait about a topic; none takes back what was said of it."""


class Runner:
    """Runs the jobs of a sweep."""

    def __init__(
        self,
        folder: SweepFolder,
        ledger: Ledger,
        executor: Executor,
        observers: Sequence[Observer] = (),
        *,
        max_usd: float | None = None,
        max_failures: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
        say: Say = lambda _topic, _text: None,
        resubmit: Resubmit = lambda _question: False,
        resubmit_lost: bool = False,
    ) -> None:
        """Make a runner.

        Args:
            folder: The sweep's folder.
            ledger: Its ledger, open for writing.
            executor: Where the jobs run.
            observers: Told of every change.
            max_usd: No batch is handed over with which the sweep could cost more; none for no limit.
            max_failures: After so many failed jobs nothing is handed over any more; none for no limit.
            interrupted: Whether somebody wants the run to stop.
            say: Tells those who wait what is waited for.
            resubmit: Asks a person whether jobs that are lost are to be handed over once more.
            resubmit_lost: Whether that was asked for before: jobs given up earlier are handed over again.
        """
        self._folder = folder
        self._ledger = ledger
        self._executor = executor
        self._observers = observers
        self._max_usd = max_usd
        self._max_failures = max_failures
        self._interrupted = interrupted
        self._say = say
        self._resubmit = resubmit
        self._resubmit_lost = resubmit_lost
        self._specs: dict[int, JobSpec] = {}
        self._asked: frozenset[int] = frozenset()
        self._reading = Reading()
        self._machine: Machine

    def run(self, specs: Mapping[int, JobSpec], *, until_submitted: bool = False) -> None:
        """Run these jobs to their end; completed ones are left alone, running ones are adopted.

        A job that fails for a passing reason is tried again, `retries` times in this run, with growing
        pauses during which the others go on. Jobs that the budget does not allow stay PENDING. Once the
        folder holds a request to cancel, nothing is handed over any more and what runs is ended; after too
        many failures what waits is cancelled, and what runs goes on to its end.

        Args:
            specs: The jobs by number, in the order in which they are to start.
            until_submitted: Return as soon as all jobs are handed over, and leave them running.

        A job of which the executor cannot say how it stands keeps its reservation. When only such jobs are
        left, and the executor has said so for long, a person decides whether they are handed over again.

        Raises:
            LostJobsError: Nobody wants that, or nobody can be asked.
            KeyboardInterrupt: It was interrupted; the running jobs have been ended and their rows written.
                Where jobs outlive this process they go on.
        """
        self._specs, self._asked = dict(specs), frozenset(specs)
        self._machine = Machine(
            Terms(
                self._ledger.sweep_id,
                self._folder,
                paid=self._executor.paid,
                outlives_us=self._executor.outlives_us,
                batch_size=self._executor.batch_size,
                at_once=self._executor.at_once,
                max_usd=self._max_usd,
                max_failures=self._max_failures,
                until_submitted=until_submitted,
                resubmit_lost=self._resubmit_lost,
            )
        )
        self._feed(self._stock())
        try:
            while not self._machine.over:
                if self._interrupted():
                    raise KeyboardInterrupt  # here, where nothing is half done
                self._feed(events.Turn(cancel_requested=self._folder.cancel_request.exists()))
                for observer in self._observers:
                    observer.tick()
        except KeyboardInterrupt:
            self._stop()
            raise
        finally:
            self._reading.close()

    def _stop(self) -> None:
        """End what would not survive this process, and write down that it was ended."""
        if self._executor.outlives_us:
            return
        self._feed(events.Interrupted())
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while self._machine.active and time.monotonic() < deadline:
            self._feed(events.Turn())
        for event in self._read_meanwhile(wait=True):
            self._feed(event)
        if left := self._machine.active:
            raise SweeperError(f"{len(left)} jobs could not be stopped: {', '.join(left)}")

    def _stock(self) -> events.TakenStock:
        """What there is to do, by the ledger."""
        stock = self._ledger.stock(self._specs)
        open_batches = dict.fromkeys(
            each.batch for each in stock.values() if each.state.active and each.batch and not each.handle
        )
        for job in [job for batch in open_batches if batch for job in self._ledger.announced(batch)]:
            if job.number not in self._specs:  # it shares the batch, whether or not it was asked for
                self._specs[job.number] = JobSpec.from_json(job.spec)
        stock |= self._ledger.stock(self._specs.keys() - self._asked)
        packs = self._executor.batch_size > 1
        return events.TakenStock(
            [
                events.Stocked(stock[number], spec, self._executor.batch_key(spec) if packs else None)
                for number, spec in self._specs.items()
                if number in stock
            ],
            self._ledger.committed_usd(),
            self._ledger.recall(_LOST) or {},
        )

    def _feed(self, event: Event) -> None:
        drive(self._machine, event, _now, self._carry_out)

    def _carry_out(self, instruction: Instruction) -> Iterator[Event]:
        """Do what an instruction says, and tell what comes of it."""
        executor, jobs = self._executor, self._folder.job
        match instruction:
            case instructions.Commit(steps):
                record(self._ledger, steps)
            case instructions.Tell(number):
                self._tell(number)
            case instructions.Say(topic, text):
                self._say(topic, text)
            case instructions.AskForRoom():
                yield events.Room(executor.concurrency)
            case instructions.HandOver(batches, prepared):
                yield from self._hand_over(batches, prepared=prepared)
            case instructions.Find(batch):
                yield events.Found(batch.token, executor.find(batch))
            case instructions.Poll(handles):
                statuses = executor.poll(handles)
                yield events.Polled(statuses, executor.news())
            case instructions.Count(devices):
                yield events.Counted(executor.count_tasks(devices))
            case instructions.CountAtEnd(number, handle, device):
                seen = executor.count_tasks({handle: device}, now=True)
                yield events.CountedAtEnd(number, seen.get(handle))
            case instructions.Fetch(ended):
                folders = {handle: (jobs(number), status) for handle, (number, status) in ended.items()}
                for handle, status in executor.fetch(folders).items():
                    yield events.Fetched(handle, status)
            case instructions.Read(number, status):
                left = self._reading.read(number, jobs(number), self._specs[number], status)
                if left is not None:
                    yield events.WasRead(number, left.outcome, left.log_tail)
            case instructions.CollectRead():
                yield from self._read_meanwhile()
            case instructions.Forget(handles):
                executor.settled(handles)
            case instructions.Cancel(handles):
                executor.cancel(list(handles))
            case instructions.RememberLost(why):
                self._ledger.remember(_LOST, why)
            case instructions.Ask(question):
                yield events.Decided(self._resubmit(question))
            case instructions.GiveUp(why):
                raise LostJobsError(why)
            case instructions.Rest(seconds):
                executor.wait(seconds)

    def _hand_over(self, batches: Sequence[Batch], *, prepared: bool) -> Iterator[Event]:
        """Prepare the jobs' folders and hand them over; jobs whose folders cannot be written are refused."""
        ready = []
        for batch in batches:
            try:
                if not prepared:
                    self._prepare(batch)
            except disk.DiskError:
                raise  # no job's fault
            except (OSError, ValueError, SweeperError) as error:
                yield events.Answered(batch.token, Refused(str(error)))
            else:
                ready.append(batch)
        for batch, answer in self._executor.hand_over(ready):
            yield events.Answered(batch.token, answer)

    def _prepare(self, batch: Batch) -> None:
        with disk.trouble(self._folder.root):
            for submission in batch.submissions:
                config, overrides = self._ledger.composed(submission.number)
                prepare(submission.folder, submission.spec, config, overrides, attempt=submission.attempt)

    def _read_meanwhile(self, *, wait: bool = False) -> Iterator[Event]:
        for number, left in self._reading.ended(wait=wait):
            yield events.WasRead(number, left.outcome, left.log_tail)

    def _tell(self, number: int) -> None:
        if self._observers and number in self._asked:
            standing = self._ledger.standing(number)
            for observer in self._observers:
                observer.changed(standing)


def _now() -> events.Now:
    return events.Now(time.monotonic(), time.time(), random.random())  # noqa: S311 - jitter
