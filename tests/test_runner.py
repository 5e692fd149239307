"""The runner against an executor whose jobs do what the test says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from sweeper.errors import SweeperError
from sweeper.executors.base import Status, Submission
from sweeper.folder import JobFolder, SweepFolder
from sweeper.ledger import Entry, Ledger
from sweeper.runner import Runner
from sweeper.source import Source
from sweeper.spec import JobSpec
from sweeper.states import JobState

COMPLETED = Status(JobState.COMPLETED, started_at=1.0, ended_at=2.0, cost_usd=0.5)
RUNNING = Status(JobState.RUNNING, started_at=1.0)


@dataclass
class ScriptedExecutor:
    """Each job goes through the statuses of its script, one a poll; the last one stays."""

    script: Mapping[str, list[Status]] = field(default_factory=dict)
    concurrency: int = 2
    paid: bool = False
    words: str = "nowhere"
    submissions: list[Submission] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    most_at_once: int = 0
    interrupt_after: int | None = None
    polls: int = 0
    refuses: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.left: dict[str, list[Status]] = {}

    def check(self, spec: JobSpec) -> None: ...

    def submit(self, submission: Submission) -> str:
        name = submission.spec.hyperparameters["name"]
        if name in self.refuses:
            raise OSError("no space left on device")
        self.submissions.append(submission)
        handle = f"{name}-{len(self.submissions)}"
        self.left[handle] = list(self.script.get(name, [RUNNING, COMPLETED]))
        return handle

    def poll(self, handles: Collection[str]) -> Mapping[str, Status]:
        self.polls += 1
        if self.interrupt_after is not None and self.polls > self.interrupt_after:
            self.interrupt_after = None
            raise KeyboardInterrupt
        self.most_at_once = max(self.most_at_once, len(handles))
        answer = {}
        for handle in handles:
            if handle in self.cancelled:
                answer[handle] = Status(JobState.CANCELLED, "cancelled")
            elif left := self.left.get(handle):
                answer[handle] = left.pop(0) if len(left) > 1 else left[0]
        return answer

    def wait(self, seconds: float) -> None: ...

    def fetch(self, handle: str, folder: JobFolder) -> None:
        assert handle in self.left
        folder.root.mkdir(parents=True, exist_ok=True)

    def cancel(self, handles: Collection[str]) -> None:
        self.cancelled += handles

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass
class Bench:
    folder: SweepFolder
    ledger: Ledger

    def run(self, executor: ScriptedExecutor, names: str) -> list[int]:
        specs = [spec(name) for name in names]
        numbers = self.ledger.enlist(Entry(s.key, [], {"name": s.hyperparameters["name"]}, {}) for s in specs)
        Runner(self.folder, self.ledger, executor).run(dict(zip(numbers, specs, strict=True)))
        return numbers

    def states(self) -> list[str]:
        return [str(job.state) for job in self.ledger.jobs()]


def spec(name: str) -> JobSpec:
    return JobSpec(
        device="local:braket/default",
        source=Source(Path("script.py"), "digest"),
        entry_point="script",
        hyperparameters={"name": name},
        input_files={},
        instance_type="ml.m5.large",
        max_runtime_seconds=60,
    )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    folder = SweepFolder(tmp_path)
    ledger = Ledger(folder.ledger)
    yield Bench(folder, ledger)
    ledger.close()


def test_all_jobs_run_within_the_concurrency_in_order(bench: Bench) -> None:
    executor = ScriptedExecutor(concurrency=2)
    bench.run(executor, "abcde")
    assert bench.states() == ["COMPLETED"] * 5
    assert [submission.spec.hyperparameters["name"] for submission in executor.submissions] == list("abcde")
    assert executor.most_at_once == 2


def test_times_and_cost_are_recorded(bench: Bench) -> None:
    bench.run(ScriptedExecutor(), "a")
    (job,) = bench.ledger.jobs()
    assert (job.seconds, job.cost_usd, job.attempts) == (1.0, 0.5, 1)


def test_a_failure_is_one_row_and_not_the_end(bench: Bench) -> None:
    executor = ScriptedExecutor({"b": [Status(JobState.FAILED, "exit code 3")]})
    bench.run(executor, "abc")
    assert bench.states() == ["COMPLETED", "FAILED", "COMPLETED"]
    assert bench.ledger.job(1).reason == "exit code 3"


def test_a_job_whose_folder_cannot_be_written_fails_alone(bench: Bench) -> None:
    bench.run(ScriptedExecutor(refuses={"b"}), "abc")
    assert bench.states() == ["COMPLETED", "FAILED", "COMPLETED"]
    assert "no space left on device" in (bench.ledger.job(1).reason or "")


def test_completed_jobs_are_not_run_again_and_failed_ones_are(bench: Bench) -> None:
    bench.run(ScriptedExecutor({"b": [Status(JobState.FAILED, "exit code 3")]}), "ab")
    again = ScriptedExecutor()
    bench.run(again, "abc")
    assert [submission.spec.hyperparameters["name"] for submission in again.submissions] == ["b", "c"]
    assert bench.states() == ["COMPLETED"] * 3
    assert [job.attempts for job in bench.ledger.jobs()] == [1, 2, 1]


def test_equal_jobs_run_once(bench: Bench) -> None:
    executor = ScriptedExecutor()
    assert bench.run(executor, "aba") == [0, 1, 0]
    assert len(executor.submissions) == 2


def test_jobs_an_executor_still_holds_are_adopted(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [RUNNING, RUNNING, COMPLETED]}, interrupt_after=None)
    (number,) = bench.ledger.enlist([Entry(spec("a").key, [], {}, {})])
    bench.ledger.submitting(number)
    bench.ledger.submitted(number, "a-0", None)
    executor.left["a-0"] = [RUNNING, COMPLETED]
    bench.run(executor, "a")
    assert executor.submissions == []
    assert bench.states() == ["COMPLETED"]


@pytest.mark.parametrize("handed_over", [True, False])
def test_jobs_lost_with_an_earlier_process_are_submitted_again(bench: Bench, handed_over: bool) -> None:
    (number,) = bench.ledger.enlist([Entry(spec("a").key, [], {}, {})])
    bench.ledger.submitting(number)
    if handed_over:
        bench.ledger.submitted(number, "forgotten", None)
    bench.run(ScriptedExecutor(), "a")
    assert bench.states() == ["COMPLETED"]
    assert bench.ledger.job(number).attempts == 2


def test_each_attempt_has_its_own_token_and_a_valid_job_name(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [Status(JobState.FAILED, "once")]})
    bench.run(executor, "a")
    bench.run(executor, "a")
    first, second = executor.submissions
    assert first.token != second.token
    assert first.name != second.name
    assert all(len(s.name) <= 50 and s.name.replace("-", "").isalnum() for s in (first, second))


def test_an_interrupt_ends_what_runs_and_writes_it_down(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [COMPLETED], "b": [RUNNING], "c": [RUNNING]}, interrupt_after=2)
    with pytest.raises(KeyboardInterrupt):
        bench.run(executor, "abcd")
    assert bench.states() == ["COMPLETED", "CANCELLED", "CANCELLED", "PENDING"]
    bench.run(ScriptedExecutor(), "abcd")
    assert bench.states() == ["COMPLETED"] * 4


def test_jobs_that_will_not_stop_are_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    executor = ScriptedExecutor({"a": [RUNNING]}, interrupt_after=1)
    executor.cancel = lambda _: None  # type: ignore[method-assign]
    clock = iter(range(10_000))
    monkeypatch.setattr("sweeper.runner.time.monotonic", lambda: float(next(clock)))
    with pytest.raises(SweeperError, match="could not be stopped: a-1"):
        bench.run(executor, "a")
