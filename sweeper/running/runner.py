"""The one loop that brings jobs from the ledger through an executor to their end."""

from __future__ import annotations

import hashlib
import heapq
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sweeper.contract.outcome import Logged, Outcome, log_tail, read_outcome
from sweeper.contract.remarks import Remark, broken_promise
from sweeper.errors import SweeperError
from sweeper.executors.afterwards import changed_since
from sweeper.executors.base import (
    AccessLostError,
    Batch,
    Executor,
    NotNowError,
    Status,
    Submission,
    Unknown,
)
from sweeper.executors.batches import next_batch
from sweeper.folder import disk
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.job.cost import SUM_ERROR_USD
from sweeper.job.known import COST_IS, Known
from sweeper.job.prepare import prepare
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.job.tasks_seen import TasksSeen
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Standing
from sweeper.running.lost_jobs import LostJobs, Resubmit, unknown_words
from sweeper.running.transient import is_transient

_LONGEST_WAIT = 0.5
"""Seconds after which the loop looks round even if nothing was reported: observers tick meanwhile."""

_LONGEST_RETRY_PAUSE = 600.0
"""Seconds."""

_LONG_LOG = 2**18
"""Bytes; what is shorter is read in a few hundredths of a second."""

_SUBMITTING, _UNANSWERED = "submitting", "unanswered"
"""Topics of which those who wait are told."""


class Observer(Protocol):
    """Whoever follows a sweep while it runs."""

    def changed(self, job: Standing) -> None:
        """A job's state has changed, and the change is committed."""

    def tick(self) -> None:
        """Time has passed."""


Say = Callable[[str, str | None], None]
"""Tells those who wait about a topic; none takes back what was said of it."""


@dataclass
class _Held:
    """A batch that is announced in the ledger and waits for the executor to take it.

    Attributes:
        not_before: When to try again, by the monotonic clock.
        may_have_arrived: Whether the executor was asked, and nobody knows what came of it.
        end: How its jobs end, and why, once it is certain that it did not arrive; none if it is wanted.
    """

    batch: Batch
    not_before: float = 0.0
    may_have_arrived: bool = False
    end: tuple[JobState, str] | None = None


@dataclass(frozen=True)
class _Left:
    """What a finished job has left in its folder."""

    outcome: Outcome
    log_tail: str


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
        self._cancelling = False
        self._stopped_because: str | None = None
        self._failures = 0
        self._sweep_id = ledger.sweep_id
        self._specs: dict[int, JobSpec] = {}
        self._asked: frozenset[int] = frozenset()
        self._waiting: deque[int] = deque()
        self._later: list[tuple[float, int]] = []  # a heap of retries: when, and which job
        self._retries: Counter[int] = Counter()
        self._held: deque[_Held] = deque()
        self._given_up: list[_Held] = []  # not wanted, or refused; until it is known whether they arrived
        self._lost = LostJobs(folder, ledger, resubmit, wanted_again=resubmit_lost)
        self._say = say
        self._active: dict[str, int] = {}
        self._readers: ThreadPoolExecutor | None = None
        self._being_read: dict[int, tuple[str, Status, Future[_Left]]] = {}
        self._batch_of: dict[int, str] = {}
        self._too_many: dict[int, str] = {}  # why a job is ended that creates more tasks than it may

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
        self._take_stock()
        try:
            while (
                self._waiting
                or self._held
                or self._given_up
                or self._later
                or self._being_read
                or (self._active and not until_submitted)
            ):
                if self._interrupted():
                    raise KeyboardInterrupt  # here, where nothing is half done
                if self._folder.cancel_request.exists() and not self._cancelling:
                    self._cancel()
                self._hand_over()
                pending = self._held or self._given_up or self._later or self._being_read
                if not self._active and not pending and self._waiting:
                    return  # only the budget can be in the way
                if self._lost and not pending and all(handle in self._lost for handle in self._active):
                    self._decide_on_lost()
                if not self._look():
                    self._executor.wait(self._longest_wait())
                for observer in self._observers:
                    observer.tick()
        except KeyboardInterrupt:
            self._interrupt()
            raise
        finally:
            if self._readers is not None:
                self._readers.shutdown(wait=False, cancel_futures=True)
                self._readers = None

    def _take_stock(self) -> None:
        """Sort the jobs into those to submit, those that may have arrived, and those that have."""
        unsettled: dict[str, None] = {}
        states = self._ledger.states(self._specs)
        for number in self._specs:
            state = states[number]
            if state.active:
                job = self._ledger.job(number)
                if job.handle:
                    self._adopt(number, job.handle, job.batch or job.handle)
                    continue
                if job.batch:
                    unsettled[job.batch] = None
                    continue
            if state is not JobState.COMPLETED:
                if state is not JobState.PENDING:
                    self._ledger.requeue(number, "another attempt")
                self._waiting.append(number)
        for token in unsettled:
            self._settle(token)

    def _settle(self, token: str) -> None:
        """Learn whether an announced batch arrived; it is one with jobs that this run was not asked for."""
        jobs = self._ledger.announced(token)
        for job in jobs:
            if job.number not in self._specs:
                self._specs[job.number] = JobSpec.from_json(job.spec)
        batch = self._batch([(job.number, job.attempts) for job in jobs])
        found = self._executor.find(batch)
        if found is not None and not isinstance(found, Unknown):
            self._submitted(batch, found)
        elif batch.token == token:
            # With its token, handing it over again is harmless, and tells.
            self._held.append(_Held(batch, may_have_arrived=found is not None))
        else:  # a crash while the batch was being given up
            for job in jobs:
                self._ledger.requeue(job.number, "another attempt")
                self._waiting.append(job.number)

    def _hand_over(self) -> None:
        """Fill the executor."""
        for given_up in list(self._given_up):
            self._settle_given_up(given_up)
        while self._later and self._later[0][0] <= time.monotonic():
            self._waiting.append(heapq.heappop(self._later)[1])
        if self._waiting and self._stopped_because:  # the executor turned out not to have a job
            self._withdraw(self._stopped_because)
        while self._held or self._waiting:
            if len(set(self._batch_of.values())) >= self._executor.concurrency:
                return
            if not self._held:
                numbers = next_batch(self._waiting, self._specs, self._executor)
                if not self._affordable(numbers):
                    self._waiting.extendleft(reversed(numbers))
                    return
                self._held.append(_Held(self._announce(numbers)))
            held = self._held[0]
            if time.monotonic() < held.not_before:
                return
            self._submit(held)

    def _longest_wait(self) -> float:
        """Seconds for which nothing needs to be done if the executor reports nothing."""
        if not self._later:
            return _LONGEST_WAIT
        return max(0.0, min(_LONGEST_WAIT, self._later[0][0] - time.monotonic()))

    def _affordable(self, numbers: Sequence[int]) -> bool:
        if self._max_usd is None:
            return True
        return self._ledger.committed_usd() + sum(self._bounds_usd(numbers)) <= self._max_usd + SUM_ERROR_USD

    def _bounds_usd(self, numbers: Sequence[int]) -> list[float]:
        """What each job of a batch may cost; they share one instance."""
        if not self._executor.paid:
            return [0.0] * len(numbers)
        costs = [self._specs[number].cost for number in numbers]
        return [cost.tasks_usd + cost.instance_usd / len(costs) for cost in costs]

    def _announce(self, numbers: Sequence[int]) -> Batch:
        """Commit that these jobs are about to be handed over, before they are."""
        with self._ledger.transaction():
            attempts = [
                (number, self._ledger.submitting(number, bound))
                for number, bound in zip(numbers, self._bounds_usd(numbers), strict=True)
            ]
            batch = self._batch(attempts)
            self._ledger.batched(numbers, batch.token)
        return batch

    def _batch(self, attempts: Sequence[tuple[int, int]]) -> Batch:
        """The batch of these (job, attempt) pairs; the same pairs, in any order, make the same tokens."""
        submissions = tuple(
            Submission(
                number,
                self._specs[number],
                self._folder.job(number),
                _token(self._sweep_id, self._specs[number].key, str(attempt)),
                self._name(number, attempt),
                attempt,
                tuple(self._name(number, earlier) for earlier in range(attempt - 1, 0, -1)),
            )
            for number, attempt in sorted(attempts)
        )
        return Batch(
            name=submissions[0].name,
            token=_token(*(submission.token for submission in submissions)),
            submissions=submissions,
        )

    def _name(self, number: int, attempt: int) -> str:
        return f"sweep-{self._sweep_id}-{number}-{attempt}"

    def _submit(self, held: _Held) -> None:
        """Try to hand a batch over; jobs that cannot be handed over at all are failed jobs."""
        batch = held.batch
        try:
            with disk.trouble(self._folder.root):
                for submission in batch.submissions:
                    config, overrides = self._ledger.composed(submission.number)
                    prepare(submission.folder, submission.spec, config, overrides, attempt=submission.attempt)
                handles = self._executor.submit(batch)
        except NotNowError as later:
            self._not_now(held, later)
            return
        except (AccessLostError, disk.DiskError):
            raise  # no job's fault: all of them can go on when there is access, or space, again
        except (OSError, ValueError, SweeperError) as error:
            self._held.popleft()
            self._say(_SUBMITTING, None)
            held.end = JobState.FAILED, f"it could not be submitted: {error}"
            if held.may_have_arrived:  # an earlier try, of which there was no answer
                self._given_up.append(held)
            else:
                self._end_without_arrival(held)
            return
        self._held.popleft()
        self._say(_SUBMITTING, None)
        self._submitted(batch, handles)

    def _not_now(self, held: _Held, later: NotNowError) -> None:
        held.not_before = time.monotonic() + later.seconds
        held.may_have_arrived |= later.may_have_arrived
        first = held.batch.submissions[0].number
        self._say(_SUBMITTING, f"job {first} is not submitted yet: {later}")

    def _end_without_arrival(self, held: _Held) -> None:
        """Record the end of jobs of which it is certain that they were not handed over."""
        assert held.end is not None
        state, reason = held.end
        numbers = [submission.number for submission in held.batch.submissions]
        again = set()
        # At once: what is left of a batch would be looked for under another token.
        with self._ledger.transaction():
            for number in numbers:
                self._ledger.finish(number, state, reason)
                if state is JobState.FAILED and self._retry(number, reason):
                    again.add(number)
        for number in numbers:
            self._settled(number, failed=state is JobState.FAILED and number not in again)

    def _settle_given_up(self, held: _Held) -> None:
        """Learn whether a batch that nobody wants any more, or that was refused at last, arrived before.

        It is looked for first, as it may turn up late. If it does not, only the call with its token tells:
        it is answered with the same hybrid job, or with a new one, and either is ended at once.
        """
        assert held.end is not None
        first = held.batch.submissions[0].number
        found: Sequence[str] | Unknown | None = self._executor.find(held.batch)
        if isinstance(found, Unknown):
            self._say(_UNANSWERED, f"job {first} may have been submitted without an answer: {found.why}")
            if not found.lasting or time.monotonic() < held.not_before:
                return
            try:
                found = self._executor.submit(held.batch)
            except NotNowError as later:
                self._not_now(held, later)
                return
            except (AccessLostError, disk.DiskError):
                raise
            except (OSError, SweeperError):
                found = None  # refused, and not found either: it did not arrive
        self._given_up.remove(held)
        self._say(_UNANSWERED, None)
        self._say(_SUBMITTING, None)
        if found is None:
            self._end_without_arrival(held)
            return
        self._submitted(held.batch, found)
        if held.end[0] is JobState.CANCELLED or self._cancelling:
            self._executor.cancel(found)

    def _submitted(self, batch: Batch, handles: Sequence[str]) -> None:
        with self._ledger.transaction():
            for submission, handle in zip(batch.submissions, handles, strict=True):
                self._ledger.submitted(submission.number, handle)
        for submission, handle in zip(batch.submissions, handles, strict=True):
            self._adopt(submission.number, handle, batch.token)
            self._changed(submission.number)

    def _adopt(self, number: int, handle: str, batch: str) -> None:
        self._active[handle] = number
        self._batch_of[number] = batch

    def _look(self) -> bool:
        """Take in what the executor reports; whether anything has changed."""
        statuses = self._executor.poll(self._active)
        states = self._ledger.states(self._active.values())
        finished: dict[str, Status] = {}
        any_change = False
        self._say_what_is_waited_for(statuses)
        self._count_tasks(statuses)
        for handle, number in list(self._active.items()):
            status = statuses.get(handle)
            self._lost.take_in(number, handle, status if isinstance(status, Unknown) else None)
            if status is None:
                self._vanished(handle)
            elif isinstance(status, Unknown):
                continue
            elif status.state.finished:
                finished[handle] = status
                continue
            elif status.state is JobState.RUNNING and states[number] is not JobState.RUNNING:
                self._ledger.running(number, status.started_at or time.time())
            else:
                continue
            any_change = True
            self._changed(number)
        self._collect(finished)
        return self._take_in_what_was_read() or any_change or bool(finished)

    def _count_tasks(self, statuses: Mapping[str, Status | Unknown]) -> None:
        """End jobs that have created more quantum tasks than somebody said they would."""
        running = {
            handle: self._specs[number].device
            for handle, number in self._active.items()
            if self._specs[number].cost.counted and number not in self._too_many
            if isinstance(status := statuses.get(handle), Status) and status.state is JobState.RUNNING
        }
        if not running:
            return
        for handle, seen in self._executor.count_tasks(running).items():
            number = self._active[handle]
            together = [one for one, batch in self._batch_of.items() if batch == self._batch_of[number]]
            costs = [self._specs[one].cost for one in together]
            why = seen.excess(sum(cost.tasks for cost in costs), sum(cost.shots for cost in costs))
            if why:
                self._too_many[number] = why
                self._executor.cancel([handle])

    def _say_what_is_waited_for(self, statuses: Mapping[str, Status | Unknown]) -> None:
        unknown, queued = {}, []
        for handle, status in statuses.items():
            if isinstance(status, Unknown):
                unknown[self._active[handle]] = status
            elif status.state is JobState.QUEUED and status.reason:
                queued.append((self._active[handle], status.reason))
        self._say("unknown", unknown_words(unknown))
        self._say("queue", "; ".join(f"job {n}: {reason}" for n, reason in sorted(queued)[:3]) or None)
        self._say("news", "; ".join(self._executor.news()) or None)

    def _decide_on_lost(self) -> None:
        """Hand jobs over again of which nobody knows what became, if somebody wants that."""
        for job in self._lost.decide(nothing_more=self._stopped_because is not None):
            self._drop(job.handle)
            self._ledger.write_off(job.number, f"submitted again: {job.said.why}")
            self._waiting.append(job.number)
            self._changed(job.number)

    def _vanished(self, handle: str) -> None:
        """Let a job that the executor is certain not to have wait with the others."""
        number = self._drop(handle)
        self._ledger.requeue(number, "the executor does not have the job")
        self._waiting.append(number)

    def _collect(self, finished: Mapping[str, Status]) -> None:
        """Fetch what finished jobs have left, and record their ends."""
        if not finished:
            return
        folders = {
            handle: (self._folder.job(self._active[handle]), status) for handle, status in finished.items()
        }
        for handle, status in self._executor.fetch(folders).items():
            number = self._drop(handle)
            left = self._read(number, status)
            if isinstance(left, Future):
                self._being_read[number] = handle, status, left
            else:
                self._finish(number, handle, status, left)

    def _read(self, number: int, status: Status) -> _Left | Future[_Left]:
        """What a job has left; of one that has logged very much it is told later, and the others go on."""
        folder = self._folder.job(number)
        read = partial(_left_in, folder, self._specs[number], status)
        try:
            long = folder.log.lstat().st_size > _LONG_LOG
        except OSError:
            long = False
        if not long:
            return read()
        self._readers = self._readers or ThreadPoolExecutor(2, "reading logs")
        return self._readers.submit(read)

    def _take_in_what_was_read(self, *, wait: bool = False) -> bool:
        """Record the ends of jobs whose long logs have been read; whether there were any."""
        ended = [number for number, (*_, read) in self._being_read.items() if wait or read.done()]
        for number in ended:
            handle, status, read = self._being_read.pop(number)
            self._finish(number, handle, status, read.result())
        return bool(ended)

    def _drop(self, handle: str) -> int:
        number = self._active.pop(handle)
        self._batch_of.pop(number)
        return number

    def _finish(self, number: int, handle: str, status: Status, left: _Left) -> None:
        """Record a job's end with all that it left in its folder."""
        outcome, tail = left.outcome, left.log_tail
        state, reason = status.state, status.reason
        if state is JobState.COMPLETED and outcome.problem:
            state, reason = JobState.FAILED, outcome.problem
        if state is JobState.CANCELLED and number in self._too_many:
            state, reason = JobState.FAILED, self._too_many[number]
        if state is JobState.FAILED and tail:
            reason = f"{reason}\n{tail}"
        seen = self._tasks_at_the_end(number, status, outcome, handle)
        cost_usd, known = self._cost(number, status, outcome, seen)
        with self._ledger.transaction():
            self._ledger.finish(
                number,
                state,
                reason,
                started_at=status.started_at,
                ended_at=status.ended_at,
                cost_usd=cost_usd,
                result={**outcome.result, COST_IS: known} if known else outcome.result,
                objective=outcome.objective,
                metrics=outcome.logged.metrics,
                remarks=(*outcome.logged.remarks, *self._broken_promise(number, seen)),
            )
            failed = state is JobState.FAILED and not self._retry(number, reason)
        self._settled(number, failed=failed)

    def _retry(self, number: int, reason: str | None) -> bool:
        """Have a failed job tried again later, if the reason passes and tries are left."""
        spec, done = self._specs[number], self._retries[number]
        if self._stopped_because or done >= spec.retries or not is_transient(reason):
            return False
        longest = min(_LONGEST_RETRY_PAUSE, spec.first_pause_seconds * 2.0**done)
        pause = random.uniform(0.5, 1.0) * longest  # noqa: S311 - jitter, so that not all come at once
        self._retries[number] += 1
        self._ledger.requeue(number, f"retry {done + 1} of {spec.retries} after {pause:.0f} s")
        heapq.heappush(self._later, (time.monotonic() + pause, number))
        because = (reason or "").partition("\n")[0]
        self._say("retry", f"job {number} is tried again in {pause:.0f} s, after: {because}")
        return True

    def _settled(self, number: int, *, failed: bool) -> None:
        """Tell of an attempt's end, and stop handing over if too many jobs have failed."""
        self._changed(number)
        if not failed:
            return
        self._failures += 1
        if self._failures == self._max_failures:
            many = "a job" if self._failures == 1 else f"{self._failures} jobs"
            self._withdraw(f"not started, because {many} had failed (fail_fast, max_failures)")

    def _tasks_at_the_end(
        self, number: int, status: Status, outcome: Outcome, handle: str
    ) -> TasksSeen | None:
        """The quantum tasks of a job that has ended, as the place counts them; none if it is not asked."""
        cost = self._specs[number].cost
        never_started = status.billed_seconds == 0 and status.started_at is None
        if never_started or not (cost.counted or (cost.rates and not cost.tracked(outcome.result))):
            return None
        return self._executor.count_tasks({handle: self._specs[number].device}, now=True).get(handle)

    def _broken_promise(self, number: int, seen: TasksSeen | None) -> list[Remark]:
        """That a job created more tasks than it had said, if it was not ended for it.

        Of jobs that share a hybrid job nobody can tell which one it was, once some of them have ended.
        """
        cost = self._specs[number].cost
        if seen is None or not cost.counted or number in self._too_many:
            return []
        why = seen.excess(cost.tasks, cost.shots) if seen.sharers == 1 or seen.elsewhere else None
        return [broken_promise(why)] if why else []

    def _cost(
        self, number: int, status: Status, outcome: Outcome, seen: TasksSeen | None
    ) -> tuple[float, Known | None]:
        """What an attempt cost: the place, and the quantum tasks as the job or the service counted them.

        What is not known counts as the most it can have been.

        Returns:
            USD, and how well all attempts' sum is known; none where nothing costs anything.
        """
        if not self._executor.paid:
            return 0.0, None
        spec, job = self._specs[number], self._ledger.job(number)
        before = Known.of(job.result)
        if status.billed_seconds == 0 and status.started_at is None:
            return 0.0, before  # it never started
        if status.billed_seconds is None:
            instance_usd, known = max(0.0, job.reserved_usd - spec.cost.tasks_usd), Known.AT_MOST
        else:
            instance_usd = spec.cost.instance_usd * status.billed_seconds / spec.max_runtime_seconds
            known = Known.ESTIMATE if spec.cost.estimates and instance_usd else Known.MEASURED
        tasks_usd, of_tasks = spec.cost.of_tasks(outcome.result, seen)
        return instance_usd + tasks_usd, known.and_(of_tasks).and_(before)

    def _cancel(self) -> None:
        """End what runs, what waits, and what may have arrived although nobody answered."""
        self._cancelling = True
        self._withdraw("cancelled before it was submitted")
        self._executor.cancel(list(self._active))

    def _withdraw(self, reason: str) -> None:
        """Hand nothing over any more; what may have arrived without an answer is looked for first."""
        self._stopped_because = reason
        withdrawn = [*self._waiting, *(number for _, number in self._later)]
        self._waiting.clear()
        self._later.clear()
        for held in self._held:
            held.end = JobState.CANCELLED, reason
            if held.may_have_arrived:
                self._given_up.append(held)
            else:
                self._end_without_arrival(held)
        self._held.clear()
        for number in sorted(withdrawn):
            self._ledger.finish(number, JobState.CANCELLED, reason)
            self._changed(number)

    def _interrupt(self) -> None:
        """End what would not survive this process, and write down that it was ended."""
        if self._executor.outlives_us:
            return
        self._executor.cancel(list(self._active))
        deadline = time.monotonic() + 10
        while self._active and time.monotonic() < deadline:
            statuses = self._executor.poll(self._active)
            ended = {
                handle: status
                for handle, status in statuses.items()
                if isinstance(status, Status) and status.state.finished
            }
            self._collect(ended)
            for handle in self._active.keys() - statuses.keys():
                self._vanished(handle)
            if self._active:
                self._executor.wait(_LONGEST_WAIT)
        self._take_in_what_was_read(wait=True)
        if self._active:
            raise SweeperError(f"{len(self._active)} jobs could not be stopped: {', '.join(self._active)}")

    def _changed(self, number: int) -> None:
        if self._observers and number in self._asked:
            standing = self._ledger.standing(number)
            for observer in self._observers:
                observer.changed(standing)


def _left_in(folder: JobFolder, spec: JobSpec, status: Status) -> _Left:
    """A finished job's outcome and the end of its log, whatever it or another job has made of its folder."""
    try:
        left = _Left(
            read_outcome(folder, spec.objective, allow_pickle=spec.allow_pickle), log_tail(folder.log)
        )
    except (OSError, ValueError, ArithmeticError, RecursionError) as error:
        return _unreadable(f"what the job has left cannot be read ({type(error).__name__}: {error})")
    # Afterwards, so that it was the digested content which has been read.
    if changed := changed_since(folder, status.digests):
        return _unreadable(
            f"{' and '.join(changed)} changed after the job had ended and all that it had started: something "
            "else has written there, such as another job. Its own is lost: sweeper resume runs it again"
        )
    return left


def _unreadable(problem: str) -> _Left:
    return _Left(Outcome({}, Logged([], ()), None, problem), "")


def _token(*parts: str) -> str:
    """64 characters that depend on every part; as long as Braket's clientToken may be."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()
