"""Unknown is not absent: a job that may exist is neither forgotten, nor bought again in silence."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from braket_emulator import Fault, FaultKind, StubProgram
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.reader import read_jobs, reading
from sweeper.running.lost_jobs import MOST_RESUBMISSIONS

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


@pytest.mark.parametrize(
    ("command", "answered"),
    [(("resume", "out"), True), (TWO, True), (("cancel", "out"), False)],
    ids=["resume", "the same command", "cancel"],
)
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
        jobs, asked = len(cloud.emulator.jobs), cloud.count()["CreateJob"]
        cloud.account = OTHER_ACCOUNT
        said = cloud.run(*command, expect=1)
        assert cloud.emulator.settings.account_id in said
        assert OTHER_ACCOUNT in said
        if answered:
            assert "as of" in (status := cloud.run("status", "out"))
            assert OTHER_ACCOUNT in status
        assert len(cloud.emulator.jobs) == jobs
        assert cloud.count()["CreateJob"] == asked
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
        cloud.emulator.inject(Fault("CreateJob", FaultKind.SLOW, seconds=math.inf))
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
    with make_cloud(startup_seconds=NEVER, search_lag_seconds=NEVER) as cloud:
        cloud.emulator.inject(Fault("RunJob", FaultKind.CAPACITY))
        cloud.emulator.inject(Fault("CreateJob", FaultKind.LOST_RESPONSE, times=4, after=1))
        cloud.run(*TWO, "fail_fast=true", "job.retries=0", expect=1)
        assert list(cloud.results["status"]) == ["FAILED", "CANCELLED"]
        # Its creation was repeated with its token, so there is one job, and it has ended.
        assert statuses(cloud) == {"FAILED": 1, "CANCELLED": 1}
        assert cloud.results["job_arn"][1] == cloud.emulator.jobs[1].arn


def test_the_record_of_the_place_survives_a_damaged_ledger(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=NEVER, other_accounts=(OTHER_ACCOUNT,)) as cloud:
        cloud.run(*TWO, "hydra.launcher.wait=false")
        facts = json.loads((cloud.directory / "out/sweep.json").read_text())
        assert facts["place"] == {"account": "123456789012", "region": "us-east-1"}
        (cloud.directory / "out/sweep.db").write_bytes(b"\xff" * 5000)
        cloud.account = OTHER_ACCOUNT
        assert re.search(rf"123456789012.*{OTHER_ACCOUNT}", cloud.run("resume", "out", expect=1))
        assert len(cloud.emulator.jobs) == 2
