"""What goes wrong on the way to AWS, and what must come of it: nothing lost, nothing paid twice."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from braket_emulator import Caller, Emulator, Fault, FaultKind, StubProgram
from sweeper.executors.aws import AwsExecutor
from sweeper.folder.layout import SweepFolder
from sweeper.job.source import read_source
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry
from sweeper.running.runner import Runner

from ..accounts import account
from .conftest import NO_REHEARSAL, Cloud, MakeCloud

FOUR = ("-m", "seed=range(4)", *NO_REHEARSAL)


def assert_complete(cloud: Cloud, jobs: int) -> None:
    """Every combination has its result, and was created once."""
    assert list(cloud.results["status"]) == ["COMPLETED"] * jobs
    keys = [job.tags["braket-sweeper:key"] for job in cloud.emulator.jobs]
    assert len(keys) == len(set(keys)) == jobs


@pytest.mark.parametrize(
    "fault",
    [
        Fault("CreateJob", FaultKind.THROTTLE, times=4),
        Fault("*", FaultKind.THROTTLE, times=12, probability=0.5, seed=1),
        Fault("*Job*", FaultKind.SERVER_ERROR, times=6, probability=0.5, seed=2),
        Fault("CreateJob", FaultKind.LOST_RESPONSE, times=3),
        Fault("CreateJob", FaultKind.RESET, times=3),
        Fault("SearchJobs", FaultKind.LOST_RESPONSE, times=2),
        Fault("GetJob", FaultKind.RESET, times=3),
        Fault("s3:GetObject", FaultKind.SERVER_ERROR, times=2),
        Fault("s3:PutObject", FaultKind.RESET, times=1),
        Fault("logs:*", FaultKind.THROTTLE, times=2),
        Fault("SearchJobs", FaultKind.SLOW, times=2, seconds=20),
    ],
    ids=lambda fault: f"{fault.operation} {fault.kind}",
)
def test_passing_trouble_costs_time_only(stubs: Cloud, fault: Fault) -> None:
    stubs.emulator.inject(fault)
    stubs.run(*FOUR)
    assert_complete(stubs, 4)


def run_stubs(folder: Path, count: int, seconds: float) -> Emulator:
    """Run so many jobs through a quota of three; each takes so many emulated seconds."""
    stub = StubProgram(runtime_seconds=seconds, outcome=lambda _: {"value": -1.0})
    source = folder / "theirs.py"
    source.write_text("def main(): ...\n")
    spec = JobSpec(
        device="local:braket/default",
        source=read_source(source, "theirs:main"),
        entry_point="theirs:main",
        hyperparameters={},
        input_files={},
        instance_type="ml.m5.large",
        max_runtime_seconds=600,
    )
    specs = [replace(spec, hyperparameters={"seed": str(seed)}) for seed in range(count)]
    sweep = SweepFolder(folder / "out")
    ledger = Ledger(sweep.ledger)
    numbers = ledger.enlist(Entry(spec.key, [], {}, {}) for spec in specs)
    with (
        account(seconds_per_call=1, stub=stub) as emulator,
        pytest.MonkeyPatch.context() as p,
    ):
        for name, value in emulator.environment().items():
            p.setenv(name, value)
        with AwsExecutor(sweep, poll_seconds=0.05, creations_per_second=90) as executor:
            Runner(sweep, ledger, executor).run(dict(zip(numbers, specs, strict=True)))
        assert set(ledger.states(numbers).values()) == {JobState.COMPLETED}
        ledger.close()
        assert len(emulator.jobs) == count
        assert emulator.internal_errors == []
    return emulator


def refusals(emulator: Emulator) -> int:
    return sum(call.operation == "CreateJob" and call.status == 402 for call in emulator.calls)


def test_sixty_jobs_pass_through_a_quota_of_three(tmp_path: Path) -> None:
    emulator = run_stubs(tmp_path, 60, seconds=1)
    count = Counter(call.operation for call in emulator.calls if call.caller is Caller.CLIENT)
    assert count["GetJob"] == 60
    # The quota is learnt from the first refusal, and only tried again now and then.
    assert refusals(emulator) <= 5


def test_the_whole_quota_is_used(tmp_path: Path) -> None:
    emulator = run_stubs(tmp_path, 12, seconds=100)
    # Three at a time need 400 seconds, and those of the calls between; two would need 600.
    assert 400 <= emulator.seconds < 600


@pytest.mark.parametrize("calls", [1, 5, 6, 9, 14])
def test_a_killed_orchestrator_is_resumed_without_a_second_job(stubs: Cloud, calls: int) -> None:
    sweep = stubs.start(*FOUR)
    stubs.wait_until(lambda: stubs.count().total() >= calls or sweep.poll() is not None, f"{calls} calls")
    sweep.kill()
    sweep.wait()
    stubs.run(*FOUR)
    assert_complete(stubs, 4)


def test_a_kill_while_createjob_is_unanswered_makes_no_second_job(stubs: Cloud) -> None:
    stubs.emulator.inject(Fault("CreateJob", FaultKind.SLOW, times=1, after=1, seconds=math.inf))
    sweep = stubs.start(*FOUR)
    stubs.wait_until(lambda: len(stubs.emulator.jobs) == 2, "the second job, of which nobody heard")
    sweep.kill()
    sweep.wait()
    stubs.run("resume", "out")
    assert_complete(stubs, 4)


def test_expired_credentials_end_the_command_and_not_the_jobs(stubs: Cloud) -> None:
    stubs.emulator.inject(Fault("SearchJobs", FaultKind.EXPIRED_TOKEN, times=None, after=1))
    said = stubs.run(*FOUR, expect=1)
    assert "credentials have expired" in said
    assert "sweeper resume" in said
    stubs.emulator.reset()
    stubs.run("resume", "out")
    assert_complete(stubs, 4)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("RunJob", FaultKind.CAPACITY), "CapacityError"),
        (Fault("RunJob", FaultKind.JOB_KILLED), ""),
        (Fault("RunJob", FaultKind.MISSING_ARCHIVE), "has no result archive"),
        (Fault("RunJob", FaultKind.TRUNCATED_ARCHIVE), "cannot be unpacked"),
        (Fault("RunJob", FaultKind.HOSTILE_ARCHIVE), "cannot be unpacked"),
        (Fault("RunJob", FaultKind.CONSOLE_CANCEL), "cancelled"),
    ],
    ids=lambda value: str(value.kind) if isinstance(value, Fault) else "",
)
def test_one_jobs_harm_is_one_row_with_its_reason(aws: Cloud, fault: Fault, reason: str) -> None:
    aws.emulator.inject(fault)
    aws.run("-m", "seed=0,1", "job.retries=0", *NO_REHEARSAL, expect=1)
    results = aws.results
    harmed = "CANCELLED" if fault.kind is FaultKind.CONSOLE_CANCEL else "FAILED"
    assert sorted(results["status"]) == sorted([harmed, "COMPLETED"])
    (row,) = results[results["status"] == harmed].to_dict("records")
    assert reason in row["reason"]
    outside = [path for path in aws.directory.iterdir() if path.name != "out"]
    assert outside == []
    # The same command runs only the harmed one again.
    aws.run("-m", "seed=0,1", *NO_REHEARSAL)
    assert len(aws.emulator.jobs) == 3


@pytest.mark.parametrize("fault", [FaultKind.CAPACITY, FaultKind.JOB_KILLED])
def test_what_passes_is_tried_again_as_another_hybrid_job(stubs: Cloud, fault: FaultKind) -> None:
    stubs.emulator.inject(Fault("RunJob", fault, times=2))
    stubs.run("-m", "seed=0,1", "job.first_pause_seconds=0.1", *NO_REHEARSAL)
    assert list(stubs.results["status"]) == ["COMPLETED"] * 2
    assert stubs.results["attempts"].sum() == len(stubs.emulator.jobs) == 4


def test_a_job_past_its_time_says_so(make_cloud: MakeCloud) -> None:
    with make_cloud() as cloud:
        (cloud.directory / "slow.py").write_text("import time\ndef main(): time.sleep(600)\n")
        script = ("algorithm=script", "algorithm.source_module=slow.py", "algorithm.entry_point=slow:main")
        words = (*script, "job.max_runtime_seconds=20", *NO_REHEARSAL[:4], "rehearse=false")
        cloud.run(*words, expect=1)
        assert "job.max_runtime_seconds" in cloud.results["reason"][0]


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
def test_a_clock_that_is_hours_off_loses_no_job(stubs: Cloud, seconds: float) -> None:
    stubs.emulator.inject(Fault("RunJob", FaultKind.CLOCK_SKEW, times=None, seconds=seconds))
    stubs.run(*FOUR)
    assert_complete(stubs, 4)


def test_a_device_that_goes_offline_is_a_failure_with_its_reason(aws: Cloud) -> None:
    from braket_emulator import DeviceStatus

    sv1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
    aws.emulator.set_device_status(sv1, DeviceStatus.OFFLINE)
    said = aws.run("device=sv1", "job.retries=0", *NO_REHEARSAL, expect=1)
    assert "OFFLINE" in said
    assert list(aws.results["status"]) == ["FAILED"]
    assert "ffline" in aws.results["reason"][0]
