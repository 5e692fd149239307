"""A place that does whatever it likes with the jobs of a sweep, and remembers what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sweeper.errors import SweeperError
from sweeper.executors.base import Batch, NotNowError, OneByOne, Status, Unknown
from sweeper.folder.layout import JobFolder
from sweeper.job.cost import Cost
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState

QUEUED, RUNNING, COMPLETED = JobState.QUEUED, JobState.RUNNING, JobState.COMPLETED


class Killed(BaseException):
    """Stands for SIGKILL: the process does nothing more."""


class Deed(StrEnum):
    """What happens at a call of the runner; where it makes no sense, all is well."""

    WELL = "well"
    REFUSED = "refused for now"
    UNANSWERED = "done, and no answer"
    IMPOSSIBLE = "cannot be submitted"
    NOTHING = "nothing happens to the job"
    FAILS = "the job fails"
    FAILS_FOR_NOW = "the job fails for a passing reason"
    TIMES_OUT = "the job is stopped at its time limit"
    VANISHES = "the job vanishes"
    NOT_KNOWN = "the place does not know the job at the moment"
    LOST = "the place does not know the job, and has said so for long"
    KILLED_BEFORE = "the process is killed before it"
    KILLED_AFTER = "the process is killed after it"
    INTERRUPTED = "Ctrl-C"
    CANCEL_REQUEST = "somebody types `sweeper cancel`"


@dataclass
class Hybrid:
    """A job as the place has it."""

    number: int
    share: int
    """How many jobs the hybrid job is shared by: each is billed its part."""
    state: JobState = QUEUED
    passing: bool = False

    @property
    def alive(self) -> bool:
        return self.state in {QUEUED, RUNNING, COMPLETED}


@dataclass
class World:
    """What goes on in the place, whoever asks it.

    Attributes:
        outlives_us: Whether jobs go on when the process ends.
        standing: How the ledger has each job: its state and the token of its batch.
        request_to_cancel: Types `sweeper cancel`.
    """

    outlives_us: bool
    standing: Callable[[], Mapping[int, tuple[JobState, str | None]]]
    request_to_cancel: Callable[[], None]
    batches: dict[str, list[str]] = field(default_factory=dict)
    jobs: dict[str, Hybrid] = field(default_factory=dict)
    completions: Counter[int] = field(default_factory=Counter)

    def take(self, batch: Batch) -> None:
        """Accept a batch, which must have been announced; none of its jobs may run or have completed."""
        if batch.token in self.batches:
            return
        standing = self.standing()
        for submission in batch.submissions:
            assert standing[submission.number] == (JobState.SUBMITTING, batch.token), "not announced"
            others = [other for other in self.jobs.values() if other.number == submission.number]
            assert not any(other.alive for other in others), f"job {submission.number} is paid twice"
        self.batches[batch.token] = [submission.token for submission in batch.submissions]
        share = len(batch.submissions)
        self.jobs |= {submission.token: Hybrid(submission.number, share) for submission in batch.submissions}

    def look_at(self, handle: str, deed: Deed) -> Status | Unknown | None:
        """Let something happen to a job; how it stands then."""
        job = self.jobs.get(handle)
        if job is None:
            return None
        if deed in {Deed.NOT_KNOWN, Deed.LOST}:
            return Unknown("never heard of it", 1, lasting=deed is Deed.LOST)
        if not job.state.finished:
            if deed is Deed.VANISHES:
                del self.jobs[handle]
                return None
            if deed in {Deed.FAILS, Deed.FAILS_FOR_NOW, Deed.TIMES_OUT}:
                job.state, job.passing = JobState.FAILED, deed is Deed.FAILS_FOR_NOW
            elif deed is not Deed.NOTHING:
                job.state = RUNNING if job.state is QUEUED else COMPLETED
                self.completions[job.number] += job.state is COMPLETED
        ended = 2.0 if job.state.finished else None
        return Status(
            job.state,
            "so it goes",
            started_at=1.0,
            ended_at=ended,
            billed_seconds=1800.0 / job.share,
            passing=job.passing,
        )

    def process_ends(self) -> None:
        """What the death of the process means to the jobs."""
        if not self.outlives_us:
            self.jobs = {handle: job for handle, job in self.jobs.items() if job.state.finished}


class WilfulPlace(OneByOne):
    """An executor for one process; at each call happens the next of `deeds`.

    After a refusal it wants to be left alone for `pause` seconds.
    """

    words = "somewhere"

    def __init__(
        self,
        world: World,
        deeds: Sequence[Deed],
        *,
        batch_size: int,
        concurrency: int,
        at_once: int,
        pause: float,
    ) -> None:
        self.outlives_us = self.paid = world.outlives_us
        self.batch_size = batch_size
        self.concurrency = concurrency
        self.at_once = at_once
        self._pause = pause
        self._world = world
        self._deeds = iter(deeds)
        self._ending = False

    def next_deed(self) -> Deed:
        deed = next(self._deeds, Deed.WELL)
        if deed is Deed.KILLED_BEFORE:
            raise Killed
        if deed is Deed.CANCEL_REQUEST:
            self._world.request_to_cancel()
        return deed

    def changed(self, job: object) -> None:
        """As an observer of the runner."""
        if self.next_deed() is Deed.KILLED_AFTER:
            raise Killed

    def tick(self) -> None: ...

    def check(self, spec: JobSpec) -> None: ...

    def batch_key(self, spec: JobSpec) -> str:
        return ""

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        return []

    def enter(
        self, specs: Collection[JobSpec], handles: Collection[str], known: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        return {}

    def news(self) -> list[str]:
        return []

    def spending_limit(self, specs: Collection[JobSpec], usd: float | None) -> AbstractContextManager[None]:
        return nullcontext()

    def submit(self, batch: Batch) -> list[str]:
        assert not self._ending, "a job is handed over while all are being ended"
        deed = self.next_deed()
        if deed is Deed.REFUSED:
            raise NotNowError("not now", self._pause)
        if deed is Deed.IMPOSSIBLE and batch.token not in self._world.batches:
            raise SweeperError("no such thing")
        self._world.take(batch)
        if deed is Deed.UNANSWERED:
            raise NotNowError("no answer", self._pause)
        if deed is Deed.KILLED_AFTER:
            raise Killed
        return self._world.batches[batch.token]

    def find(self, batch: Batch) -> list[str] | Unknown | None:
        if self.next_deed() is Deed.NOT_KNOWN:
            return Unknown("not listed yet", 1)
        handles = self._world.batches.get(batch.token)
        return handles if handles and all(handle in self._world.jobs for handle in handles) else None

    def poll(self, handles: Collection[str]) -> Mapping[str, Status | Unknown]:
        statuses: dict[str, Status | Unknown] = {}
        for handle in handles:
            deed = self.next_deed()
            status = self._world.look_at(handle, deed)
            if status is not None:
                statuses[handle] = status
            if deed is Deed.KILLED_AFTER:
                raise Killed
            if deed is Deed.INTERRUPTED:
                raise KeyboardInterrupt
        return statuses

    def wait(self, seconds: float) -> None: ...

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        self.next_deed()
        return {handle: status for handle, (_, status) in finished.items()}

    def cancel(self, handles: Collection[str]) -> None:
        self._ending = True
        self.next_deed()
        for handle in handles:
            job = self._world.jobs.get(handle)
            if job and not job.state.finished:
                job.state = JobState.CANCELLED

    def settled(self, handles: Collection[str]) -> None:
        """Forget them: nobody may ask for these again."""
        for handle in handles:
            job = self._world.jobs[handle]
            assert job.state.finished
            if self._world.standing()[job.number][0] is JobState.FAILED:
                del self._world.jobs[handle]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def spec(name: int) -> JobSpec:
    return JobSpec(
        device="local:braket/default",
        source=Source(Path("theirs.py"), "digest"),
        entry_point="theirs",
        hyperparameters={"name": str(name)},
        input_files={},
        instance_type="ml.m5.large",
        max_runtime_seconds=3600,
        retries=1,
        first_pause_seconds=0.0,
        cost=Cost(tasks=1, shots=1, tasks_usd=0.5, instance_usd=1.0),
    )
