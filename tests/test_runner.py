"""The runner against an executor whose jobs do what the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from sweeper.contract.outcome import Outcome, read_outcome
from sweeper.errors import SweeperError
from sweeper.executors.base import (
    AccessLostError,
    Batch,
    NotNowError,
    SelfContained,
    Status,
    Submission,
    Unknown,
)
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.job.cost import Cost
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry
from sweeper.running.runner import Runner

COMPLETED = Status(JobState.COMPLETED, started_at=1.0, ended_at=2.0, billed_seconds=60.0)
RUNNING = Status(JobState.RUNNING, started_at=1.0)


@dataclass
class ScriptedExecutor(SelfContained):
    """Each job goes through the statuses of its script, one a poll; the last one stays."""

    script: Mapping[str, list[Status | Unknown]] = field(default_factory=dict)
    concurrency: int = 2
    paid: bool = False
    outlives_us: bool = False
    batch_size: int = 1
    not_now: list[BaseException] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    when_polled: dict[int, Callable[[], None]] = field(default_factory=dict)
    arrived: dict[str, list[str]] = field(default_factory=dict)
    not_found: list[Unknown] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    words: str = "nowhere"
    submissions: list[Submission] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    most_at_once: int = 0
    interrupt_after: int | None = None
    polls: int = 0
    refuses: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.left: dict[str, list[Status | Unknown]] = {}

    def check(self, spec: JobSpec) -> None: ...

    def batch_key(self, spec: JobSpec) -> Hashable:
        return spec.device

    def remarks(self, _: Sequence[JobSpec]) -> list[str]:
        return []

    def submit(self, batch: Batch) -> list[str]:
        self.asked.append((batch.token, batch.name))
        if self.not_now:
            raise self.not_now.pop(0)
        handles = []
        for submission in batch.submissions:
            name = submission.spec.hyperparameters["name"]
            if name in self.refuses:
                raise OSError("file name too long")
            self.submissions.append(submission)
            handle = f"{name}-{len(self.submissions)}"
            self.left[handle] = list(self.script.get(name, [RUNNING, COMPLETED]))
            handles.append(handle)
        self.batches.append(batch)
        return handles

    def find(self, batch: Batch) -> list[str] | Unknown | None:
        return self.not_found.pop(0) if self.not_found else self.arrived.get(batch.token)

    def poll(self, handles: Collection[str]) -> Mapping[str, Status | Unknown]:
        self.polls += 1
        self.when_polled.get(self.polls, lambda: None)()
        if self.interrupt_after is not None and self.polls > self.interrupt_after:
            self.interrupt_after = None
            raise KeyboardInterrupt
        self.most_at_once = max(self.most_at_once, len(handles))
        answer: dict[str, Status | Unknown] = {}
        for handle in handles:
            if handle in self.cancelled:
                answer[handle] = Status(JobState.CANCELLED, "cancelled")
            elif left := self.left.get(handle):
                answer[handle] = left.pop(0) if len(left) > 1 else left[0]
        return answer

    def wait(self, seconds: float) -> None: ...

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        for folder, _ in finished.values():
            folder.root.mkdir(parents=True, exist_ok=True)
        return {handle: status for handle, (_, status) in finished.items()}

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

    def run(
        self,
        executor: ScriptedExecutor,
        names: str,
        *,
        max_usd: float | None = None,
        until_submitted: bool = False,
        max_failures: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
        resubmit: Callable[[str], bool] = lambda _: False,
        **changes: object,
    ) -> list[int]:
        specs = [replace(spec(name), **changes) for name in names]  # type: ignore[arg-type]
        numbers = self.ledger.enlist(
            Entry(s.key, [], {"name": s.hyperparameters["name"]}, {}, s.to_json()) for s in specs
        )
        runner = Runner(
            self.folder,
            self.ledger,
            executor,
            max_usd=max_usd,
            max_failures=max_failures,
            interrupted=interrupted,
            resubmit=resubmit,
        )
        runner.run(dict(zip(numbers, specs, strict=True)), until_submitted=until_submitted)
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
        max_runtime_seconds=3600,
        cost=Cost(tasks=10, shots=1000, tasks_usd=1.0, instance_usd=3.6),
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
    bench.run(ScriptedExecutor(paid=True), "a")
    (job,) = bench.ledger.jobs()
    # A minute of an instance at 3.60 USD an hour; the tasks are not told, so their bound counts.
    assert (job.seconds, job.attempts) == (1.0, 1)
    assert job.cost_usd == pytest.approx(0.06 + 1.0)
    assert job.reserved_usd == 0.0


def test_what_is_not_known_of_a_cost_counts_as_the_most_it_can_have_been(bench: Bench) -> None:
    bench.run(ScriptedExecutor({"a": [Status(JobState.FAILED, "killed")]}, paid=True), "a")
    assert bench.ledger.job(0).cost_usd == pytest.approx(spec("a").cost.usd)


def test_costs_of_all_attempts_add_up(bench: Bench) -> None:
    bench.run(ScriptedExecutor({"a": [Status(JobState.FAILED, "killed")]}, paid=True), "a")
    bench.run(ScriptedExecutor(paid=True), "a")
    assert bench.ledger.job(0).cost_usd == pytest.approx(spec("a").cost.usd + 1.06)


def test_the_budget_holds_back_what_could_exceed_it(bench: Bench) -> None:
    executor = ScriptedExecutor(paid=True, concurrency=10)
    bench.run(executor, "abcd", max_usd=3 * spec("a").cost.usd)
    # Three fit at once; when they have ended for less than their bounds, the fourth fits too.
    assert executor.most_at_once == 3
    assert bench.states() == ["COMPLETED"] * 4


def test_what_the_budget_never_allows_stays_pending(bench: Bench) -> None:
    unknown = {name: [Status(JobState.FAILED, "killed")] for name in "abcd"}
    executor = ScriptedExecutor(unknown, paid=True, concurrency=10)
    bench.run(executor, "abcd", max_usd=2.5 * spec("a").cost.usd)
    assert bench.states() == ["FAILED", "FAILED", "PENDING", "PENDING"]
    assert bench.ledger.committed_usd() <= 2.5 * spec("a").cost.usd


def test_jobs_are_handed_over_in_batches_that_share_an_instance(bench: Bench) -> None:
    executor = ScriptedExecutor(paid=True, batch_size=3, concurrency=1)
    bench.run(executor, "abcde")
    assert [[s.number for s in batch.submissions] for batch in executor.batches] == [[0, 1, 2], [3, 4]]
    assert bench.states() == ["COMPLETED"] * 5


def test_only_jobs_that_are_equal_in_what_a_batch_shares_are_handed_over_together(bench: Bench) -> None:
    devices = dict(zip("abcdef", ("local:braket/default", "arn:aws:braket:::device/qpu") * 3, strict=True))
    specs = [replace(spec(name), device=device) for name, device in devices.items()]
    numbers = bench.ledger.enlist(Entry(s.key, [], {}, {}) for s in specs)
    executor = ScriptedExecutor(batch_size=2, concurrency=1)
    Runner(bench.folder, bench.ledger, executor).run(dict(zip(numbers, specs, strict=True)))
    assert [[s.number for s in batch.submissions] for batch in executor.batches] == [[0, 2], [1, 3], [4], [5]]
    assert all(len({s.spec.device for s in batch.submissions}) == 1 for batch in executor.batches)


def test_a_refusal_for_now_is_repeated_with_the_same_token(bench: Bench) -> None:
    executor = ScriptedExecutor(not_now=[NotNowError("too many", 0.0), NotNowError("no answer", 0.0)])
    bench.run(executor, "ab")
    assert bench.states() == ["COMPLETED"] * 2
    assert [job.attempts for job in bench.ledger.jobs()] == [1, 1]
    assert len({token for token, _ in executor.asked[:3]}) == 1


def test_a_crash_before_the_answer_never_makes_a_second_job(bench: Bench) -> None:
    class Killed(BaseException):
        """Stands for a kill: nothing is tidied up."""

    executor = ScriptedExecutor(not_now=[Killed()])
    with pytest.raises(Killed):
        bench.run(executor, "a")
    assert bench.states() == ["SUBMITTING"]
    ((token, _),) = executor.asked
    arrived = ScriptedExecutor(arrived={token: ["a-7"]})
    arrived.left["a-7"] = [RUNNING, COMPLETED]
    bench.run(arrived, "a")
    assert arrived.asked == []
    assert bench.states() == ["COMPLETED"]
    assert bench.ledger.job(0).attempts == 1


def test_a_crash_before_the_call_repeats_it_with_the_same_token(bench: Bench) -> None:
    class Killed(BaseException):
        pass

    executor = ScriptedExecutor(not_now=[Killed()], batch_size=2)
    with pytest.raises(Killed):
        bench.run(executor, "ab")
    again = ScriptedExecutor(batch_size=2)
    bench.run(again, "ab")
    assert again.asked == executor.asked
    assert bench.states() == ["COMPLETED"] * 2


@pytest.mark.parametrize("names", ["cba", "c", "dab"])
def test_a_batch_that_may_have_arrived_is_looked_for_as_it_was(bench: Bench, names: str) -> None:
    class Killed(BaseException):
        pass

    executor = ScriptedExecutor(not_now=[Killed()], batch_size=3)
    with pytest.raises(Killed):
        bench.run(executor, "abc")
    # Another order, fewer jobs, or others: what arrived is the batch that was announced.
    ((token, _),) = executor.asked
    again = ScriptedExecutor(batch_size=3, arrived={token: ["a-1", "b-1", "c-1"]})
    again.left = {handle: [COMPLETED] for handle in ("a-1", "b-1", "c-1")}
    bench.run(again, names)
    assert [s.spec.hyperparameters["name"] for s in again.submissions] == [n for n in names if n == "d"]
    assert bench.states() == ["COMPLETED"] * len({*"abc", *names})


def test_a_request_to_cancel_ends_everything(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [COMPLETED], "b": [RUNNING]})
    executor.when_polled = {2: bench.folder.cancel_request.touch}
    bench.run(executor, "abcd")
    assert bench.states() == ["COMPLETED", "CANCELLED", "CANCELLED", "CANCELLED"]
    assert executor.cancelled


def test_a_request_to_cancel_finds_a_job_whose_creation_was_never_answered(bench: Bench) -> None:
    executor = ScriptedExecutor(not_now=[NotNowError("no answer", 3600.0)])

    def arrive() -> None:
        executor.arrived = {executor.asked[0][0]: ["a-9"]}
        executor.left["a-9"] = [RUNNING]
        bench.folder.cancel_request.touch()

    executor.when_polled = {1: arrive}
    bench.run(executor, "a")
    assert executor.cancelled == ["a-9"]
    assert bench.states() == ["CANCELLED"]


def test_a_job_that_vanishes_while_it_is_being_cancelled_is_not_run_again(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [RUNNING] * 9})

    def vanish() -> None:
        executor.left.clear()
        executor.cancelled.clear()

    executor.when_polled = {1: bench.folder.cancel_request.touch, 2: vanish}
    bench.run(executor, "a")
    assert len(executor.submissions) == 1
    assert bench.states() == ["CANCELLED"]


def test_an_interrupt_does_not_wait_for_a_job_that_has_vanished(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [RUNNING] * 9}, interrupt_after=1)

    def vanish() -> None:
        executor.left.clear()
        executor.cancelled.clear()

    executor.when_polled = {3: vanish}
    with pytest.raises(KeyboardInterrupt):
        bench.run(executor, "a")
    assert bench.states() == ["PENDING"]


def test_handing_over_without_waiting_leaves_the_jobs_running(bench: Bench) -> None:
    executor = ScriptedExecutor(
        concurrency=5, script={name: [RUNNING] * 9 for name in "ab"}, outlives_us=True
    )
    bench.run(executor, "ab", until_submitted=True)
    assert set(bench.states()) <= {"QUEUED", "RUNNING"}


def test_an_interrupt_leaves_jobs_running_that_outlive_us(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [RUNNING]}, interrupt_after=2, outlives_us=True)
    with pytest.raises(KeyboardInterrupt):
        bench.run(executor, "a")
    assert bench.states() == ["RUNNING"]
    assert executor.cancelled == []


def test_a_failure_is_one_row_and_not_the_end(bench: Bench) -> None:
    executor = ScriptedExecutor({"b": [Status(JobState.FAILED, "exit code 3")]})
    bench.run(executor, "abc")
    assert bench.states() == ["COMPLETED", "FAILED", "COMPLETED"]
    assert bench.ledger.job(1).reason == "exit code 3"


def test_a_job_whose_folder_cannot_be_written_fails_alone(bench: Bench) -> None:
    bench.run(ScriptedExecutor(refuses={"b"}), "abc")
    assert bench.states() == ["COMPLETED", "FAILED", "COMPLETED"]
    assert "file name too long" in (bench.ledger.job(1).reason or "")


CAPACITY = Status(JobState.FAILED, "CapacityError: no instance", billed_seconds=0.0, passing=True)
LOST = Status(JobState.FAILED, "InternalServerError: lost", billed_seconds=600.0, passing=True)


class FailsFirst(ScriptedExecutor):
    """The first hand-overs of a job come to these ends, the next one completes."""

    def __init__(self, ends: Mapping[str, Sequence[Status]], **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.ends = {name: list(statuses) for name, statuses in ends.items()}

    def submit(self, batch: Batch) -> list[str]:
        handles = super().submit(batch)
        for handle, submission in zip(handles, batch.submissions, strict=True):
            if ends := self.ends.get(submission.spec.hyperparameters["name"]):
                self.left[handle] = [RUNNING, ends.pop(0)]
        return handles


def test_a_passing_reason_is_tried_again_and_every_attempt_is_paid_for(bench: Bench) -> None:
    executor = FailsFirst({"b": [CAPACITY, LOST]}, paid=True)
    bench.run(executor, "abc", retries=2, first_pause_seconds=0.0)
    assert bench.states() == ["COMPLETED"] * 3
    job = bench.ledger.job(1)
    assert (job.attempts, job.reserved_usd) == (3, 0.0)
    # An attempt that never started is free; the others took 10 and 1 minutes of an instance at 3.60 USD an
    # hour, and their tasks, which nobody counted, count as their bound of 1 USD.
    assert job.cost_usd == pytest.approx(0.0 + 0.6 + 0.06 + 2 * 1.0)
    assert job.result["cost_is"] == "at most"
    assert len({token for token, _ in executor.asked}) == 5


def test_the_last_try_counts(bench: Bench) -> None:
    executor = FailsFirst({"a": [CAPACITY, CAPACITY, CAPACITY]})
    bench.run(executor, "a", retries=2, first_pause_seconds=0.0)
    assert bench.states() == ["FAILED"]
    assert bench.ledger.job(0).attempts == 3
    # Another run has its own tries.
    bench.run(executor, "a")
    assert bench.states() == ["COMPLETED"]


@pytest.mark.parametrize(
    "reason",
    [
        "AlgorithmError: RuntimeError: the circuit is too deep",
        "AlgorithmError: ThrottlingException: the job's own retries were not enough",
        "exit code 3",
        "killed by SIGSEGV",
        "stopped after 60 s by job.max_runtime_seconds",
        "stopped by job.max_runtime_seconds",
        "it could not be submitted: Creating a hybrid job: ValidationException: no",
    ],
)
def test_what_would_fail_again_is_not_tried_again(bench: Bench, reason: str) -> None:
    bench.run(FailsFirst({"a": [Status(JobState.FAILED, reason)]}), "a", retries=5, first_pause_seconds=0.0)
    assert bench.states() == ["FAILED"]
    assert bench.ledger.job(0).attempts == 1


def test_waiting_for_a_retry_holds_nobody_up_and_is_seen_in_the_ledger(bench: Bench) -> None:
    executor = FailsFirst({"a": [CAPACITY]}, concurrency=1)
    done = list("bcd")

    def interrupted() -> bool:
        return bench.states()[1:] == ["COMPLETED"] * len(done)

    with pytest.raises(KeyboardInterrupt):
        bench.run(executor, "abcd", retries=1, first_pause_seconds=3600.0, interrupted=interrupted)
    assert bench.states() == ["PENDING"] + ["COMPLETED"] * 3
    assert "CapacityError" in (bench.ledger.job(0).reason or "")
    bench.run(executor, "abcd")
    assert bench.ledger.job(0).attempts == 2


def test_a_retry_is_made_only_within_the_budget(bench: Bench) -> None:
    unknown = Status(JobState.FAILED, "InternalServerError: lost", passing=True)
    executor = FailsFirst({"a": [unknown, unknown]}, paid=True)
    bench.run(executor, "a", max_usd=spec("a").cost.usd * 1.5, retries=5, first_pause_seconds=0.0)
    assert bench.states() == ["PENDING"]
    assert bench.ledger.job(0).attempts == 1


def test_a_retry_is_cancelled_with_the_rest(bench: Bench) -> None:
    executor = FailsFirst({"a": [CAPACITY]}, concurrency=1)
    executor.when_polled = {4: bench.folder.cancel_request.touch}
    executor.script = {"b": [RUNNING]}
    bench.run(executor, "ab", retries=1, first_pause_seconds=3600.0)
    assert bench.states() == ["CANCELLED"] * 2


def test_each_attempt_leaves_its_files_under_its_number(bench: Bench) -> None:
    class Writes(FailsFirst):
        def submit(self, batch: Batch) -> list[str]:
            (submission,) = batch.submissions
            (submission.folder.results / "mine.txt").write_text(str(len(self.submissions)))
            return super().submit(batch)

    bench.run(Writes({"a": [CAPACITY, LOST]}), "a", retries=2, first_pause_seconds=0.0)
    folder = bench.folder.job(0)
    files = {k: folder.attempts / k / "results/mine.txt" for k in ("1", "2")}
    assert {k: file.read_text() for k, file in files.items()} == {"1": "0", "2": "1"}
    assert (folder.results / "mine.txt").read_text() == "2"


@pytest.mark.parametrize(("most", "failed"), [(1, 1), (2, 2), (None, 4)])
def test_after_so_many_failures_nothing_further_is_started(
    bench: Bench, most: int | None, failed: int
) -> None:
    broken = {name: [Status(JobState.FAILED, "exit code 3")] for name in "abcd"}
    bench.run(ScriptedExecutor(broken, concurrency=1), "abcd", max_failures=most)
    assert bench.states() == ["FAILED"] * failed + ["CANCELLED"] * (4 - failed)
    if most:
        assert "max_failures" in (bench.ledger.job(3).reason or "")


def test_what_runs_when_too_many_have_failed_goes_on_to_its_end(bench: Bench) -> None:
    script = {"a": [RUNNING, Status(JobState.FAILED, "exit code 3")], "b": [RUNNING] * 9 + [COMPLETED]}
    executor = ScriptedExecutor(script, concurrency=2)
    bench.run(executor, "abc", max_failures=1)
    assert bench.states() == ["FAILED", "COMPLETED", "CANCELLED"]
    assert executor.cancelled == []


class LogsMuch(ScriptedExecutor):
    """Job `a` logs more metrics than can be read in passing."""

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        fetched = super().fetch(finished)
        for handle, (folder, _) in finished.items():
            if handle.startswith("a"):
                lines = (f"Metrics - timestamp={n}; loss={n}; iteration_number={n};\n" for n in range(20_000))
                folder.log.write_text("".join(lines))
        return fetched


def test_reading_a_long_log_holds_nobody_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    others_ended = threading.Event()

    def late(folder: JobFolder, *wanted: Any, **more: Any) -> Outcome:
        if folder.log.exists():
            assert others_ended.wait(60)
        return read_outcome(folder, *wanted, **more)

    def look() -> bool:
        if bench.states() == ["RUNNING", *["COMPLETED"] * 3]:
            others_ended.set()
        return False

    monkeypatch.setattr("sweeper.running.reading.read_outcome", late)
    bench.run(LogsMuch(concurrency=1), "abcd", interrupted=look)
    assert bench.states() == ["COMPLETED"] * 4
    assert [row[1] for row in bench.ledger.metrics()] == list(range(20_000))


def test_an_interrupt_writes_down_what_was_being_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted = threading.Event()

    def late(folder: JobFolder, *wanted: Any, **more: Any) -> Outcome:
        assert interrupted.wait(60)
        return read_outcome(folder, *wanted, **more)

    def stop() -> bool:
        if bench.states() == ["RUNNING"] and bench.folder.job(0).log.exists():
            interrupted.set()
        return interrupted.is_set()

    monkeypatch.setattr("sweeper.running.reading.read_outcome", late)
    with pytest.raises(KeyboardInterrupt):
        bench.run(LogsMuch(), "a", interrupted=stop)
    assert bench.states() == ["COMPLETED"]
    assert len(bench.ledger.metrics()) == 20_000


def test_losing_access_ends_the_run_and_fails_no_job(bench: Bench) -> None:
    executor = ScriptedExecutor(not_now=[AccessLostError("log in again")])
    with pytest.raises(AccessLostError):
        bench.run(executor, "ab")
    assert bench.states() == ["SUBMITTING", "PENDING"]
    bench.run(ScriptedExecutor(), "ab")
    assert bench.states() == ["COMPLETED"] * 2
    assert bench.ledger.job(0).attempts == 1


NOT_KNOWN = Unknown("never heard of it", 1)
LOST_FOR_GOOD = Unknown("never heard of it", 9, lasting=True)


def test_what_is_unknown_for_a_while_is_waited_for(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [RUNNING, NOT_KNOWN, NOT_KNOWN, COMPLETED]}, paid=True)
    bench.run(executor, "ab")
    assert bench.states() == ["COMPLETED"] * 2
    assert len(executor.submissions) == 2


def test_a_lost_job_stays_reserved_and_holds_up_nobody_else(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [RUNNING, LOST_FOR_GOOD]}, paid=True, concurrency=2)
    with pytest.raises(SweeperError, match=r"(?s)What became of a job cannot be learnt.*job 0, a-1"):
        bench.run(executor, "abcd")
    assert bench.states() == ["RUNNING"] + ["COMPLETED"] * 3
    assert bench.ledger.job(0).reserved_usd == pytest.approx(spec("a").cost.usd)


def test_a_person_may_have_a_lost_job_submitted_again_and_both_are_counted(bench: Bench) -> None:
    asked: list[str] = []

    def resubmit(question: str) -> bool:
        asked.append(question)
        return len(asked) == 1

    executor = ScriptedExecutor({"a": [LOST_FOR_GOOD]}, paid=True)
    with pytest.raises(SweeperError, match="cannot be learnt"):
        bench.run(executor, "a", resubmit=resubmit)
    assert "job 0, a-1" in asked[0]
    assert len(executor.submissions) == 2
    assert bench.ledger.committed_usd() == pytest.approx(2 * spec("a").cost.usd)
    with pytest.raises(SweeperError, match="submitted again 2 times already"):
        bench.run(executor, "a", resubmit=lambda _: True)
    assert len(executor.submissions) == 3  # the one that was lost is asked for, and given up once more


@pytest.mark.parametrize("found", [True, False])
def test_a_creation_without_an_answer_is_looked_for_then_repeated_and_its_job_ended(
    bench: Bench, found: bool
) -> None:
    executor = ScriptedExecutor({"a": [RUNNING]}, not_now=[NotNowError("no answer", 3600.0)], paid=True)
    late = [NOT_KNOWN] * 3

    def cancel() -> None:
        executor.not_found = late if found else [*late, *[LOST_FOR_GOOD] * 9]
        if found:
            executor.arrived = {executor.asked[0][0]: ["a-9"]}
            executor.left["a-9"] = [RUNNING]
        bench.folder.cancel_request.touch()

    executor.when_polled = {1: cancel}
    clock = iter(range(0, 10**9, 1000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sweeper.running.runner.time.monotonic", lambda: float(next(clock)))
        bench.run(executor, "a")
    assert len(executor.asked) == (1 if found else 2)
    assert len({token for token, _ in executor.asked}) == 1
    assert executor.cancelled == [bench.ledger.job(0).handle]
    assert bench.states() == ["CANCELLED"]


def test_what_was_only_ever_refused_is_not_looked_for(bench: Bench) -> None:
    refused = NotNowError("too many", 3600.0, may_have_arrived=False)
    executor = ScriptedExecutor(not_now=[refused], not_found=[NOT_KNOWN])
    executor.when_polled = {1: bench.folder.cancel_request.touch}
    bench.run(executor, "a")
    assert bench.states() == ["CANCELLED"]
    assert executor.not_found == [NOT_KNOWN]


def test_a_refusal_after_an_unanswered_try_is_no_proof_that_it_did_not_arrive(bench: Bench) -> None:
    executor = ScriptedExecutor(not_now=[NotNowError("no answer", 0.0), SweeperError("no such role")])

    def arrive() -> None:
        executor.arrived = {executor.asked[0][0]: ["a-9"]}
        executor.left["a-9"] = [RUNNING, COMPLETED]

    executor.when_polled = {2: arrive}
    executor.not_found = [NOT_KNOWN]
    bench.run(executor, "a")
    assert bench.states() == ["COMPLETED"]


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
    bench.ledger.submitted(number, "a-0")
    executor.left["a-0"] = [RUNNING, COMPLETED]
    bench.run(executor, "a")
    assert executor.submissions == []
    assert bench.states() == ["COMPLETED"]


@pytest.mark.parametrize("handed_over", [True, False])
def test_jobs_lost_with_an_earlier_process_are_submitted_again(bench: Bench, handed_over: bool) -> None:
    (number,) = bench.ledger.enlist([Entry(spec("a").key, [], {}, {})])
    bench.ledger.submitting(number)
    if handed_over:
        bench.ledger.submitted(number, "forgotten")
    bench.run(ScriptedExecutor(), "a")
    assert bench.states() == ["COMPLETED"]
    assert bench.ledger.job(number).attempts == 2


def test_each_attempt_has_its_own_token_and_a_valid_job_name(bench: Bench) -> None:
    executor = ScriptedExecutor({"a": [Status(JobState.FAILED, "once")]})
    bench.run(executor, "a")
    bench.run(executor, "a")
    first, second = executor.submissions
    assert first.token != second.token
    names = [batch.name for batch in executor.batches]
    assert len(set(names)) == 2
    assert all(len(name) <= 50 and name.replace("-", "").isalnum() for name in names)


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
    monkeypatch.setattr("sweeper.running.runner.time.monotonic", lambda: float(next(clock)))
    with pytest.raises(SweeperError, match="could not be stopped: a-1"):
        bench.run(executor, "a")
