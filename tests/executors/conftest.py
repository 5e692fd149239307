"""One suite for every executor: each test gets a `Place` for each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from sweeper.executors.base import Executor, Status, Submission
from sweeper.executors.local import LocalExecutor
from sweeper.folder import JobFolder, SweepFolder
from sweeper.jobfiles import prepare
from sweeper.ledger import JobRecord
from sweeper.outcome import Outcome, read_outcome
from sweeper.source import read_source
from sweeper.spec import JobSpec
from sweeper.states import JobState

from .programs import PROGRAMS

PATIENCE_SECONDS = 60


def local(folder: SweepFolder) -> Executor:
    return LocalExecutor(folder, n_jobs=2, memory_gib=2.0)


EXECUTORS: dict[str, Callable[[SweepFolder], Executor]] = {"braket_local": local}


@dataclass
class Place:
    """An executor on a sweep folder, with a source module of well and badly behaved programs."""

    folder: SweepFolder
    make: Callable[[SweepFolder], Executor]
    executor: Executor
    source: Path
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    def spec(self, program: str, **changes: object) -> JobSpec:
        entry_point = program if program == "programs" else f"programs:{program}"
        spec = JobSpec(
            device="local:braket/default",
            source=read_source(self.source, entry_point),
            entry_point=entry_point,
            hyperparameters={"shots": "1000", "text": "ψ = |0⟩"},
            input_files={},
            instance_type="ml.m5.large",
            max_runtime_seconds=60,
        )
        return replace(spec, **changes)

    def submit(self, spec: JobSpec, attempt: int = 1, number: int | None = None) -> tuple[str, JobFolder]:
        number = next(self.numbers) if number is None else number
        folder = self.folder.job(number)
        prepare(folder, record(number), spec, attempt)
        name = f"suite-{number}-{attempt}"
        token = f"{spec.key[:20]}-{number}-{attempt}"
        return self.executor.submit(Submission(spec, folder, name, token)), folder

    def until(self, handle: str, holds: Callable[[Status], bool]) -> Status:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            status = self.executor.poll([handle])[handle]
            if holds(status):
                return status
            assert time.monotonic() < deadline, f"still {status}"
            self.executor.wait(0.2)

    def end(self, handle: str, folder: JobFolder) -> tuple[Status, Outcome]:
        status = self.until(handle, lambda status: status.state.finished)
        self.executor.fetch(handle, folder)
        return status, read_outcome(folder, None)

    def run(self, program: str, **changes: object) -> tuple[Status, Outcome, JobFolder]:
        handle, folder = self.submit(self.spec(program, **changes))
        return *self.end(handle, folder), folder


def record(number: int) -> JobRecord:
    return JobRecord(
        number=number,
        key=str(number),
        overrides=[f"seed={number}"],
        config={"seed": number},
        choices={},
        state=JobState.SUBMITTING,
        attempts=1,
        handle=None,
        reason=None,
        started_at=None,
        ended_at=None,
        cost_usd=None,
        job_arn=None,
        result={},
        objective=None,
    )


@contextmanager
def opened(make: Callable[[SweepFolder], Executor], parent: Path) -> Iterator[Place]:
    source = parent / "programs.py"
    source.write_text(PROGRAMS)
    folder = SweepFolder(parent / "a sweep")
    with make(folder) as executor:
        yield Place(folder, make, executor, source)


@pytest.fixture(scope="module", params=list(EXECUTORS))
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opened(EXECUTORS[request.param], tmp_path_factory.mktemp("place")) as place:
        yield place


@pytest.fixture
def own_place(tmp_path: Path) -> Iterator[Place]:
    """A local executor that the test may break."""
    with opened(local, tmp_path) as place:
        yield place
