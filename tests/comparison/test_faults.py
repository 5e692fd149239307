"""Values that cannot be: what is one, how often one is seen where there is none, and that none wins."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sweeper import load_sweep, problems
from sweeper.cli import run_subcommand
from sweeper.comparison.faults import LIMIT, fault_words, is_faulty
from sweeper.job.state import JobState
from sweeper.report.content import read_content
from sweeper.results.tables import results_frame
from tests.synthetic import Made, records, written

H2 = Path(problems.__file__).with_name("data") / "h2_sto3g.csv"
REFERENCE = -1.137


def energy(value: float, stderr: float | None = 0.001, **more: Any) -> dict[str, Any]:
    """The result of a VQE job with 1000 shots a circuit."""
    spent = {"tasks": 100, "shots_total": 100_000}
    judged = {"reference": REFERENCE, "error": value - REFERENCE}
    return {"objective": value, "value": value, "stderr": stderr, **judged, **spent, **more}


def cut(value: float, stderr: float | None = 0.01, reference: float = 4.0, **more: Any) -> dict[str, Any]:
    """The result of a QAOA job."""
    judged = {"reference": reference, "error": value - reference, "ratio": value / reference}
    return {
        "objective": -value,
        "value": value,
        "stderr": stderr,
        **judged,
        "tasks": 100,
        "shots_total": 100_000,
        **more,
    }


def faulty(*results: Mapping[str, Any], **of_job: Any) -> list[bool]:
    made = [Made({"seed": seed}, result=result, **of_job) for seed, result in enumerate(results)]
    return list(is_faulty(results_frame(records(made))))


@pytest.mark.parametrize("step", [LIMIT + 0.5, 20.0])
def test_a_value_far_beyond_the_exact_optimum_is_a_fault(step: float) -> None:
    assert faulty(energy(REFERENCE - 0.001 * step), energy(REFERENCE + 0.001 * step)) == [True, False]
    assert faulty(cut(4 + 0.01 * step), cut(4 - 0.01 * step)) == [True, False]


def test_noise_is_no_fault() -> None:
    assert faulty(*(energy(REFERENCE - 0.001 * step) for step in (0.5, 2, 3, 4.5))) == [False] * 4
    assert faulty(*(cut(4 + 0.01 * step) for step in (0.5, 2, 3, 4.5))) == [False] * 4


def test_an_exact_value_may_differ_by_rounding_only() -> None:
    exact = {"stderr": 0.0, "shots_total": 0}
    values = (REFERENCE - 1e-9, REFERENCE - 1e-4)
    assert faulty(*(energy(value, **exact) for value in values)) == [False, True]  # type: ignore[arg-type]
    assert faulty(*(cut(4 + excess, **exact) for excess in (1e-9, 1e-4))) == [False, True]  # type: ignore[arg-type]


def test_nothing_is_said_where_the_noise_is_unknown() -> None:
    # No standard error, that of one shot, and that of shots which all agreed.
    assert faulty(energy(-2, None), energy(-2, float("nan")), energy(-2, 0.0)) == [False] * 3
    assert faulty({**energy(-2), "reference": None, "error": None}) == [False]


def test_few_shots_know_their_noise_badly() -> None:
    few = {"tasks": 100, "shots_total": 1000}
    assert faulty(energy(REFERENCE - 0.008), energy(REFERENCE - 0.008, **few)) == [True, False]  # type: ignore[arg-type]
    assert faulty(energy(REFERENCE - 0.02, **few)) == [True]  # type: ignore[arg-type]


def test_which_way_a_value_is_better_is_never_guessed_wrong() -> None:
    # CVaR: the objective is not the cut, whose ratio tells all the same.
    assert faulty(cut(3.9, objective=-4.0), cut(4.2, objective=-4.0)) == [False, True]
    # A script that maximises what it calls its value.
    accuracy = {"value": 1.2, "objective": 1.2, "stderr": 0.01, "reference": 1.0, "error": 0.2}
    assert faulty(accuracy, algorithm={"direction": "maximize"}) == [True]
    assert faulty(accuracy) == [False]
    # An objective that has nothing to do with the value says nothing of it.
    assert faulty({**accuracy, "objective": 7.0}, {**accuracy, "value": 0.1, "objective": 7.0}) == [False] * 2


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_has_not_completed_is_no_fault(state: JobState) -> None:
    assert faulty(energy(-5.0), state=state) == [False]


@pytest.mark.parametrize(("shots", "most"), [(1000, 8), (300, 11), (100, 22), (20, 84)])
def test_false_alarms_are_as_rare_as_said(shots: int, most: int) -> None:
    # H2 in its exact ground state at 11 bond lengths, 20 000 energies each: every alarm is a false one. The
    # rates are those that the module tells, with three standard deviations of this sample on top.
    rng = np.random.default_rng(0)
    with H2.open() as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)][::27]
    energies = [_sampled(row, shots, 20_000, rng) for row in rows]
    frame = pd.concat(energies, ignore_index=True)
    assert is_faulty(frame).sum() <= most


def _sampled(h2: Mapping[str, float], shots: int, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Energies of the ground state measured in two bases, with their standard errors."""
    signs = np.array([1, 1, -1, -1]) * np.array([1, -1, 1, -1])  # of ZZ
    z = np.array([1, -1, 1, -1]) - np.array([1, 1, -1, -1])  # of IZ − ZI
    in_z, in_x = h2["cz"] * z + h2["czz"] * signs, h2["cxx"] * signs
    flip = np.fliplr(np.eye(4))
    energies, states = np.linalg.eigh(np.diag(in_z) + h2["cxx"] * flip)
    hadamard = np.kron([[1, 1], [1, -1]], [[1, 1], [1, -1]]) / 2
    value, variance = np.zeros(count), np.zeros(count)
    for of_outcomes, amplitudes in ((in_z, states[:, 0]), (in_x, hadamard @ states[:, 0])):
        found = rng.multinomial(shots, amplitudes**2 / np.sum(amplitudes**2), size=count) / shots
        mean = found @ of_outcomes
        value += mean
        variance += np.sum(found * (of_outcomes - mean[:, None]) ** 2, axis=1) / (shots - 1)
    return pd.DataFrame(
        {
            "status": "COMPLETED",
            "objective": value,
            "value": value,
            "stderr": np.sqrt(variance),
            "reference": energies[0],
            "ratio": np.nan,
            "tasks": 2,
            "shots_total": 2 * shots,
        }
    )


@pytest.fixture
def sweep_with_faults(tmp_path: Path) -> Path:
    """COBYLA's are sound, and SPSA's second seed lies far below the exact energy."""
    values = {"spsa": [0.0005, -0.5, 0.0004], "cobyla": [0.01, 0.02, 0.015]}
    jobs = [
        Made({"optimizer": {"name": name}, "seed": seed}, result=energy(REFERENCE + error), logged=[0.1, 0.2])
        for name, errors in values.items()
        for seed, error in enumerate(errors)
    ]
    return written(tmp_path / "sweep", jobs).root


def test_a_fault_is_said_everywhere_and_its_group_is_never_the_best(
    sweep_with_faults: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(sweep_with_faults)
    said = "fault: job 1 reports -1.637, 500 standard errors (0.001 each) below the exact minimum -1.137"
    for words in (["table", folder], ["table", folder, "--sort", "value"], ["compare", folder]):
        assert run_subcommand(words) == 0
        out = " ".join(capsys.readouterr().out.split())
        assert said in out
    assert run_subcommand(["table", folder, "--sort", "value"]) == 0
    out = capsys.readouterr().out
    assert "COMPLETED (fault)" in out
    rows = [line.split()[0] for line in out.splitlines() if line.strip()[:1].isdigit()]
    assert rows[-1] == "1"
    assert "best is optimizer.name cobyla" in " ".join(out.split())
    assert run_subcommand(["table", folder, "--csv"]) == 0
    assert said in " ".join(capsys.readouterr().err.split())

    sweep = load_sweep(folder)
    with pytest.warns(UserWarning, match="job 1 reports"):
        best = sweep.best(5)
    assert 1 not in set(best["job"])
    table = sweep.compare().table
    assert list(table["optimizer.name"]) == ["cobyla", "spsa"]
    assert list(table["verdict"]) == ["best", "fault"]
    assert list(table["faulty"]) == [0, 1]
    assert table["successes"].sum() == 2
    assert not sweep.pareto().set_index("optimizer.name").loc["spsa", "on_front"]

    content = read_content(sweep)
    assert content.headlines[0][0].figure == "optimizer.name cobyla"
    assert [h.figure for h in content.headlines[0] if h.label == "Values that cannot be"] == ["1"]
    assert any(note.startswith(said) for note in content.rankings[0].notes)
    # The best job that is shown is one of the best candidate's.
    assert [h.note[:5] for h in content.headlines[0] if h.label == "Best job of the best"] == ["job 3"]
    assert content.faulty == [False, True, False, False, False, False]


def test_where_all_are_faulty_there_is_no_best(tmp_path: Path) -> None:
    jobs = [
        Made({"shots": shots, "seed": seed}, result=energy(-2.0)) for shots in (10, 20) for seed in (0, 1)
    ]
    sweep = load_sweep(written(tmp_path / "sweep", jobs).root)
    (section,) = sweep.compare().sections
    assert section.best is None
    assert "no group is the best: each has a value that cannot be" in str(sweep.compare())
    with pytest.warns(UserWarning, match="1 more jobs report a value beyond"):
        assert sweep.best().empty
    assert len(fault_words(sweep.results)) == 4  # three by name, and the rest counted
    assert read_content(sweep).headlines[0][0].figure == "–"
