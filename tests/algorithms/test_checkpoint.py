"""A restarted job goes on where it was, measures nothing twice, and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from braket.circuits import Circuit
from braket.jobs import load_job_checkpoint
from numpy.typing import NDArray

from algorithms import optimizers
from algorithms.accounting import Accounts
from algorithms.checkpoint import SUFFIX, Checkpoint
from algorithms.executable import Executable
from algorithms.execution import EXECUTIONS
from algorithms.expectation import Expectation
from algorithms.measurement import Estimate, Outcomes, QuantumTasks, Retry
from algorithms.objective import Objective

from . import killing
from .fakes import FakeDevice

CHECKOUT = Path(__file__).parents[2]


def test_killed_jobs_end_as_undisturbed_ones_for_every_optimizer(tmp_path: Path) -> None:
    assert set(killing.OPTIMIZERS) == set(optimizers.OPTIMIZERS)
    done = subprocess.run(
        [sys.executable, "-m", "tests.algorithms.killing", str(tmp_path)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) == len(killing.jobs())
    for report in reports:
        assert report["statuses"] == [0, 0], report
        assert report["same_results"], report
        assert report["same_metrics"], report
    assert sum(report["kills"] for report in reports) > len(reports)
    assert any(report["resumed"] for report in reports)


class Crash(BaseException):
    """The process ends here."""


class Flips(Expectation):
    """Share of ones on two circuits: enough to need two tasks for each evaluation."""

    metric = "flips"
    sign = 1.0
    parameters = 1

    def executables(self, parameters: NDArray[np.float64]) -> list[Executable]:
        angles = parameters[0], parameters[0] / 2
        return [Executable(Circuit().ry(0, float(angle))) for angle in angles]

    def evaluate(self, outcomes: Sequence[Outcomes]) -> Estimate:
        means = [outcome.mean(outcome.bits[0].astype(float)) for outcome in outcomes]
        return Estimate(sum(mean.value for mean in means), 0.1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AMZN_BRAKET_CHECKPOINT_DIR", str(tmp_path))
    monkeypatch.setenv("AMZN_BRAKET_JOB_NAME", "first")
    return tmp_path


def job(device: FakeDevice, digest: str = "d", execution: str = "tasks") -> tuple[Objective, Checkpoint]:
    tasks = QuantumTasks(
        device,
        10,
        name="arn:aws:braket:::device/qpu/fake",
        accounts=Accounts(),
        retry=Retry(2, 0.0),
        execute=EXECUTIONS[execution],
    )
    cost = Flips()
    record = Checkpoint(digest, [tasks], cost, np.random.default_rng(0), device.tasks.__getitem__)
    return Objective(cost, tasks, 100, record=record), record


POINTS = [np.array([angle]) for angle in (0.1, 0.5, 0.9)]


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("crash_at", range(7))
def test_not_one_quantum_task_is_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, execution: str, crash_at: int
) -> None:
    device = FakeDevice([*[None] * crash_at, Crash()])
    objective, _ = job(device, execution=execution)
    values = []
    crashed = False
    try:
        values += [objective(point) for point in POINTS]
    except Crash:
        crashed = True
    attempted = len(device.runs)
    device.script.clear()

    monkeypatch.setenv("AMZN_BRAKET_JOB_NAME", "second")
    objective, record = job(device, execution=execution)
    again = [objective(point) for point in POINTS]
    assert again[: len(values)] == values
    needed = {"tasks": 6, "batch": 6, "program_set": 3}[execution]
    # run_batch of the fake ends with the crash before it has told of its first tasks.
    lost = crash_at % 2 if execution == "batch" else 0
    assert len(device.runs) == needed + lost + crashed
    assert attempted <= needed + 1
    assert [evaluation["point"] for evaluation in load_job_checkpoint("second", SUFFIX)["evaluations"]] == [
        list(point) for point in POINTS
    ]
    assert record.replay(POINTS[0]) is None


def test_a_retried_task_is_not_repeated_either(folder: Path) -> None:
    device = FakeDevice([None, "FAILED", None, Crash()])
    objective, _ = job(device)
    objective(POINTS[0])
    with pytest.raises(Crash):
        objective(POINTS[1])
    objective, _ = job(device)
    for point in POINTS:
        objective(point)
    assert len(device.runs) == 6 + 1 + 1


def test_other_jobs_checkpoints_and_broken_ones_are_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objective, _ = job(FakeDevice(), digest="other")
    objective(POINTS[0])
    (folder / f"broken_{SUFFIX}.json").write_text("{")
    device = FakeDevice()
    objective, _ = job(device)
    objective(POINTS[0])
    assert len(device.runs) == 2
    assert f"broken_{SUFFIX}.json cannot be read" in capsys.readouterr().out


def test_a_search_that_takes_another_way_goes_on_from_there(folder: Path) -> None:
    device = FakeDevice()
    objective, _ = job(device)
    for point in POINTS:
        objective(point)
    objective, _ = job(device)
    objective(POINTS[0])
    objective(POINTS[2])
    assert len(device.runs) == 6 + 2


def test_outside_a_hybrid_job_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMZN_BRAKET_CHECKPOINT_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    objective, _ = job(FakeDevice())
    objective(POINTS[0])
    assert list(tmp_path.iterdir()) == []
