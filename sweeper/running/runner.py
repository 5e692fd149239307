"""The one loop that brings jobs from the ledger through an executor to their end.

What is to be done is decided by the machine (`running.machine`); here it is done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence

from sweeper.errors import SweeperError
from sweeper.executors.base import Executor
from sweeper.folder.layout import SweepFolder
from sweeper.job.spec import JobSpec
from sweeper.ledger.ledger import Ledger
from sweeper.running import events
from sweeper.running.events import Event
from sweeper.running.instructions import CollectRead
from sweeper.running.lost_jobs import Resubmit
from sweeper.running.machine import Machine, drive
from sweeper.running.performing import LOST, Observer, Performer, Tells
from sweeper.running.sweep_state import Terms

_SECONDS_TO_STOP = 10.0


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
        say: Tells = lambda _topic, _text: None,
        resubmit: Resubmit = lambda _question: False,
        resubmit_lost: bool = False,
    ) -> None:
        """Make a runner.

        Args:
            folder: The sweep's folder.
            ledger: Its ledger, open for writing.
            executor: Where the jobs run.
            observers: Told of every change.
            max_usd: No batch is handed over with which the sweep could cost more. None means no limit.
            max_failures: After so many failed jobs nothing is handed over any more. None means no limit.
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
        self._machine: Machine
        self._performer: Performer

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
        self._specs = dict(specs)
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
        stock = self._stock()
        self._performer = performer = Performer(
            self._folder,
            self._ledger,
            self._executor,
            self._observers,
            self._say,
            self._resubmit,
            self._specs,
            frozenset(specs),
        )
        self._feed(stock)
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
            performer.reading.close()

    def _stop(self) -> None:
        """End what would not survive this process, and write down that it was ended."""
        if self._executor.outlives_us:
            return
        self._feed(events.Interrupted())
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while self._machine.active and time.monotonic() < deadline:
            self._feed(events.Turn())
        for event in self._performer.collect_read(CollectRead(wait=True)):
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
        stock |= self._ledger.stock(self._specs.keys() - stock.keys())
        packs = self._executor.batch_size > 1
        return events.TakenStock(
            [
                events.Stocked(stock[number], spec, self._executor.batch_key(spec) if packs else None)
                for number, spec in self._specs.items()
                if number in stock
            ],
            self._ledger.committed_usd(),
            self._ledger.recall(LOST) or {},
        )

    def _feed(self, event: Event) -> None:
        drive(self._machine, event, _now, self._performer)


def _now() -> events.Now:
    return events.Now(time.monotonic(), time.time(), random.random())  # noqa: S311 - jitter
