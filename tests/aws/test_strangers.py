"""Scripts of strangers, whose quantum tasks are counted by the service while they run."""

from __future__ import annotations

import pytest

from braket_emulator import Caller, Fault, FaultKind

from .conftest import NO_REHEARSAL, Cloud, MakeCloud

PROGRAM = """
import os
from braket.aws import AwsDevice
from braket.circuits import Circuit
from braket.jobs import get_hyperparameters, save_job_result

def main():
    given = get_hyperparameters()
    device = AwsDevice(given.get("elsewhere", os.environ["AMZN_BRAKET_DEVICE_ARN"]))
    for _ in range(int(given["tasks"])):
        device.run(Circuit().h(0), shots=100, poll_interval_seconds=0.02).result()
    save_job_result({"done": 1.0})
"""
SCRIPT = (
    *("algorithm=script", "algorithm.source_module=theirs.py", "algorithm.entry_point=theirs:main"),
    *("algorithm.max_shots_per_task=100", "algorithm.objective=null", "job.retries=0"),
)
FEW = (*NO_REHEARSAL[:4], "rehearse=false", "report=false")
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
TASK_USD = 0.30 + 100 * 0.00145
"""Of a task with 100 shots on Garnet."""


@pytest.fixture
def theirs(aws: Cloud) -> Cloud:
    (aws.directory / "theirs.py").write_text(PROGRAM)
    return aws


def counted(cloud: Cloud) -> int:
    """How often the sweep asked for tasks."""
    return sum(call.operation == "SearchQuantumTasks" for call in cloud.emulator.calls)


def test_one_that_keeps_its_word_is_booked_at_what_was_counted(theirs: Cloud) -> None:
    theirs.run(
        *SCRIPT, "device=iqm_garnet", "algorithm.max_tasks=9", "+algorithm.hyperparameters.tasks=3", *FEW
    )
    (row,) = theirs.results.to_dict("records")
    assert row["status"] == "COMPLETED"
    # 3 of the 9 tasks that were bounded, and less than an hour of the instance.
    assert 3 * TASK_USD <= row["cost_usd"] <= 3 * TASK_USD + 0.115
    assert row["result.cost_is"] == "measured"
    assert "≤" not in theirs.run("table", "out")


def test_one_that_creates_more_tasks_than_it_said_is_ended(theirs: Cloud) -> None:
    theirs.run(
        *SCRIPT,
        *("device=iqm_garnet", "algorithm.max_tasks=2", "+algorithm.hyperparameters.tasks=100000"),
        *FEW,
        expect=1,
    )
    (row,) = theirs.results.to_dict("records")
    assert row["status"] == "FAILED"
    assert "algorithm.max_tasks allows 2" in row["reason"]
    assert str(theirs.emulator.jobs[0].status) == "CANCELLED"
    created = sum(
        call.operation == "CreateQuantumTask" and call.status == 201 for call in theirs.emulator.calls
    )
    # Booked at what was counted, which is more than was bounded.
    assert created > 2
    assert 2 * TASK_USD < row["cost_usd"] <= created * TASK_USD + 0.115
    assert counted(theirs) >= 2


def test_one_whose_tasks_run_elsewhere_is_ended(theirs: Cloud) -> None:
    forte = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1"
    theirs.run(
        *SCRIPT,
        *("device=sv1", "algorithm.max_tasks=100000", "+algorithm.hyperparameters.tasks=100000"),
        *("algorithm.max_qubits=1", f"'+algorithm.hyperparameters.elsewhere={forte}'".strip("'")),
        *(*FEW[:3], "budget.max_usd=1000", *FEW[4:]),
        expect=1,
    )
    (row,) = theirs.results.to_dict("records")
    assert row["status"] == "FAILED"
    assert forte in row["reason"]
    # No price of those tasks is known here, and nothing bounds them.
    assert row["result.cost_is"] == "not known"
    assert "?" in theirs.run("table", "out")


def test_one_that_says_it_needs_no_paid_device_is_counted_too(theirs: Cloud) -> None:
    theirs.run(
        *SCRIPT,
        *("device=local", f"+algorithm.hyperparameters.elsewhere={SV1}"),
        *("+algorithm.hyperparameters.tasks=100000", *FEW),
        expect=1,
    )
    (row,) = theirs.results.to_dict("records")
    assert (row["status"], row["result.cost_is"]) == ("FAILED", "not known")
    assert SV1 in row["reason"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("device=iqm_garnet", "algorithm.max_tasks=1"), "job 0 ended after 2 quantum tasks"),
        (("device=local", f"+algorithm.hyperparameters.elsewhere={SV1}"), f"quantum tasks on {SV1}"),
    ],
)
def test_one_that_ended_before_it_was_counted_is_told_of(
    make_cloud: MakeCloud, words: tuple[str, ...], told: str
) -> None:
    with make_cloud(startup_seconds=60) as cloud:
        (cloud.directory / "theirs.py").write_text(PROGRAM)
        cloud.run(*SCRIPT, *words, "+algorithm.hyperparameters.tasks=2", *FEW, "hydra.launcher.wait=false")
        cloud.wait_until(lambda: str(cloud.emulator.jobs[0].status) == "COMPLETED", "the job ends")
        said = " ".join(cloud.run("resume", "out").split())
        assert list(cloud.results["status"]) == ["COMPLETED"]
        assert told in said


def test_our_own_jobs_are_not_asked_after(aws: Cloud) -> None:
    aws.run("device=sv1", *NO_REHEARSAL)
    assert counted(aws) == 0
    assert list(aws.results["result.cost_is"]) == ["measured"]


def test_a_job_that_never_started_cost_nothing(aws: Cloud) -> None:
    aws.emulator.inject(Fault("RunJob", FaultKind.CAPACITY))
    aws.run("device=iqm_garnet", "job.retries=0", *NO_REHEARSAL, expect=1)
    (row,) = aws.results.to_dict("records")
    assert (row["status"], row["cost_usd"]) == ("FAILED", 0.0)


def test_a_job_killed_before_it_could_say_is_booked_at_what_was_counted(aws: Cloud) -> None:
    aws.emulator.inject(Fault("RunJob", FaultKind.JOB_KILLED, seconds=1.0))
    aws.run("device=iqm_garnet", "job.retries=0", "max_iterations=50", *NO_REHEARSAL[:-3], "shots=100",
            "rehearse=false", "report=false", expect=1)  # fmt: skip
    (row,) = aws.results.to_dict("records")
    created = sum(
        call.operation == "CreateQuantumTask" and call.status == 201 and call.caller is Caller.JOB
        for call in aws.emulator.calls
    )
    assert row["status"] == "FAILED"
    assert row["cost_usd"] <= created * TASK_USD + 0.115
    assert row["result.cost_is"] == "measured"
