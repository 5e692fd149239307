"""One suite for every executor: each test gets a `Place` for each of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from braket_emulator import Emulator
from sweeper.contract.outcome import Outcome, read_outcome
from sweeper.executors.base import Batch, Executor, NotNowError, Status, Submission
from sweeper.executors.local import LocalExecutor
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.job.prepare import prepare
from sweeper.job.source import Sources
from sweeper.job.spec import JobSpec

from ..accounts import account
from .programs import PROGRAMS

PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Kind:
    """A kind of executor: how to make one, where it finds its world, and a handle it never gave."""

    make: Callable[[SweepFolder], Executor]
    world: Callable[[], AbstractContextManager[object]] = nullcontext
    unknown_handle: str = "17/no-such-job"
    jobs_outlive_it: bool = False


def local(folder: SweepFolder) -> Executor:
    return LocalExecutor(folder, n_jobs=2, memory_gib=1.0)


def aws(folder: SweepFolder) -> Executor:
    from sweeper.executors.aws import AwsExecutor

    return AwsExecutor(folder, poll_seconds=0.1)


@contextmanager
def emulated_aws() -> Iterator[Emulator]:
    """An AWS account where sixty seconds, a job's limit here, are far more calls than a program needs."""
    with (
        account(seconds_per_call=0.05, checkpoint_sync_seconds=0.5, rates={}) as emulator,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        yield emulator
        assert emulator.internal_errors == []


KINDS = {
    "braket_local": Kind(local),
    "braket_aws": Kind(
        aws,
        emulated_aws,
        "arn:aws:braket:us-east-1:123456789012:job/00000000-0000-0000-0000-000000000000",
        jobs_outlive_it=True,
    ),
}


@dataclass
class Place:
    """An executor on a sweep folder, with a source module of well and badly behaved programs."""

    folder: SweepFolder
    kind: Kind
    executor: Executor
    source: Path
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1000)))
    sources: Sources = field(default_factory=Sources)

    def spec(self, program: str, **changes: object) -> JobSpec:
        module = self.source.stem
        entry_point = program if program == module else f"{module}:{program}"
        spec = JobSpec(
            device="local:braket/default",
            source=self.sources.read(self.source, entry_point),
            entry_point=entry_point,
            hyperparameters={"shots": "1000", "text": "ψ = |0⟩"},
            input_files={},
            instance_type="ml.m5.large",
            max_runtime_seconds=60,
        )
        return replace(spec, **changes)

    def batch(self, spec: JobSpec, attempt: int = 1, number: int | None = None) -> Batch:
        number = next(self.numbers) if number is None else number
        folder = self.folder.job(number)
        prepare(folder, spec, {"seed": number}, [f"seed={number}"])
        token = hashlib.sha256(f"{spec.key}-{number}-{attempt}".encode()).hexdigest()
        name, *earlier = (f"suite-{number}-{k}" for k in range(attempt, 0, -1))
        return Batch(name, token, (Submission(number, spec, folder, token, name, attempt, tuple(earlier)),))

    def submit(self, spec: JobSpec, attempt: int = 1, number: int | None = None) -> tuple[str, JobFolder]:
        batch = self.batch(spec, attempt, number)
        (handle,) = self.hand_over(batch)
        return handle, batch.submissions[0].folder

    def hand_over(self, batch: Batch) -> Sequence[str]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                return self.executor.submit(batch)
            except NotNowError as later:
                time.sleep(later.seconds)
        raise TimeoutError(f"{batch.name} was never taken")

    def until(self, handle: str, holds: Callable[[Status], bool]) -> Status:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            status = self.executor.poll([handle])[handle]
            if isinstance(status, Status) and holds(status):
                return status
            assert time.monotonic() < deadline, f"still {status}"
            self.executor.wait(0.2)

    def end(self, handle: str, folder: JobFolder) -> tuple[Status, Outcome]:
        status = self.until(handle, lambda status: status.state.finished)
        status = self.executor.fetch({handle: (folder, status)})[handle]
        return status, read_outcome(folder, None)

    def run(self, program: str, **changes: object) -> tuple[Status, Outcome, JobFolder]:
        handle, folder = self.submit(self.spec(program, **changes))
        return *self.end(handle, folder), folder


@contextmanager
def opened(kind: Kind, parent: Path) -> Iterator[Place]:
    source = parent / "programs.py"
    source.write_text(PROGRAMS)
    folder = SweepFolder(parent / "a sweep")
    with kind.world(), kind.make(folder) as executor:
        yield Place(folder, kind, executor, source)


@pytest.fixture(scope="module", params=list(KINDS))
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opened(KINDS[request.param], tmp_path_factory.mktemp("place")) as place:
        yield place


@pytest.fixture(scope="module")
def local_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opened(KINDS["braket_local"], tmp_path_factory.mktemp("place")) as place:
        yield place


@pytest.fixture
def own_place(tmp_path: Path) -> Iterator[Place]:
    """A local executor that the test may break."""
    with opened(KINDS["braket_local"], tmp_path) as place:
        yield place
