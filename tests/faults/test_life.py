"""Runner and ledger against a place that does whatever it likes, and processes that die at any moment."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sweeper.errors import SweeperError
from sweeper.executors.base import Batch, NotNowError, OneByOne, Status, Unknown
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.job.cost import Cost
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.reader import read_jobs, reading
from sweeper.ledger.record import Entry, JobRecord
from sweeper.running.lost_jobs import LostJobsError
from sweeper.running.runner import Runner

QUEUED, RUNNING, COMPLETED = JobState.QUEUED, JobState.RUNNING, JobState.COMPLETED
MOST_JOBS = 5
MEMORY = Path("/dev/shm")


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

    @property
    def alive(self) -> bool:
        return self.state in {QUEUED, RUNNING, COMPLETED}


@dataclass
class World:
    """What goes on in the place, whoever asks it."""

    folder: SweepFolder
    outlives_us: bool
    batches: dict[str, list[str]] = field(default_factory=dict)
    jobs: dict[str, Hybrid] = field(default_factory=dict)
    completions: Counter[int] = field(default_factory=Counter)

    def take(self, batch: Batch) -> None:
        """Accept a batch, which must have been announced; none of its jobs may run or have completed."""
        if batch.token in self.batches:
            return
        with reading(self.folder.ledger) as db:
            records = {job.number: job for job in read_jobs(db)}
        for submission in batch.submissions:
            job = records[submission.number]
            assert (job.state, job.batch) == (JobState.SUBMITTING, batch.token), "not announced"
            others = [other for other in self.jobs.values() if other.number == job.number and other.alive]
            assert not others, f"job {job.number} is paid twice"
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
            if deed in {Deed.FAILS, Deed.TIMES_OUT}:
                job.state = JobState.FAILED
            elif deed is not Deed.NOTHING:
                job.state = RUNNING if job.state is QUEUED else COMPLETED
                self.completions[job.number] += job.state is COMPLETED
        ended = 2.0 if job.state.finished else None
        return Status(
            job.state, "so it goes", started_at=1.0, ended_at=ended, billed_seconds=1800.0 / job.share
        )

    def process_ends(self) -> None:
        """What the death of the process means to the jobs."""
        if not self.outlives_us:
            self.jobs = {handle: job for handle, job in self.jobs.items() if job.state.finished}


class WilfulPlace(OneByOne):
    """An executor for one process; at each call happens the next of `deeds`."""

    words = "somewhere"

    def __init__(self, world: World, batch_size: int, concurrency: int, deeds: Sequence[Deed]) -> None:
        self.outlives_us = self.paid = world.outlives_us
        self.batch_size = batch_size
        self.concurrency = concurrency
        self._world = world
        self._deeds = iter(deeds)
        self._ending = False

    def next_deed(self) -> Deed:
        deed = next(self._deeds, Deed.WELL)
        if deed is Deed.KILLED_BEFORE:
            raise Killed
        if deed is Deed.CANCEL_REQUEST:
            self._world.folder.cancel_request.touch()
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
            raise NotNowError("not now", 0.0)
        if deed is Deed.IMPOSSIBLE and batch.token not in self._world.batches:
            raise SweeperError("no such thing")
        self._world.take(batch)
        if deed is Deed.UNANSWERED:
            raise NotNowError("no answer", 0.0)
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
        cost=Cost(tasks=1, shots=1, tasks_usd=0.5, instance_usd=1.0),
    )


class LifeOfASweep(RuleBasedStateMachine):
    """Processes come and go on one folder; whatever happens, each job comes to one good end."""

    @initialize(
        outlives_us=st.booleans(),
        batch_size=st.integers(1, 3),
        concurrency=st.integers(1, 3),
        max_usd=st.sampled_from([None, 4.0, 20.0]),
    )
    def begin(self, outlives_us: bool, batch_size: int, concurrency: int, max_usd: float | None) -> None:
        self.place = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.world = World(SweepFolder(Path(self.place.name)), outlives_us)
        self.batch_size = batch_size if outlives_us else 1
        self.concurrency = concurrency
        self.max_usd = max_usd
        self.kept: dict[int, JobRecord] = {}

    @rule(
        names=st.permutations(range(MOST_JOBS)),
        many=st.integers(1, MOST_JOBS),
        deeds=st.lists(st.sampled_from(Deed), max_size=25),
        wait=st.booleans(),
    )
    def process(self, names: list[int], many: int, deeds: list[Deed], wait: bool) -> None:
        """A process takes the sweep on: jobs that it had or that are new to it, in any order."""
        self.live(names[:many], deeds, self.max_usd, wait=wait or not self.world.outlives_us)

    @rule()
    @precondition(lambda self: self.world.folder.cancel_request.exists())
    def withdraw_the_request(self) -> None:
        """`sweeper resume` does so."""
        self.world.folder.cancel_request.unlink()

    def live(
        self, names: Sequence[int], deeds: Sequence[Deed], max_usd: float | None, *, wait: bool = True
    ) -> None:
        place = WilfulPlace(self.world, self.batch_size, self.concurrency, deeds)
        specs = [spec(name) for name in names]
        with (
            suppress(Killed, KeyboardInterrupt, LostJobsError),
            closing(Ledger(self.world.folder.ledger)) as ledger,
        ):
            numbers = ledger.enlist(Entry(s.key, [], {}, {}, s.to_json()) for s in specs)
            runner = Runner(self.world.folder, ledger, place, [place], max_usd=max_usd)
            runner.run(dict(zip(numbers, specs, strict=True)), until_submitted=not wait)
        self.world.process_ends()

    def records(self) -> list[JobRecord]:
        if not self.world.folder.ledger.exists():
            return []
        with reading(self.world.folder.ledger) as db:
            return read_jobs(db)

    @invariant()
    def completed_jobs_stay_as_they_were_and_completed_once(self) -> None:
        for job in self.records():
            if job.state is COMPLETED or job.number in self.kept:
                assert self.kept.setdefault(job.number, job) == job
                assert self.world.completions[job.number] == 1
        assert max(self.world.completions.values(), default=0) <= 1

    @invariant()
    def every_job_went_a_way_that_there_is(self) -> None:
        for job, steps in self.ways():
            assert all(one.may_become(other) for one, other in pairwise(steps)), steps
            assert steps[-1] is job.state
            assert steps.count(JobState.SUBMITTING) == job.attempts

    def ways(self) -> Iterator[tuple[JobRecord, list[JobState]]]:
        for job in self.records():
            with reading(self.world.folder.ledger) as db:
                query = "SELECT state FROM transitions WHERE job = ? ORDER BY rowid"
                yield job, [JobState.PENDING, *(JobState(s) for (s,) in db.execute(query, (job.number,)))]

    @invariant()
    def what_is_spent_and_reserved_is_within_the_budget(self) -> None:
        committed = sum((job.cost_usd or 0.0) + job.reserved_usd for job in self.records())
        assert self.max_usd is None or committed <= self.max_usd
        running = {job.number for job in self.world.jobs.values() if job.state in {QUEUED, RUNNING}}
        if self.world.outlives_us:
            reserved = {job.number for job in self.records() if job.reserved_usd > 0}
            assert running <= reserved, "a job runs that nobody keeps money for"

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.folder.cancel_request.unlink(missing_ok=True)
        for _ in range(2):  # one to learn of failures that nobody was there to see, one to make up for them
            self.live(range(MOST_JOBS), [], None)
        assert all(job.state is COMPLETED for job in self.records())
        assert self.world.completions == Counter(job.number for job in self.records())
        self.completed_jobs_stay_as_they_were_and_completed_once()
        self.every_job_went_a_way_that_there_is()
        self.place.cleanup()


TestLifeOfASweep = LifeOfASweep.TestCase
TestLifeOfASweep.settings = settings(
    max_examples=80, stateful_step_count=6, deadline=None, derandomize=True, database=None
)
