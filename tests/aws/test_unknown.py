"""Unknown is not absent: a job that may exist is neither forgotten, nor bought again in silence."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeper.cost import Cost
from sweeper.errors import SweeperError
from sweeper.executors.aws import AwsExecutor
from sweeper.executors.aws.pace import Clock
from sweeper.folder import SweepFolder
from sweeper.job_record import Entry
from sweeper.ledger import Ledger
from sweeper.ledger_reader import read_jobs, reading
from sweeper.lost_jobs import MOST_RESUBMISSIONS
from sweeper.runner import Runner
from sweeper.source import read_source
from sweeper.spec import JobSpec

from ..emulator import Emulator, EmulatorSettings, Fault, FaultKind, StubProgram
from .conftest import NO_REHEARSAL, Cloud, MakeCloud
from .test_faults import assert_complete

OTHER_ACCOUNT = "999988887777"
NEVER = 1e9
IMPATIENT = ("hydra.launcher.patience_seconds=1.5", "hydra.launcher.search_lag_seconds=1")
TWO = ("-m", "seed=0,1", *NO_REHEARSAL, *IMPATIENT)
STUB = StubProgram(runtime_seconds=3, outcome=lambda _: {"objective": -1.0, "value": -1.0, "tasks": 8})
UNKNOWN_TO_GETJOB = Fault("GetJob", FaultKind.NOT_FOUND, times=None)


def reserved(cloud: Cloud) -> list[float]:
    with reading(cloud.directory / "out/sweep.db") as db:
        return [job.reserved_usd for job in read_jobs(db)]


def statuses(cloud: Cloud) -> Counter[str]:
    return Counter(str(job.status) for job in cloud.emulator.jobs)


@pytest.fixture
def unlisted(make_cloud: MakeCloud) -> Iterator[Cloud]:
    """An account whose SearchJobs lists nothing yet."""
    with make_cloud(stub=STUB, search_lag_seconds=NEVER) as made:
        yield made


def test_answers_of_getjob_that_come_late_cost_nothing(unlisted: Cloud) -> None:
    unlisted.emulator.inject(Fault("GetJob", FaultKind.NOT_FOUND, times=5))
    unlisted.run("-m", "seed=0,1", *NO_REHEARSAL)
    assert_complete(unlisted, 2)


def test_a_job_that_braket_does_not_know_stays_reserved_until_a_person_decides(unlisted: Cloud) -> None:
    unlisted.emulator.inject(UNKNOWN_TO_GETJOB)
    said = unlisted.run(*TWO, expect=1)
    arns = [job.arn for job in unlisted.emulator.jobs]
    assert len(arns) == 2
    assert all(arn in said for arn in arns)
    assert "--resubmit" in said
    assert "it stays reserved and is asked for again" in said
    assert all(usd > 0 for usd in reserved(unlisted))
    # Whoever goes on asks again, and buys nothing.
    for command in (TWO, ("resume", "out")):
        assert "cannot be learnt" in unlisted.run(*command, expect=1)
    assert len(unlisted.emulator.jobs) == 2
    # Known again, they are collected as if nothing had been.
    unlisted.emulator.reset()
    unlisted.run("resume", "out")
    assert_complete(unlisted, 2)


def test_resubmissions_are_counted_and_capped(unlisted: Cloud) -> None:
    unlisted.emulator.inject(UNKNOWN_TO_GETJOB)
    unlisted.run(*TWO, expect=1)
    bound = reserved(unlisted)[0]
    for again in range(1, MOST_RESUBMISSIONS + 1):
        unlisted.run("resume", "out", "--resubmit", expect=1)
        jobs = len(unlisted.emulator.jobs)
        assert jobs <= 2 + 2 * MOST_RESUBMISSIONS
        with closing(Ledger(unlisted.directory / "out/sweep.db")) as ledger:
            assert ledger.committed_usd() == pytest.approx(jobs * bound), again
    said = unlisted.run("resume", "out", "--resubmit", expect=1)
    assert f"submitted again {MOST_RESUBMISSIONS} times already" in said
    assert len(unlisted.emulator.jobs) == 2 + 2 * MOST_RESUBMISSIONS


def test_a_resubmission_keeps_within_the_budget(unlisted: Cloud) -> None:
    unlisted.emulator.inject(UNKNOWN_TO_GETJOB)
    unlisted.run(*TWO, expect=1)
    said = unlisted.run(
        "resume", "out", "--resubmit", "--max-usd", str(1.5 * sum(reserved(unlisted))), expect=1
    )
    assert len(unlisted.emulator.jobs) == 3
    assert "cannot be learnt" in said


def test_cancelling_a_lost_job_ends_with_a_message_and_without_a_purchase(unlisted: Cloud) -> None:
    unlisted.emulator.inject(UNKNOWN_TO_GETJOB)
    unlisted.run(*TWO, expect=1)
    assert "cannot be learnt" in unlisted.run("cancel", "out", expect=1)
    assert len(unlisted.emulator.jobs) == 2
    assert all(usd > 0 for usd in reserved(unlisted))


def test_getjob_that_is_refused_is_no_absence(unlisted: Cloud) -> None:
    unlisted.emulator.inject(Fault("GetJob", FaultKind.ACCESS_DENIED, times=None))
    said = unlisted.run(*TWO, expect=1)
    assert "AccessDenied" in said
    assert "docs/aws.md" in said
    assert all(usd > 0 for usd in reserved(unlisted))
    unlisted.emulator.reset()
    unlisted.run("resume", "out")
    assert_complete(unlisted, 2)


@pytest.mark.parametrize("command", [("resume", "out"), TWO, ("cancel", "out")], ids=" ".join)
@pytest.mark.parametrize("answered", [True, False])
def test_another_account_is_refused_by_name(
    make_cloud: MakeCloud, command: tuple[str, ...], answered: bool
) -> None:
    with make_cloud(startup_seconds=NEVER, other_accounts=(OTHER_ACCOUNT,)) as cloud:
        if answered:
            cloud.run(*TWO, "hydra.launcher.wait=false")
        else:  # announced, and never heard of
            cloud.emulator.inject(Fault("CreateJob", FaultKind.EXPIRED_TOKEN, times=None))
            cloud.run(*TWO, expect=1)
            cloud.emulator.reset()
        jobs = len(cloud.emulator.jobs)
        cloud.account = OTHER_ACCOUNT
        said = cloud.run(*command, expect=1)
        assert cloud.emulator.settings.account_id in said
        assert OTHER_ACCOUNT in said
        if answered:
            assert "as of" in (status := cloud.run("status", "out"))
            assert OTHER_ACCOUNT in status
        assert len(cloud.emulator.jobs) == jobs
        assert "CreateJob" not in [call.operation for call in cloud.emulator.calls[-5:]]
        assert set(cloud.results["status"]) <= {"QUEUED", "RUNNING", "SUBMITTING", "PENDING"}


def test_another_default_region_buys_nothing_again(make_cloud: MakeCloud) -> None:
    with make_cloud(stub=STUB, max_concurrent_jobs=1, startup_seconds=40) as cloud:
        sweep = cloud.start(*TWO)
        cloud.wait_until(lambda: len(cloud.emulator.jobs) == 1, "a job")
        cloud.wait_until(lambda: cloud.count()["SearchJobs"] > 0, "its ARN is on record")
        sweep.kill()
        sweep.wait()
        cloud.region = "us-west-2"
        cloud.run("resume", "out")
        assert_complete(cloud, 2)
        assert {job.region for job in cloud.emulator.jobs} == {"us-east-1"}


@pytest.mark.parametrize("lag", [30.0, NEVER], ids=["listed late", "never listed"])
def test_cancel_waits_for_an_unanswered_creation_and_ends_its_job(make_cloud: MakeCloud, lag: float) -> None:
    with make_cloud(startup_seconds=NEVER, search_lag_seconds=lag) as cloud:
        answers = None if lag < NEVER else 4
        cloud.emulator.inject(Fault("CreateJob", FaultKind.LOST_RESPONSE, times=answers))
        sweep = cloud.start("seed=0", *NO_REHEARSAL, "hydra.launcher.search_lag_seconds=2")
        cloud.wait_until(lambda: len(cloud.emulator.jobs) == 1, "a job of which nobody heard")
        cloud.run("cancel", "out")
        said, _ = sweep.communicate(timeout=90)
        assert sweep.returncode == 1, said
        assert statuses(cloud) == {"CANCELLED": 1}
        assert list(cloud.results["status"]) == ["CANCELLED"]


def test_a_kill_while_createjob_is_unanswered_is_settled_by_cancel(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=NEVER, search_lag_seconds=20) as cloud:
        cloud.emulator.inject(Fault("CreateJob", FaultKind.SLOW, seconds=NEVER / 1e6))
        sweep = cloud.start("seed=0", *NO_REHEARSAL, *IMPATIENT)
        cloud.wait_until(lambda: len(cloud.emulator.jobs) == 1, "a job of which nobody heard")
        sweep.kill()
        sweep.wait()
        assert reserved(cloud)[0] > 0
        assert "is not known yet" in cloud.run("status", "out")
        cloud.run("cancel", "out")
        assert statuses(cloud) == {"CANCELLED": 1}
        assert list(cloud.results["status"]) == ["CANCELLED"]


def test_a_creation_that_was_only_ever_refused_is_cancelled_without_another_call(
    make_cloud: MakeCloud,
) -> None:
    with make_cloud(startup_seconds=NEVER, max_concurrent_jobs=1) as cloud:
        sweep = cloud.start(*TWO)
        cloud.wait_until(lambda: cloud.count()["CreateJob"] >= 2, "a refusal")
        cloud.run("cancel", "out")
        sweep.wait(timeout=90)
        assert statuses(cloud) == {"CANCELLED": 1}
        assert list(cloud.results["status"]) == ["CANCELLED"] * 2


def test_fail_fast_ends_the_job_of_an_unanswered_creation(make_cloud: MakeCloud) -> None:
    with make_cloud(stub=STUB, search_lag_seconds=NEVER) as cloud:
        cloud.emulator.inject(Fault("RunJob", FaultKind.JOB_KILLED, seconds=0.0))
        cloud.emulator.inject(Fault("CreateJob", FaultKind.LOST_RESPONSE, times=4, after=1))
        cloud.emulator.inject(Fault("RunJob", FaultKind.JOB_KILLED, seconds=NEVER, times=None))
        said = cloud.run(*TWO, "fail_fast=true", "job.retries=0", expect=1)
        first, second = cloud.results.to_dict("records")
        assert first["status"] == "FAILED", said
        # Its creation was repeated with its token, so there is one job, and it has ended.
        assert len(cloud.emulator.jobs) == 2
        assert second["status"] in {"CANCELLED", "COMPLETED", "FAILED"}
        assert second["job_arn"] == cloud.emulator.jobs[1].arn
        assert all(job.status.ended for job in cloud.emulator.jobs)


class DrivenClock:
    """A clock that stands still but for those who sleep."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        time.sleep(0.002)  # jobs of the emulator need some real time


class Killed(BaseException):
    """Stands for SIGKILL between two steps: nothing is tidied up."""


COMBINATIONS = 3
BOUND_USD = 1.0
TROUBLES = st.sampled_from(
    [
        Fault("GetJob", FaultKind.NOT_FOUND, times=2),
        Fault("GetJob", FaultKind.NOT_FOUND, times=None, probability=0.5),
        UNKNOWN_TO_GETJOB,
        Fault("CreateJob", FaultKind.LOST_RESPONSE, times=2),
        Fault("CreateJob", FaultKind.SERVER_ERROR, times=2),
        Fault("CreateJob", FaultKind.THROTTLE, times=2),
        Fault("SearchJobs", FaultKind.ACCESS_DENIED, times=None),
        Fault("RunJob", FaultKind.JOB_KILLED),
    ]
)
PROCESSES = st.lists(
    st.tuples(
        st.lists(TROUBLES, max_size=3),
        st.one_of(st.none(), st.integers(0, 30)),  # killed after so many turns of the loop
        st.booleans(),  # --resubmit
        st.booleans(),  # somebody types `sweeper cancel`
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    stub = replace(STUB, runtime_seconds=2)
    # Unlisted for ten emulated seconds: longer than most of these processes live.
    emulated = EmulatorSettings(time_scale=0.01, stub=stub, rates={}, search_lag_seconds=10)
    with Emulator(emulated) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        yield emulator
        assert emulator.internal_errors == []


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> JobSpec:
    source = tmp_path_factory.mktemp("source") / "theirs.py"
    source.write_text("def main(): ...\n")
    return JobSpec(
        device="local:braket/default",
        source=read_source(source, "theirs:main"),
        entry_point="theirs:main",
        hyperparameters={},
        input_files={},
        instance_type="ml.m5.large",
        max_runtime_seconds=3600,
        retries=0,
        cost=Cost(tasks=0, shots=0, tasks_usd=0.0, instance_usd=BOUND_USD),
    )


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(processes=PROCESSES)
def test_whatever_braket_says_purchases_are_bounded_and_covered(
    account: Emulator, program: JobSpec, tmp_path_factory: pytest.TempPathFactory, processes: list
) -> None:
    folder = SweepFolder(tmp_path_factory.mktemp("sweep"))
    specs = [replace(program, hyperparameters={"seed": str(seed)}) for seed in range(COMBINATIONS)]
    for troubles, turns, resubmit, cancel in [*processes, ([], None, True, False)]:
        account.reset()
        for trouble in troubles:
            account.inject(trouble)
        folder.cancel_request.unlink(missing_ok=True)
        if cancel:
            folder.cancel_request.touch()
        live(folder, specs, turns, resubmit=resubmit)
        judge(account, folder)
    with reading(folder.ledger) as db:
        # A last process without trouble settles all of them, but for failures that want another run.
        assert all(job.state.finished for job in read_jobs(db))


def live(folder: SweepFolder, specs: list[JobSpec], turns: int | None, *, resubmit: bool) -> None:
    """One process on the sweep, which dies after so many turns of the loop."""
    clock = DrivenClock()
    left = iter(range(turns)) if turns is not None else iter(int, 1)

    def alive() -> bool:
        if next(left, None) is None:
            raise Killed
        return False

    executor = AwsExecutor(
        folder,
        poll_seconds=1.0,
        creations_per_second=90,
        patience_seconds=20,
        search_lag_seconds=10,
        clock=Clock(lambda: clock.seconds, clock.sleep),
    )
    with suppress(Killed, SweeperError), closing(Ledger(folder.ledger)) as ledger, executor:
        numbers = ledger.enlist(Entry(s.key, [], {}, {}, s.to_json()) for s in specs)
        runner = Runner(folder, ledger, executor, interrupted=alive, resubmit_lost=resubmit)
        runner.run(dict(zip(numbers, specs, strict=True)))


def judge(account: Emulator, folder: SweepFolder) -> None:
    """Hold what was bought against what was wanted and what is on record."""
    with closing(Ledger(folder.ledger)) as ledger:
        ours = [job for job in account.jobs if job.tags["braket-sweeper:sweep"] == ledger.sweep_id]
        bought = Counter(job.tags["braket-sweeper:key"] for job in ours)
        for job in ledger.jobs():
            ended = ledger_ends(ledger, job.number)
            assert bought[job.key] <= 1 + ended + ledger.written_off(job.number)
            assert ledger.written_off(job.number) <= MOST_RESUBMISSIONS
        worth = sum(
            BOUND_USD * (job.billable_seconds or 0) / 3600 if job.status.ended else BOUND_USD for job in ours
        )
        assert ledger.committed_usd() >= worth - 1e-9


def ledger_ends(ledger: Ledger, number: int) -> int:
    """How many attempts at a job are known to have failed, or to have been cancelled."""
    query = (
        "SELECT count(DISTINCT attempt) FROM transitions WHERE job = ? AND state IN ('FAILED', 'CANCELLED')"
    )
    return int(ledger._db.execute(query, (number,)).fetchone()[0])


def test_the_record_of_the_place_survives_a_damaged_ledger(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=NEVER, other_accounts=(OTHER_ACCOUNT,)) as cloud:
        cloud.run(*TWO, "hydra.launcher.wait=false")
        facts = json.loads((cloud.directory / "out/sweep.json").read_text())
        assert facts["place"] == {"account": "123456789012", "region": "us-east-1"}
        (cloud.directory / "out/sweep.db").write_bytes(b"\xff" * 5000)
        cloud.account = OTHER_ACCOUNT
        assert re.search(rf"123456789012.*{OTHER_ACCOUNT}", cloud.run("resume", "out", expect=1))
        assert len(cloud.emulator.jobs) == 2
