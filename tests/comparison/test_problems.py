"""Problems are blocks: candidates are compared within them, and none of them is ever the better one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweeper import load_sweep
from sweeper.cli import run_subcommand
from sweeper.comparison import compare
from sweeper.comparison.reading import read_as
from sweeper.errors import ConfigError
from sweeper.job.state import JobState
from sweeper.results.tables import results_frame
from tests.synthetic import Made, records, written


def design(
    loss: Callable[[str, Any, int], float],
    problem_key: str = "problem.bond_length",
    problems: Sequence[Any] = (0.5, 1.0, 2.0),
    seeds: int = 3,
    failing: Sequence[tuple[str, Any]] = (),
) -> list[Made]:
    """Two ansätze on each problem with each seed; `loss` gives the |error| by ansatz, problem and seed."""
    jobs = []
    for ansatz, problem, seed in itertools.product(("hea", "ucc"), problems, range(seeds)):
        error = loss(ansatz, problem, seed)
        result = {"objective": error - 1, "value": error - 1, "reference": -1.0, "error": error}
        state = JobState.FAILED if (ansatz, problem) in failing else JobState.COMPLETED
        jobs.append(Made({"ansatz": ansatz, problem_key: problem, "seed": seed}, state, result))
    return jobs


def harder(ansatz: str, problem: Any, seed: int) -> float:
    """Problems differ by far more than ansätze do."""
    return 0.01 * (ansatz == "ucc") + float(problem) ** 2 + 0.001 * seed


@pytest.mark.parametrize("key", ["problem.bond_length", "problem.seed", "problem.weight_seed", "problem.n"])
def test_by_default_candidates_are_ranked_and_problems_are_not(key: str) -> None:
    results = results_frame(records(design(harder, key, (1, 2, 3))))
    (section,) = compare(results).sections
    assert section.by == ("ansatz",)
    assert section.best is not None
    assert section.best["ansatz"] == "hea"
    assert f"averaged over the 3 problems of {key}" in " ".join(section.notes)


def test_seeds_are_independent_values_of_chosen_problems_and_problems_are_of_random_ones() -> None:
    chosen = compare(results_frame(records(design(harder)))).sections[0]
    assert chosen.table["n"].tolist() == [3, 3]
    assert chosen.over == "seeds, over 3 problems (problem.bond_length)"
    assert chosen.table["test"].iloc[1] == "paired t, n = 3"
    drawn = compare(results_frame(records(design(harder, "problem.seed", range(5))))).sections[0]
    assert drawn.table["n"].tolist() == [5, 5]
    assert drawn.over == "problems (problem.seed)"
    single = compare(results_frame(records(design(harder, seeds=1)))).sections[0]
    assert single.table["n"].tolist() == [3, 3]
    # What makes the problems differ does not blur the comparison, as it is on both sides.
    assert all(section.table["p_value"].iloc[1] < 0.01 for section in (chosen, drawn, single))


def test_an_ensemble_of_graphs_with_many_seeds_each_is_not_taken_for_many_graphs() -> None:
    # Two graphs that favour one ansatz by chance, with 50 seeds each: no evidence about a third graph.
    def loss(ansatz: str, problem: int, seed: int) -> float:
        return (0.1 + 0.05 * problem) * (ansatz == "ucc") + 0.001 * np.sin(seed)

    section = compare(results_frame(records(design(loss, "problem.seed", (0, 1), seeds=50)))).sections[0]
    assert section.table["n"].tolist() == [2, 2]
    assert section.table["verdict"].iloc[1] == "not significant"


def test_the_false_alarm_rate_holds_over_an_ensemble_of_problems() -> None:
    # 120 sweeps of two equal ansätze on 6 random graphs, each of which favours one or the other: at 5 %, more
    # than 14 alarms have a chance of 0.1 %. Graphs times seeds taken for replicates would make 36.
    rng = np.random.default_rng(0)
    results = results_frame(records(design(lambda *_: 1.0, "problem.seed", range(6), seeds=4)))
    alarms = 0
    for _ in range(120):
        favours = np.stack([np.zeros(6), rng.normal(0, 1, 6)])
        errors = 10 + favours[:, :, None] + rng.normal(0, 0.1, (2, 6, 4))
        table = compare(results.assign(error=errors.ravel())).table
        alarms += table["verdict"].iloc[1] == "worse"
    assert alarms <= 14


def test_a_candidate_that_failed_on_the_hard_problem_gains_nothing() -> None:
    jobs = design(harder, problems=(0.5, 2.0), failing=[("ucc", 2.0)])
    (section,) = compare(results_frame(records(jobs))).sections
    assert section.table["ansatz"].tolist() == ["hea", "ucc"]
    assert section.table["verdict"].tolist() == ["best", "incomplete"]
    assert "3 failed, 1 problems lacking" in str(compare(results_frame(records(jobs))))


def test_problems_that_are_asked_for_are_listed_and_not_ranked() -> None:
    results = results_frame(records(design(harder)))
    comparison = compare(results, by=["problem.bond_length"])
    (section,) = comparison.sections
    assert section.table["problem.bond_length"].tolist() == [0.5, 1.0, 2.0]
    assert set(section.table["verdict"]) == {"listed"}
    assert section.best is None
    assert "problems are not ranked" in str(comparison)
    assert "against the best" not in str(comparison)


def test_with_a_problem_among_the_keys_each_problem_has_its_ranking() -> None:
    # One ansatz is better when stretched, the other near equilibrium.
    def loss(ansatz: str, problem: float, seed: int) -> float:
        return abs(2.0 * (ansatz == "hea") - problem) + 0.001 * seed

    comparison = compare(results_frame(records(design(loss))), by=["ansatz", "problem.bond_length"])
    best = {
        section.title: section.best["ansatz"] for section in comparison.sections if section.best is not None
    }
    assert best == {
        "problem.bond_length=0.5": "ucc",
        "problem.bond_length=1.0": "hea",
        "problem.bond_length=2.0": "hea",
    }
    assert set(comparison.table.columns[:2]) == {"problem.bond_length", "ansatz"}


def test_a_group_of_problems_pools_no_lengths_as_replicates() -> None:
    jobs = [
        Made(
            {"problem.bond_length": length, "problem.kind": kind, "seed": seed},
            result={"objective": error, "value": error, "reference": 0.0, "error": error},
        )
        for kind, (place, length), seed in itertools.product("ab", enumerate((0.5, 1.0)), (0, 1))
        for error in [place + 0.1 * seed]
    ]
    table = compare(results_frame(records(jobs)), by=["problem.kind"]).table
    assert table["n"].tolist() == [2, 2]
    assert table["mean"].tolist() == pytest.approx([0.55, 0.55])


def molecules() -> list[Made]:
    """A stranger's script: a loss for each molecule, learning rate and seed, and nothing else."""
    return [
        Made(
            {f"algorithm.hyperparameters.{key}": value for key, value in swept.items()},
            result={"objective": base + swept["lr"] + 0.01 * swept["seed"]},
        )
        for base, name in ((1.0, "lih"), (5.0, "h2o"))
        for lr, seed in itertools.product((0.1, 0.2), (0, 1))
        for swept in [{"molecule": name, "lr": lr, "seed": seed}]
    ]


def test_a_script_says_which_of_its_hyperparameters_are_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = written(tmp_path / "plain", molecules()).root
    assert compare(load_sweep(plain).results).sections[0].by == (
        "algorithm.hyperparameters.molecule",
        "algorithm.hyperparameters.lr",
    )
    said = [
        Made(job.swept, result=job.result, algorithm={"problem_keys": ["molecule"]}) for job in molecules()
    ]
    told = written(tmp_path / "told", said).root
    for sweep in (load_sweep(told), load_sweep(plain, problem_keys=["molecule"])):
        (section,) = sweep.compare().sections
        assert section.by == ("algorithm.hyperparameters.lr",)
        assert section.table["n"].tolist() == [2, 2]
        best = sweep.best()
        assert best["algorithm.hyperparameters.molecule"].tolist() == ["lih", "h2o"]
        assert best["algorithm.hyperparameters.lr"].tolist() == [0.1, 0.1]
    for command in (["compare"], ["table"]):
        assert run_subcommand([*command, str(plain), "--problem-keys", "molecule"]) == 0
        assert "over 2 problems" in " ".join(capsys.readouterr().out.split()).replace("the ", "")
        assert run_subcommand([*command, str(plain), "--problem-keys", "atom"]) == 1
        assert "'atom' was not swept" in capsys.readouterr().err


def test_a_key_that_changes_the_exact_reference_is_said_to_be_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what goes with it, such as its number of qubits; not the learning rate."""
    exact = {"lih": (-7.9, 4), "h2o": (-75.0, 6)}
    jobs = [
        Made(
            {f"algorithm.hyperparameters.{key}": value for key, value in swept.items()},
            result={"objective": e, "value": e, "reference": exact[name][0], "error": e - exact[name][0]},
        )
        for name, lr, seed in itertools.product(exact, (0.1, 0.2), (0, 1))
        for swept in [{"molecule": name, "qubits": exact[name][1], "lr": lr, "seed": seed}]
        for e in [exact[name][0] + lr + 0.01 * seed]
    ]
    root = str(written(tmp_path / "sweep", jobs).root)
    for command in ("table", "compare"):
        assert run_subcommand([command, root]) == 0
        assert "--problem-keys molecule,qubits (" in " ".join(capsys.readouterr().out.split())
        assert run_subcommand([command, root, "--problem-keys", "molecule,qubits"]) == 0
        assert "different problems" not in capsys.readouterr().out


def test_a_key_that_was_not_swept_tells_no_problems_apart() -> None:
    with pytest.raises(ConfigError, match=r"swept were: ansatz, problem\.bond_length, seed"):
        read_as(results_frame(records(design(harder))), problem_keys=["nosuch"])
