"""A sweep in a place that does whatever it likes, and processes that die at any moment.

The machine alone, with a dictionary for a ledger, is led through very many lives; loop, ledger and files are
led through some.
"""

from __future__ import annotations

import tempfile
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.reader import read_jobs, reading
from sweeper.ledger.record import Entry, JobRecord
from sweeper.running.lost_jobs import LostJobsError
from sweeper.running.runner import Runner
from sweeper.running.sweep_state import Terms

from .book import Book, Process, Row
from .wilful import COMPLETED, QUEUED, RUNNING, Deed, Killed, WilfulPlace, World, spec

MOST_JOBS = 5
MEMORY = Path("/dev/shm")


class LifeOfASweep(RuleBasedStateMachine):
    """Processes come and go on one sweep; whatever happens, each job comes to one good end."""

    world: World
    pause = 0.0
    """Seconds after a refusal."""

    @initialize(
        outlives_us=st.booleans(),
        batch_size=st.integers(1, 3),
        concurrency=st.integers(1, 3),
        at_once=st.integers(1, 3),
        max_usd=st.sampled_from([None, 4.0, 20.0]),
        max_failures=st.sampled_from([None, 1, 2]),
    )
    def begin(
        self,
        *,
        outlives_us: bool,
        batch_size: int,
        concurrency: int,
        at_once: int,
        max_usd: float | None,
        max_failures: int | None,
    ) -> None:
        self.sizes = {
            "batch_size": batch_size if outlives_us else 1,
            "concurrency": concurrency,
            "at_once": at_once,
        }
        self.max_usd = max_usd
        self.max_failures = max_failures
        self.kept: dict[int, JobRecord | Row] = {}
        self.found(outlives_us)

    @rule(
        names=st.permutations(range(MOST_JOBS)),
        many=st.integers(1, MOST_JOBS),
        deeds=st.lists(st.sampled_from(Deed), max_size=25),
        wait=st.booleans(),
    )
    def process(self, names: list[int], many: int, deeds: list[Deed], wait: bool) -> None:
        """A process takes the sweep on: jobs that it had or that are new to it, in any order."""
        self.go(names[:many], deeds, self.max_usd, self.max_failures, wait=wait)

    @rule()
    @precondition(lambda self: self.cancel_requested)
    def withdraw_the_request(self) -> None:
        """`sweeper resume` does so."""
        self.forget_request()

    def go(
        self,
        names: Sequence[int],
        deeds: Sequence[Deed],
        max_usd: float | None,
        max_failures: int | None,
        *,
        wait: bool = True,
    ) -> None:
        place = WilfulPlace(self.world, deeds, pause=self.pause, **self.sizes)
        with suppress(Killed, KeyboardInterrupt, LostJobsError):
            self.live(place, names, max_usd, max_failures, wait=wait or not self.world.outlives_us)
        self.world.process_ends()

    @abstractmethod
    def found(self, outlives_us: bool) -> None:
        """Make a world and a sweep."""

    @abstractmethod
    def live(
        self,
        place: WilfulPlace,
        names: Sequence[int],
        max_usd: float | None,
        max_failures: int | None,
        *,
        wait: bool,
    ) -> None:
        """A process runs these jobs, as long as it is let."""

    @abstractmethod
    def records(self) -> Sequence[JobRecord | Row]:
        """The jobs as they are on record."""

    @abstractmethod
    def way(self, number: int) -> list[JobState]:
        """The states that a job went through."""

    @property
    @abstractmethod
    def cancel_requested(self) -> bool: ...

    @abstractmethod
    def forget_request(self) -> None: ...

    @invariant()
    def completed_jobs_stay_as_they_were_and_completed_once(self) -> None:
        for job in self.records():
            if job.state is COMPLETED or job.number in self.kept:
                assert self.kept.setdefault(job.number, job) == job
                assert self.world.completions[job.number] == 1
        assert max(self.world.completions.values(), default=0) <= 1

    @invariant()
    def every_job_went_a_way_that_there_is(self) -> None:
        for job in self.records():
            steps = self.way(job.number)
            assert all(one.may_become(other) for one, other in pairwise(steps)), steps
            assert steps[-1] is job.state
            assert steps.count(JobState.SUBMITTING) == job.attempts

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
        if self.cancel_requested:
            self.forget_request()
        for _ in range(2):  # one to learn of failures that nobody was there to see, one to make up for them
            self.go(range(MOST_JOBS), [], None, None)
        assert all(job.state is COMPLETED for job in self.records())
        assert self.world.completions == Counter(job.number for job in self.records())
        self.completed_jobs_stay_as_they_were_and_completed_once()
        self.every_job_went_a_way_that_there_is()


class LifeOfTheMachine(LifeOfASweep):
    """The machine alone, whose clock goes on by a second with each event."""

    pause = 20.0

    def found(self, outlives_us: bool) -> None:
        self.book = Book()
        self.request: list[bool] = []
        self.world = World(
            outlives_us,
            lambda: {row.number: (row.state, row.batch) for row in self.book.rows.values()},
            lambda: self.request.append(True),
        )
        self.specs = {name: spec(name) for name in range(MOST_JOBS)}

    def live(
        self,
        place: WilfulPlace,
        names: Sequence[int],
        max_usd: float | None,
        max_failures: int | None,
        *,
        wait: bool,
    ) -> None:
        terms = Terms(
            "sweep",
            SweepFolder(Path("nowhere")),
            paid=place.paid,
            outlives_us=place.outlives_us,
            batch_size=place.batch_size,
            at_once=place.at_once,
            max_usd=max_usd,
            max_failures=max_failures,
            until_submitted=not wait,
        )
        machine = Process(self.book, place, terms, self.request).run(self.specs, names)
        assert machine._sweep.budget.committed == pytest.approx(self.book.committed_usd)

    def records(self) -> Sequence[Row]:
        return list(self.book.rows.values())

    def way(self, number: int) -> list[JobState]:
        return list(self.book.rows[number].way)

    @property
    def cancel_requested(self) -> bool:
        return bool(self.request)

    def forget_request(self) -> None:
        self.request.clear()


class LifeOfTheWhole(LifeOfASweep):
    """Loop, ledger and files."""

    def found(self, outlives_us: bool) -> None:
        self.place = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.folder = SweepFolder(Path(self.place.name))
        self.world = World(
            outlives_us,
            lambda: {job.number: (job.state, job.batch) for job in self.records()},
            self.folder.cancel_request.touch,
        )

    def live(
        self,
        place: WilfulPlace,
        names: Sequence[int],
        max_usd: float | None,
        max_failures: int | None,
        *,
        wait: bool,
    ) -> None:
        with closing(Ledger(self.folder.ledger)) as ledger:
            specs = [spec(name) for name in names]
            numbers = ledger.enlist(Entry(s.key, [], {}, {}, s.to_json()) for s in specs)
            runner = Runner(self.folder, ledger, place, [place], max_usd=max_usd, max_failures=max_failures)
            runner.run(dict(zip(numbers, specs, strict=True)), until_submitted=not wait)

    def records(self) -> Sequence[JobRecord]:
        if not self.folder.ledger.exists():
            return []
        with reading(self.folder.ledger) as db:
            return read_jobs(db)

    def way(self, number: int) -> list[JobState]:
        with reading(self.folder.ledger) as db:
            query = "SELECT state FROM transitions WHERE job = ? ORDER BY rowid"
            return [JobState.PENDING, *(JobState(s) for (s,) in db.execute(query, (number,)))]

    @property
    def cancel_requested(self) -> bool:
        return self.folder.cancel_request.exists()

    def forget_request(self) -> None:
        self.folder.cancel_request.unlink()

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "place"):
            self.place.cleanup()


TestLifeOfTheMachine = LifeOfTheMachine.TestCase
TestLifeOfTheMachine.settings = settings(
    max_examples=500, stateful_step_count=8, deadline=None, derandomize=True, database=None
)
TestLifeOfTheWhole = LifeOfTheWhole.TestCase
TestLifeOfTheWhole.settings = settings(
    max_examples=25, stateful_step_count=6, deadline=None, derandomize=True, database=None
)
