"""Never silent for long: errors of AWS end with one clear message, whatever call met them."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.exceptions
import pytest

from braket_emulator import Fault, FaultKind, StubProgram
from sweeper.errors import SweeperError
from sweeper.executors.aws import trouble
from sweeper.executors.base import AccessLostError

from .conftest import NO_REHEARSAL, Cloud, MakeCloud
from .test_faults import assert_complete

TWO = ("-m", "seed=0,1", *NO_REHEARSAL, "hydra.launcher.patience_seconds=1.5")
CALLS = (
    *("CreateJob", "SearchJobs", "GetJob", "CancelJob", "sts:GetCallerIdentity", "iam:ListRoles"),
    *("s3:CreateBucket", "s3:PutObject", "s3:GetObject", "s3:ListObjectsV2"),
)
OPEN = {"PENDING", "SUBMITTING", "QUEUED", "RUNNING", "COMPLETED"}
LOST = {
    FaultKind.EXPIRED_TOKEN: "credentials have expired",
    FaultKind.INVALID_CREDENTIALS: "credentials are not valid",
}


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        *((FaultKind.EXPIRED_TOKEN, call) for call in CALLS),
        *((FaultKind.INVALID_CREDENTIALS, call) for call in ("CreateJob", "GetJob", "s3:PutObject")),
    ],
)
def test_lost_credentials_end_with_a_message_whatever_call_met_them(
    stubs: Cloud, call: str, kind: FaultKind
) -> None:
    stubs.emulator.inject(Fault(call, kind, times=None))
    if call == "CancelJob":
        stubs.run(*TWO, "hydra.launcher.wait=false")
        said = stubs.run("cancel", "out", expect=1)
    else:
        said = stubs.run(*TWO, expect=1)
    assert LOST[kind] in said
    assert "aws sso login" in said
    assert "Traceback" not in said
    assert set(stubs.results["status"] if (stubs.directory / "out/sweep.db").exists() else []) <= OPEN


CONFIGURATIONS = {
    "no credentials": ("", "Unable to locate credentials"),
    "no profile": ("AWS_PROFILE=nobody", "nobody"),
    "half of a key": ("AWS_ACCESS_KEY_ID=x", "Partial credentials"),
    "sso, never logged in": ("sso", "SSO"),
    "a helper that fails": ("helper", "helper"),
    "no region": ("no-region", "region"),
    "nobody answers": ("nowhere", "reached"),
}


def configured(cloud: Cloud, patch: pytest.MonkeyPatch, how: str) -> None:
    """Set up the AWS configuration of a person whose access does not work."""
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    config = cloud.directory / "aws-config"
    patch.setenv("AWS_CONFIG_FILE", str(config))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(cloud.directory / "no-such-file"))
    cloud.unset = keys if how not in {"no-region", "nowhere"} else ()
    if how == "no-region":
        cloud.unset = ("AWS_DEFAULT_REGION",)
    elif how == "nowhere":
        cloud.extra = dict.fromkeys(("AWS_ENDPOINT_URL_BRAKET", "AWS_ENDPOINT_URL_STS"), "http://127.0.0.1:9")
    elif how == "sso":
        config.write_text(
            "[default]\nsso_session = mine\nsso_account_id = 123456789012\nsso_role_name = any\n"
            "[sso-session mine]\nsso_region = us-east-1\nsso_start_url = https://127.0.0.1/start\n"
        )
    elif how == "helper":
        config.write_text("[default]\ncredential_process = /no/such/helper\n")
    elif how:
        name, _, value = how.partition("=")
        cloud.extra = {name: value}


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_a_configuration_without_access_ends_with_a_message_and_plans_all_the_same(
    stubs: Cloud, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    how, told = CONFIGURATIONS[case]
    configured(stubs, monkeypatch, how)
    planned = stubs.run("plan", "-m", "seed=0,1", "device=sv1", *NO_REHEARSAL)
    assert "2 to run for at most" in planned
    assert "Whether the devices are available is not known" in planned
    said = stubs.run(*TWO, expect=1)
    assert told.lower() in said.lower()
    assert "Traceback" not in said
    assert stubs.emulator.jobs == []


def test_every_error_of_botocore_becomes_ours() -> None:
    """Also those which no test can provoke: each kind is either of the connection, or ends the command."""
    kinds = [
        kind
        for kind in vars(botocore.exceptions).values()
        if isinstance(kind, type) and issubclass(kind, botocore.exceptions.BotoCoreError)
    ]
    assert len(kinds) > 50
    for kind in kinds:
        error = kind.__new__(kind)
        Exception.__init__(error, f"a {kind.__name__}")
        with pytest.raises(SweeperError, match=kind.__name__) as caught, trouble.explained("Doing this"):
            raise error
        if any(
            word in kind.__name__ for word in ("Credential", "Token", "SSO", "Profile", "Region", "Login")
        ):
            assert isinstance(caught.value, AccessLostError), kind
            assert not trouble.is_transient(error), kind


def test_an_outage_is_said_and_ends_with_a_message(stubs: Cloud) -> None:
    stubs.emulator.inject(Fault("SearchJobs", FaultKind.RESET, times=None))
    words = ("-m", "seed=0,1", *NO_REHEARSAL, "hydra.launcher.patience_seconds=0.2")
    said = stubs.run(*words, expect=1)
    assert "AWS has not answered for" in said
    assert "Nothing but this for" in said
    stubs.emulator.reset()
    stubs.run("resume", "out")
    assert_complete(stubs, 2)


def test_aws_own_words_for_a_quota_and_the_queue_are_shown(make_cloud: MakeCloud) -> None:
    stub = StubProgram(runtime_seconds=3, outcome=lambda _: {"objective": -1.0})
    with make_cloud(stub=stub, max_concurrent_jobs=1, startup_seconds=260) as cloud:
        cloud.emulator.inject(
            Fault("RunJob", FaultKind.CAPACITY, message="CapacityError: no ml.m5.large today")
        )
        said = cloud.run("-m", "seed=0,1", "job.first_pause_seconds=1", *NO_REHEARSAL)
        assert "ServiceQuotaExceededException: The number of concurrent hybrid jobs exceeds 1" in said
        assert "position 1 in the queue" in said
        assert "CapacityError: no ml.m5.large today" in said
        assert "1 queued" in said


def test_searchjobs_refused_falls_back_to_getjob(stubs: Cloud) -> None:
    stubs.emulator.inject(Fault("SearchJobs", FaultKind.ACCESS_DENIED, times=None))
    said = stubs.run("-m", "seed=range(5)", *NO_REHEARSAL)
    assert "SearchJobs is refused" in said
    assert_complete(stubs, 5)
    assert stubs.count()["SearchJobs"] == 1


def test_a_log_that_comes_late_is_waited_for_and_a_missing_one_is_said(make_cloud: MakeCloud) -> None:
    source = "print('Metrics - timestamp=1; loss=0.5; iteration_number=0;')\n"
    words = ("algorithm=script", "algorithm.source_module=theirs.py", "algorithm.entry_point=theirs")
    quick = (
        *NO_REHEARSAL[:1],
        "hydra.launcher.poll_seconds=3",
        *NO_REHEARSAL[2:4],
        "rehearse=false",
        "report=false",
    )
    with make_cloud(log_lag_seconds=30) as cloud:
        (cloud.directory / "theirs.py").write_text(source)
        cloud.run(*words, *quick)
        assert "loss=0.5" in (cloud.directory / "out/jobs/0/log.txt").read_text()
        cloud.emulator.inject(Fault("logs:GetLogEvents", FaultKind.ACCESS_DENIED, times=None))
        cloud.run(*words, *quick, "+algorithm.hyperparameters.n=1")
        assert list(cloud.results["status"]) == ["COMPLETED"] * 2
        assert "its metrics are missing" in cloud.results["reason"][1]


def test_status_asks_braket_after_we_have_left(make_cloud: MakeCloud) -> None:
    stub = StubProgram(runtime_seconds=3, outcome=lambda _: {"value": -1.0})
    with make_cloud(stub=stub, startup_seconds=100) as cloud:
        cloud.run(*TWO, "hydra.launcher.wait=false")
        assert "2 QUEUED (asked just now)" in cloud.run("status", "out")
        assert "no command follows them" in cloud.run("watch", "out")  # and does not wait for them
        cloud.emulator.inject(Fault("*", FaultKind.EXPIRED_TOKEN, times=None))
        said = cloud.run("status", "out")
        assert "as of 20" in said
        assert "credentials have expired" in said
        cloud.emulator.reset()
        cloud.wait_until(lambda: all(job.status.ended for job in cloud.emulator.jobs), "both have ended")
        said = cloud.run("status", "out")
        assert "2 COMPLETED (asked just now)" in said
        assert "not collected yet: sweeper resume out" in said
        # Nothing was changed by asking.
        assert set(cloud.results["status"]) == {"QUEUED"}


def test_a_plan_proposes_to_pack_where_starting_takes_longest(stubs: Cloud) -> None:
    said = stubs.run("plan", "-m", "seed=range(64)", *NO_REHEARSAL)
    assert "hydra.launcher.pack=22" in said
    for words in (("seed=range(3)",), ("seed=range(64)", "hydra.launcher.pack=22")):
        assert "with hydra.launcher.pack" not in stubs.run("plan", "-m", *words, *NO_REHEARSAL)
    long = ("max_iterations=2000", "device=sv1", "budget.max_usd=100000")
    assert "with hydra.launcher.pack" not in stubs.run("plan", "-m", "seed=range(9)", *NO_REHEARSAL, *long)


POLICY = json.loads(
    (Path(__file__).parents[2] / "docs/aws.md").read_text().partition("```json\n")[2].partition("```")[0]
)


def without(*actions: str) -> dict[str, object]:
    """The documented policy, but for some actions."""
    statements = []
    for statement in POLICY["Statement"]:
        listed = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        if left := [action for action in listed if action not in actions]:
            statements.append({**statement, "Action": left})
    return {**POLICY, "Statement": statements}


def test_the_documented_policy_is_enough(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=20) as cloud:
        cloud.emulator.allow_only(POLICY)
        words = ("-m", "device=iqm_garnet", "budget.spending_limit=true", *NO_REHEARSAL[:-1], "rehearse=true")
        cloud.run("plan", *words, "seed=0,1")
        cloud.run(*words, "seed=0")
        cloud.run(*words, "seed=0,1,2", "hydra.launcher.pack=2")
        left = (*NO_REHEARSAL, "hydra.launcher.wait=false", "hydra.sweep.dir=left")
        cloud.run("-m", "seed=7,8", *left)
        cloud.run("status", "left")
        cloud.run("logs", "left", "0")
        cloud.run("resume", "left")
        cloud.run("-m", "seed=9", *left[:-1], "hydra.sweep.dir=ended")
        cloud.run("cancel", "ended")
        denied = [c for c in cloud.emulator.calls if c.status == 403]
        assert denied == []
        assert list(cloud.results["status"]) == ["COMPLETED"] * 3


def test_the_documented_policy_is_small_and_what_it_lacks_is_said(stubs: Cloud) -> None:
    from braket_emulator.policy import Policy

    allowed = Policy(POLICY)
    arn = "arn:aws:s3:::somebodys-bucket/key"
    assert not allowed.allows("s3:GetObject", arn)
    assert not allowed.allows("braket:CreateQuantumTask", "*")
    assert not allowed.allows("iam:PassRole", "arn:aws:iam::123456789012:role/Admin")
    for action in ("braket:CreateJob", "s3:PutObject", "iam:PassRole", "iam:ListRoles", "braket:TagResource"):
        stubs.emulator.allow_only(without(action))
        said = stubs.run(*TWO, f"hydra.sweep.dir={action.partition(':')[2]}", expect=1)
        assert "AccessDenied" in said
        assert "Traceback" not in said
    assert stubs.emulator.jobs == []


def test_a_missing_archive_is_one_row_without_the_right_to_list_the_bucket(stubs: Cloud) -> None:
    stubs.emulator.allow_only(without("s3:ListBucket"))
    stubs.emulator.inject(Fault("RunJob", FaultKind.MISSING_ARCHIVE))
    stubs.run(*TWO, "job.retries=0", expect=1)
    assert sorted(stubs.results["status"]) == ["COMPLETED", "FAILED"]
    (reason,) = stubs.results.query("status == 'FAILED'")["reason"]
    assert "it has no result archive" in reason


def test_results_that_may_not_be_read_are_no_failure_and_are_fetched_later(stubs: Cloud) -> None:
    stubs.emulator.allow_only(without("s3:GetObject"))
    said = stubs.run(*TWO, expect=1)
    assert "Fetching a result archive: AccessDenied" in said
    assert "FAILED" not in set(stubs.results["status"])
    stubs.emulator.allow_only(None)
    stubs.run("resume", "out")
    assert_complete(stubs, 2)
