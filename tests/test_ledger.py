"""The ledger always tells the truth: legal steps only, all of a step or nothing of it."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from sweeper.contract.metric import Metric
from sweeper.errors import FolderError, IllegalTransitionError
from sweeper.job.failure import Failure
from sweeper.job.state import JobState
from sweeper.ledger.file import LAYOUT
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.reader import read_jobs, read_metrics, reading
from sweeper.ledger.record import Entry
from sweeper.ledger.seals import can_seal, seal_fact
from sweeper.ledger.story import read_story

PENDING, SUBMITTING, QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = JobState


def entry(key: str) -> Entry:
    return Entry(key, [f"key={key}"], {"key": key, "nested": {"list": [1, 2.5, None]}}, {"device": "local"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweep.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(path)) as ledger:
        yield ledger


MOVES: dict[JobState, Callable[[Ledger, int], object]] = {
    PENDING: lambda ledger, job: ledger.requeue(job, "again"),
    SUBMITTING: lambda ledger, job: ledger.submitting(job),
    QUEUED: lambda ledger, job: ledger.submitted(job, "handle"),
    RUNNING: lambda ledger, job: ledger.running(job, 10.0),
    COMPLETED: lambda ledger, job: ledger.finish(job, COMPLETED, None),
    FAILED: lambda ledger, job: ledger.finish(job, FAILED, "it failed"),
    CANCELLED: lambda ledger, job: ledger.finish(job, CANCELLED, "cancelled"),
}
WAY_TO: dict[JobState, list[JobState]] = {
    PENDING: [],
    SUBMITTING: [SUBMITTING],
    QUEUED: [SUBMITTING, QUEUED],
    RUNNING: [SUBMITTING, QUEUED, RUNNING],
    COMPLETED: [SUBMITTING, QUEUED, RUNNING, COMPLETED],
    FAILED: [SUBMITTING, QUEUED, RUNNING, FAILED],
    CANCELLED: [CANCELLED],
}


def job_in(ledger: Ledger, state: JobState, key: str = "a") -> int:
    (job,) = ledger.enlist([entry(key)])
    for step in WAY_TO[state]:
        MOVES[step](ledger, job)
    return job


class TestEnlisting:
    def test_new_keys_are_numbered_from_zero_in_order(self, ledger: Ledger) -> None:
        assert ledger.enlist([entry("b"), entry("a")]) == [0, 1]

    def test_a_known_key_keeps_its_number(self, ledger: Ledger) -> None:
        ledger.enlist([entry("a"), entry("b")])
        assert ledger.enlist([entry("c"), entry("b"), entry("a")]) == [2, 1, 0]
        assert [job.key for job in ledger.jobs()] == ["a", "b", "c"]

    def test_a_key_named_twice_is_one_job(self, ledger: Ledger) -> None:
        assert ledger.enlist([entry("a"), entry("a")]) == [0, 0]

    def test_a_known_key_keeps_its_state_and_result(self, ledger: Ledger) -> None:
        job = job_in(ledger, RUNNING)
        ledger.finish(job, COMPLETED, None, result={"value": 1}, objective=1.0)
        before = ledger.job(job)
        ledger.enlist([entry("a")])
        assert ledger.job(job) == before

    def test_a_job_is_stored_as_it_was_given(self, ledger: Ledger) -> None:
        (number,) = ledger.enlist([entry("ψ")])
        job = ledger.job(number)
        assert (job.key, job.overrides) == ("ψ", ["key=ψ"])
        assert job.config == {"key": "ψ", "nested": {"list": [1, 2.5, None]}}
        assert job.choices == {"device": "local"}
        assert (job.state, job.attempts, job.result, job.seconds) == (PENDING, 0, {}, None)

    def test_none_is_enlisted_if_one_cannot_be(self, ledger: Ledger) -> None:
        with pytest.raises(TypeError):
            ledger.enlist([entry("a"), Entry("b", [], {"no": {"JSON"}}, {})])
        assert ledger.jobs() == []


class TestTransitions:
    @pytest.mark.parametrize(("before", "after"), list(product(JobState, JobState)))
    def test_a_step_is_taken_if_the_life_cycle_has_it(
        self, ledger: Ledger, before: JobState, after: JobState
    ) -> None:
        job = job_in(ledger, before)
        if before.may_become(after):
            MOVES[after](ledger, job)
            assert ledger.job(job).state is after
        else:
            unchanged = ledger.job(job)
            with pytest.raises(IllegalTransitionError, match=f"job 0 is {before} and cannot become {after}"):
                MOVES[after](ledger, job)
            assert ledger.job(job) == unchanged

    def test_a_submission_counts_the_attempt(self, ledger: Ledger) -> None:
        (job,) = ledger.enlist([entry("a")])
        assert ledger.submitting(job) == 1
        ledger.requeue(job, "the executor does not know it")
        assert ledger.submitting(job) == 2
        assert ledger.job(job).attempts == 2

    def test_a_new_attempt_starts_with_a_clean_slate(self, ledger: Ledger) -> None:
        job = job_in(ledger, RUNNING)
        ledger.finish(
            job,
            FAILED,
            "out of memory",
            ended_at=20.0,
            result={"value": 1},
            objective=1.0,
            metrics=[Metric(0, 1.0, "energy", -1.0)],
        )
        ledger.requeue(job, "retry")
        ledger.submitting(job)
        record = ledger.job(job)
        assert (record.handle, record.reason, record.started_at, record.ended_at) == (None,) * 4
        assert (record.result, record.objective) == ({}, None)
        assert ledger.metrics() == []

    @pytest.mark.parametrize(
        ("handle", "arn"),
        [
            ("4711", None),
            ("arn:aws:braket:us-east-1:1:job/a", "arn:aws:braket:us-east-1:1:job/a"),
            ("arn:aws:braket:us-east-1:1:job/a#3", "arn:aws:braket:us-east-1:1:job/a"),
        ],
    )
    def test_a_handle_is_kept_and_the_arn_in_it_is_the_jobs(
        self, ledger: Ledger, handle: str, arn: str | None
    ) -> None:
        job = job_in(ledger, SUBMITTING)
        ledger.submitted(job, handle)
        assert (ledger.job(job).handle, ledger.job(job).job_arn) == (handle, arn)

    def test_the_batch_is_that_of_the_attempt(self, ledger: Ledger) -> None:
        jobs = [job_in(ledger, SUBMITTING, key) for key in "ab"]
        ledger.batched(jobs, "token")
        assert [ledger.job(job).batch for job in jobs] == ["token", "token"]
        ledger.requeue(jobs[0], "again")
        ledger.submitting(jobs[0])
        assert [ledger.job(job).batch for job in jobs] == [None, "token"]

    def test_every_transition_is_recorded_with_its_attempt(self, ledger: Ledger, path: Path) -> None:
        job = job_in(ledger, FAILED)
        ledger.requeue(job, "retry")
        ledger.submitting(job)
        with reading(path) as db:
            rows = [tuple(row) for row in db.execute("SELECT attempt, state, reason FROM transitions")]
        assert rows == [
            (0, "SUBMITTING", None),
            (1, "QUEUED", None),
            (1, "RUNNING", None),
            (1, "FAILED", "it failed"),
            (1, "PENDING", "retry"),
            (1, "SUBMITTING", None),
        ]

    def test_a_story_tells_each_step_with_its_handle_and_the_first_line_of_its_reason(
        self, ledger: Ledger, path: Path
    ) -> None:
        job = job_in(ledger, RUNNING)
        ledger.finish(job, FAILED, Failure("it failed\nin two lines", "its log", passing=True))
        ledger.requeue(job, "retry")
        ledger.submitting(job)
        with reading(path) as db:
            story = read_story(db, job)
        assert [(step.attempt, step.state, step.handle, step.reason) for step in story] == [
            (1, SUBMITTING, None, None),
            (1, QUEUED, "handle", None),
            (1, RUNNING, None, None),
            (1, FAILED, None, "it failed"),
            (1, PENDING, None, "retry"),
            (2, SUBMITTING, None, None),
        ]
        assert [step.at for step in story] == sorted(step.at for step in story)

    def test_a_failure_is_kept_until_the_next_attempt(self, ledger: Ledger) -> None:
        job = job_in(ledger, RUNNING)
        failure = Failure("it failed\nin two lines", "its log", passing=True)
        ledger.finish(job, FAILED, failure)
        record = ledger.job(job)
        assert (record.failure, record.why) == (failure, "it failed\nin two lines\nits log")
        ledger.requeue(job, "retry")
        record = ledger.job(job)
        assert (record.failure, record.why) == (None, "it failed\nin two lines\nits log")
        ledger.submitting(job)
        assert ledger.job(job).why is None

    def test_an_illegal_step_tells_the_story(self, ledger: Ledger) -> None:
        job = job_in(ledger, QUEUED)
        with pytest.raises(IllegalTransitionError, match=r"(?s)story: .*SUBMITTING.*QUEUED +handle"):
            ledger.submitting(job)

    def test_states_tells_of_the_jobs_asked_for(self, ledger: Ledger) -> None:
        failed, _ = job_in(ledger, FAILED, "a"), job_in(ledger, PENDING, "b")
        assert ledger.states([failed]) == {failed: FAILED}


class TestFinishing:
    def test_result_metrics_and_cost_are_stored_with_the_state(self, ledger: Ledger) -> None:
        job = job_in(ledger, RUNNING)
        result = {"value": -1.137, "angles": [0.1, {"ψ": None}], "big": 10**40}
        metrics = [Metric(1, 5.0, "energy", -1.0), Metric(None, None, "cut", 3.0)]
        ledger.finish(
            job,
            COMPLETED,
            None,
            started_at=12.0,
            ended_at=14.5,
            cost_usd=0.3,
            result=result,
            objective=-1.137,
            metrics=metrics,
        )
        record = ledger.job(job)
        assert (record.state, record.result, record.objective) == (COMPLETED, result, -1.137)
        assert (record.started_at, record.seconds, record.cost_usd) == (12.0, 2.5, 0.3)
        assert ledger.metrics() == [(job, *metric) for metric in metrics]

    def test_the_start_that_running_told_stays(self, ledger: Ledger) -> None:
        job = job_in(ledger, RUNNING)
        ledger.finish(job, COMPLETED, None, ended_at=13.0)
        assert ledger.job(job).seconds == 3.0

    @pytest.mark.parametrize(
        "what",
        [
            pytest.param({"result": {"no JSON": object()}}, id="result"),
            pytest.param(
                {"metrics": [Metric(1, 0.0, "ok", 1.0), Metric(10**30, 0.0, "x", 1.0)]}, id="metrics"
            ),
        ],
    )
    def test_a_finish_that_fails_leaves_nothing(self, ledger: Ledger, what: dict[str, object]) -> None:
        job = job_in(ledger, RUNNING)
        before = ledger.job(job)
        with pytest.raises((TypeError, OverflowError)):
            ledger.finish(job, COMPLETED, "reason", **{"metrics": [Metric(0, 0.0, "m", 1.0)], **what})
        assert ledger.job(job) == before
        assert ledger.metrics() == []

    def test_an_outer_transaction_holds_several_steps_together(self, ledger: Ledger) -> None:
        job = job_in(ledger, RUNNING)
        with contextlib.suppress(KeyboardInterrupt), ledger.transaction():
            ledger.finish(job, COMPLETED, None, metrics=[Metric(0, 0.0, "m", 1.0)])
            raise KeyboardInterrupt
        assert ledger.job(job).state is RUNNING
        assert ledger.metrics() == []

    def test_infinity_is_kept_and_nan_is_missing(self, ledger: Ledger) -> None:
        job = job_in(ledger, RUNNING)
        metrics = [Metric(0, 0.0, "m", math.inf), Metric(1, 0.0, "m", math.nan)]
        ledger.finish(job, COMPLETED, None, objective=math.nan, metrics=metrics)
        assert ledger.job(job).objective is None
        assert [row[-1] for row in ledger.metrics()] == [math.inf, None]


class TestMoney:
    def test_a_submission_reserves_what_it_may_cost_and_its_end_frees_it(self, ledger: Ledger) -> None:
        first, second = ledger.enlist([entry("a"), entry("b")])
        ledger.submitting(first, 2.0)
        ledger.submitting(second, 3.0)
        assert ledger.committed_usd() == 5.0
        ledger.finish(first, COMPLETED, None, cost_usd=0.5)
        assert ledger.committed_usd() == 3.5
        ledger.requeue(second, "it never arrived")
        assert ledger.committed_usd() == 0.5

    def test_what_earlier_attempts_cost_is_never_forgotten(self, ledger: Ledger) -> None:
        (job,) = ledger.enlist([entry("a")])
        ledger.submitting(job, 2.0)
        ledger.finish(job, FAILED, "it failed", cost_usd=0.5)
        ledger.requeue(job, "retry")
        ledger.submitting(job, 2.0)
        assert ledger.committed_usd() == 2.5
        ledger.finish(job, COMPLETED, None, cost_usd=0.25)
        assert ledger.job(job).cost_usd == ledger.committed_usd() == 0.75

    def test_how_well_earlier_attempts_cost_is_known_is_not_forgotten(self, ledger: Ledger) -> None:
        (job,) = ledger.enlist([entry("a")])
        ledger.submitting(job)
        ledger.finish(job, FAILED, "it failed", cost_usd=0.5, result={"cost_is": "at most", "energy": 1.0})
        ledger.requeue(job, "retry")
        ledger.submitting(job)
        assert ledger.job(job).result == {"cost_is": "at most"}

    def test_a_sweep_without_jobs_costs_nothing(self, ledger: Ledger) -> None:
        assert ledger.committed_usd() == 0


class TestFactsAboutTheSweep:
    def test_a_fact_is_remembered_when_the_ledger_is_opened_again(self, ledger: Ledger, path: Path) -> None:
        assert ledger.recall("run") is None
        ledger.remember("run", {"launcher": "local"})
        ledger.remember("run", {"launcher": "aws", "ψ": [1, None]})
        ledger.close()
        with closing(Ledger(path)) as again:
            assert again.recall("run") == {"launcher": "aws", "ψ": [1, None]}


class TestReading:
    def test_a_reader_sees_what_was_committed_while_a_transaction_is_open(
        self, ledger: Ledger, path: Path
    ) -> None:
        job = job_in(ledger, RUNNING)
        with ledger.transaction():
            ledger.finish(job, COMPLETED, None, metrics=[Metric(0, 0.0, "m", 1.0)])
            with reading(path) as db:
                assert [record.state for record in read_jobs(db)] == [RUNNING]
                assert read_metrics(db) == []
        with reading(path) as db:
            assert [record.state for record in read_jobs(db)] == [COMPLETED]
            assert read_metrics(db) == [(job, 0, 0.0, "m", 1.0)]

    def test_a_reader_never_takes_a_change_meanwhile_for_damage(self, ledger: Ledger, path: Path) -> None:
        job = job_in(ledger, QUEUED)
        with reading(path) as db:

            def change(statement: str) -> None:
                if statement.startswith("SELECT * FROM jobs") and ledger.job(job).state is QUEUED:
                    ledger.running(job, 1.0)

            db.set_trace_callback(change)
            assert [record.state for record in read_jobs(db)] == [QUEUED]
        assert ledger.job(job).state is RUNNING

    def test_a_reader_cannot_write(self, ledger: Ledger, path: Path) -> None:
        job_in(ledger, PENDING)
        with reading(path) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM jobs")

    def test_a_ledger_survives_being_closed(self, ledger: Ledger, path: Path) -> None:
        job_in(ledger, RUNNING)
        identity, jobs = ledger.sweep_id, ledger.jobs()
        ledger.close()
        with closing(Ledger(path, durable=True)) as again:
            assert (again.sweep_id, again.jobs()) == (identity, jobs)

    def test_sweeps_have_different_names(self, ledger: Ledger, tmp_path: Path) -> None:
        with closing(Ledger(tmp_path / "other" / "sweep.db")) as other:
            assert other.sweep_id != ledger.sweep_id

    def test_a_missing_file_is_refused_and_not_made(self, path: Path) -> None:
        with (
            pytest.raises(FolderError, match=r"is not the folder of a sweep: it has no sweep\.db"),
            reading(path),
        ):
            pass
        assert not path.exists()

    @pytest.mark.parametrize("content", [b"no database " * 100, b"SQLite format 3\0" + b"\xff" * 4096])
    def test_a_file_that_is_no_ledger_is_refused_and_left_alone(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        with pytest.raises(FolderError, match=r"sweep\.db is damaged or no ledger"), reading(path):
            pass
        with pytest.raises(FolderError, match=r"sweep\.db is damaged or no ledger"):
            Ledger(path)
        assert path.read_bytes() == content

    def test_an_empty_file_is_not_read_as_a_ledger(self, path: Path) -> None:
        path.touch()
        with pytest.raises(FolderError, match="damaged or no ledger"), reading(path):
            pass

    def test_a_ledger_of_a_newer_version_is_refused(self, ledger: Ledger, path: Path) -> None:
        ledger.close()
        with closing(sqlite3.connect(path)) as db, db:
            can_seal(db)
            db.execute("UPDATE sweep SET value = ? WHERE key = 'layout'", (str(LAYOUT + 1),))
            seal_fact(db, "layout")
        with pytest.raises(FolderError, match=f"newer braket-sweeper .layout {LAYOUT + 1}.: upgrade"):
            Ledger(path)
        with pytest.raises(FolderError, match="newer braket-sweeper"), reading(path):
            pass


@dataclass
class ModelJob:
    """What the ledger ought to say of a job."""

    state: JobState = PENDING
    attempts: int = 0
    result: int | None = None
    handle: str | None = None


class LedgerAgainstModel(RuleBasedStateMachine):
    """Whatever is asked of it, legal or not, the ledger equals a dictionary of the jobs."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "sweep.db"
        self.ledger = Ledger(self.path)
        self.numbers: dict[str, int] = {}
        self.model: dict[int, ModelJob] = {}

    @rule(target=jobs, key=st.sampled_from("abcd"))
    def enlist(self, key: str) -> int:
        (number,) = self.ledger.enlist([entry(key)])
        assert number == self.numbers.setdefault(key, len(self.numbers))
        self.model.setdefault(number, ModelJob())
        return number

    def attempt(self, number: int, state: JobState, act: Callable[[], object]) -> bool:
        """Take a step; whether the life cycle has it."""
        if not self.model[number].state.may_become(state):
            with pytest.raises(IllegalTransitionError):
                act()
            return False
        act()
        self.model[number].state = state
        return True

    @rule(number=jobs)
    def submit(self, number: int) -> None:
        if self.attempt(number, SUBMITTING, lambda: self.ledger.submitting(number)):
            job = self.model[number]
            job.attempts, job.result, job.handle = job.attempts + 1, None, None

    @rule(number=jobs, handle=st.sampled_from(["h1", "h2"]))
    def submitted(self, number: int, handle: str) -> None:
        if self.attempt(number, QUEUED, lambda: self.ledger.submitted(number, handle)):
            self.model[number].handle = handle

    @rule(number=jobs)
    def run_it(self, number: int) -> None:
        self.attempt(number, RUNNING, lambda: self.ledger.running(number, 1.0))

    @rule(number=jobs)
    def requeue(self, number: int) -> None:
        self.attempt(number, PENDING, lambda: self.ledger.requeue(number, "again"))

    @rule(number=jobs, state=st.sampled_from([COMPLETED, FAILED, CANCELLED]), value=st.integers())
    def finish(self, number: int, state: JobState, value: int) -> None:
        if self.attempt(number, state, lambda: self.ledger.finish(number, state, None, result={"v": value})):
            self.model[number].result = value

    @rule(number=jobs, state=st.sampled_from([COMPLETED, FAILED, CANCELLED]))
    def finish_with_what_cannot_be_stored(self, number: int, state: JobState) -> None:
        with pytest.raises((TypeError, IllegalTransitionError)):
            self.ledger.finish(number, state, None, result={"v": object()})

    @rule()
    def reopen(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.path)

    @invariant()
    def equals_the_model(self) -> None:
        records = {
            job.number: ModelJob(job.state, job.attempts, job.result.get("v"), job.handle)
            for job in self.ledger.jobs()
        }
        assert records == self.model

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()


TestLedgerAgainstModel = LedgerAgainstModel.TestCase
TestLedgerAgainstModel.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


def test_where_a_job_stands_and_what_it_was_composed_of_agree_with_its_record(ledger: Ledger) -> None:
    first, second = ledger.enlist([entry("a"), entry("b")])
    MOVES[SUBMITTING](ledger, second)
    ledger.finish(second, COMPLETED, None, result={"value": math.inf, "text": "ψ"}, objective=-1.5)
    for number in (first, second):
        record, standing = ledger.job(number), ledger.standing(number)
        for name in ("number", "choices", "state", "result", "objective"):
            assert getattr(standing, name) == getattr(record, name)
        assert ledger.composed(number) == (record.config, record.overrides)
    assert ledger.states([second, 17]) == {second: COMPLETED}
    assert ledger.states([]) == {}
