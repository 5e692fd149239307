"""The one loop that brings jobs from the ledger through an executor to their end."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from sweeper.errors import SweeperError
from sweeper.executors.base import Executor, Status, Submission
from sweeper.folder import SweepFolder
from sweeper.jobfiles import prepare
from sweeper.ledger import JobRecord, Ledger
from sweeper.outcome import log_tail, read_outcome
from sweeper.spec import JobSpec
from sweeper.states import JobState

_LONGEST_WAIT = 0.5
"""Seconds after which the loop looks round even if nothing was reported: observers tick meanwhile."""


class Observer(Protocol):
    """Whoever follows a sweep while it runs."""

    def changed(self, job: JobRecord) -> None:
        """A job's state has changed, and the change is committed."""

    def tick(self) -> None:
        """Time has passed."""


class Runner:
    """Runs the jobs of a sweep."""

    def __init__(
        self, folder: SweepFolder, ledger: Ledger, executor: Executor, observers: Sequence[Observer] = ()
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._executor = executor
        self._observers = observers
        self._sweep_id = ledger.sweep_id

    def run(self, specs: Mapping[int, JobSpec]) -> None:
        """Run these jobs to their end; completed ones are left alone, running ones are adopted.

        Args:
            specs: The jobs by number, in the order in which they are to start.

        Raises:
            KeyboardInterrupt: After the running jobs have been ended and their rows written.
        """
        waiting, active = self._take_stock(specs)
        try:
            while waiting or active:
                while waiting and len(active) < self._executor.concurrency:
                    number = waiting.popleft()
                    if (handle := self._submit(number, specs[number])) is not None:
                        active[handle] = number
                if not self._look(active, waiting, specs):
                    self._executor.wait(_LONGEST_WAIT)
                for observer in self._observers:
                    observer.tick()
        except KeyboardInterrupt:
            self._interrupt(active, specs)
            raise

    def _take_stock(self, specs: Mapping[int, JobSpec]) -> tuple[deque[int], dict[str, int]]:
        """Sort the jobs into those to submit and those an executor may already hold."""
        waiting: deque[int] = deque()
        active: dict[str, int] = {}
        states = self._ledger.states(specs)
        for number in specs:
            state = states[number]
            if state.active and (handle := self._ledger.job(number).handle):
                active[handle] = number
            elif state is not JobState.COMPLETED:
                if state is not JobState.PENDING:
                    self._ledger.requeue(number, "another attempt")
                waiting.append(number)
        return waiting, active

    def _submit(self, number: int, spec: JobSpec) -> str | None:
        """Hand one job to the executor; a job that cannot be handed over is a failed job."""
        attempt = self._ledger.submitting(number)
        token = hashlib.sha256(f"{self._sweep_id}/{spec.key}/{attempt}".encode()).hexdigest()
        name = f"sweep-{self._sweep_id}-{number}-{attempt}"
        folder = self._folder.job(number)
        try:
            prepare(folder, self._ledger.job(number), spec, attempt)
            handle = self._executor.submit(Submission(spec, folder, name, token))
        except OSError as error:
            self._finish(number, Status(JobState.FAILED, f"its folder cannot be written ({error})"), spec)
            return None
        self._ledger.submitted(number, handle, None)
        self._changed(number)
        return handle

    def _look(self, active: dict[str, int], waiting: deque[int], specs: Mapping[int, JobSpec]) -> bool:
        """Take in what the executor reports; whether anything has changed."""
        any_change = False
        statuses = self._executor.poll(active)
        states = self._ledger.states(active.values())
        for handle, number in list(active.items()):
            status = statuses.get(handle)
            if status is None:
                del active[handle]
                self._ledger.requeue(number, "the executor does not know the job")
                waiting.append(number)
            elif status.state.finished:
                del active[handle]
                self._executor.fetch(handle, self._folder.job(number))
                self._finish(number, status, specs[number])
            elif status.state is JobState.RUNNING and states[number] is not JobState.RUNNING:
                self._ledger.running(number, status.started_at or time.time())
            else:
                continue
            any_change = True
            self._changed(number)
        return any_change

    def _finish(self, number: int, status: Status, spec: JobSpec) -> None:
        """Record a job's end with all that it left in its folder."""
        outcome = read_outcome(self._folder.job(number), spec.objective)
        state, reason = status.state, status.reason
        if state is JobState.COMPLETED and outcome.problem:
            state, reason = JobState.FAILED, outcome.problem
        if state is JobState.FAILED and (tail := log_tail(self._folder.job(number).log)):
            reason = f"{reason}\n{tail}"
        self._ledger.finish(
            number,
            state,
            reason,
            started_at=status.started_at,
            ended_at=status.ended_at,
            cost_usd=status.cost_usd,
            result=outcome.result,
            objective=outcome.objective,
            metrics=outcome.metrics,
        )

    def _interrupt(self, active: dict[str, int], specs: Mapping[int, JobSpec]) -> None:
        """End what runs, and write down that it was ended."""
        self._executor.cancel(list(active))
        deadline = time.monotonic() + 10
        while active and time.monotonic() < deadline:
            for handle, status in self._executor.poll(active).items():
                if status.state.finished:
                    number = active.pop(handle)
                    self._finish(number, status, specs[number])
                    self._changed(number)
            if active:
                self._executor.wait(_LONGEST_WAIT)
        if active:
            raise SweeperError(f"{len(active)} jobs could not be stopped: {', '.join(active)}")

    def _changed(self, number: int) -> None:
        if self._observers:
            job = self._ledger.job(number)
            for observer in self._observers:
                observer.changed(job)
