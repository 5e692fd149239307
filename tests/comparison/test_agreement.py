"""Whoever asks what is best gets the same answer, and nothing that failed is ever part of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper import load_sweep
from sweeper.cli import run_subcommand
from sweeper.comparison import compare
from sweeper.comparison.best import answers, best_jobs, name_of
from sweeper.comparison.convergence import bands, curves
from sweeper.comparison.metric import choose_measure
from sweeper.comparison.order import in_order
from sweeper.comparison.pareto import choose_cost, pareto
from sweeper.comparison.pivot import pivot
from sweeper.comparison.sweep_tables import SweepTables
from sweeper.job.state import JobState
from sweeper.report.content import read_content
from sweeper.report.pictures import kinds, main_effects
from sweeper.report.write import write_report
from sweeper.results.selection import swept_keys
from sweeper.results.tables import METRIC_COLUMNS, metrics_frame, results_frame
from tests.samples import share
from tests.synthetic import Made, records, written

FABULOUS = {"value": -1e6, "stderr": 1e-9, "reference": -1e6, "error": 0.0, "objective": -1e9, "ratio": 99.0}
"""What a job left behind before it failed: the best there is by whatever one looks at."""
ENDS = (JobState.COMPLETED, JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.RUNNING)


@st.composite
def sweeps(draw: st.DrawFn) -> list[Made]:
    """Two optimizers and up to two numbers of shots, on up to three problems, with up to three seeds.

    Energies with a reference, cuts with a ratio, or a script's objective alone, to be minimised or maximised.
    """
    kind = draw(st.sampled_from(["energy", "cut", "loss", "accuracy"]))
    problem = draw(st.sampled_from(["problem.bond_length", "problem.seed"]))
    sizes = [draw(st.integers(1, most)) for most in (2, 3, 3)]
    design = itertools.product("ab", *(range(size) for size in sizes))
    jobs = []
    for optimizer, shots, problem_value, seed in design:
        loss = draw(st.floats(0.001, 0.9).map(lambda value: round(value, 4)))
        state = draw(st.sampled_from(ENDS))
        spent = {"evaluations": draw(st.integers(1, 50)), "shots_total": 1000 * (shots + 1), "tasks": 2}
        made = Made(
            {"optimizer.name": optimizer, "shots": shots, problem: problem_value, "seed": seed},
            state,
            {**(result_of(kind, loss, problem_value)), **spent},
            [1.0, loss],
            {"direction": "maximize" if kind == "accuracy" else "minimize"},
        )
        jobs.append(made if state is JobState.COMPLETED else replace(made, result=FABULOUS | spent))
    return jobs


def result_of(kind: str, loss: float, problem: int) -> dict[str, Any]:
    if kind == "energy":
        reference = -1.0 - problem
        value = reference + loss
        judged = {"stderr": 0.01, "reference": reference, "error": value - reference}
        return {"objective": value, "value": value, **judged}
    if kind == "cut":
        value, reference = (1 - loss) * (problem + 4.0), problem + 4.0
        judged = {"stderr": 0.01, "reference": reference, "error": value - reference}
        return {"objective": -value, "value": value, **judged, "ratio": value / reference}
    return {"objective": loss if kind == "loss" else 1 - loss}


def metrics_of(jobs: Sequence[Made]) -> pd.DataFrame:
    rows = [
        (number, step, 0.0, "energy", value)
        for number, job in enumerate(jobs)
        for step, value in enumerate(job.logged)
    ]
    return (
        metrics_frame(rows)
        if rows
        else metrics_frame(pd.DataFrame(columns=pd.Index(METRIC_COLUMNS)).to_numpy())
    )


FEW = share(0.25)


@FEW
@given(sweeps())
def test_all_views_name_the_same_best(jobs: list[Made]) -> None:
    results = results_frame(records(jobs))
    comparison = compare(results)
    for section in comparison.sections:
        by = list(section.by)
        frame = pareto(results, by=by)
        cells = frame[frame["eligible"]]
        if section.best is None:
            assert cells.empty or not by
            continue
        name = name_of(by, section.best)
        losses = cells.iloc[:, len(by) + 1]
        assert section.best["mean"] == pytest.approx(_unloss(section.measure, float(losses.min())))
        least = [
            name_of(by, row) for _, row in cells[np.isclose(losses, losses.min(), atol=1e-12)].iterrows()
        ]
        assert name in least
        assert cells["on_front"].any()
        if len(section.table) > 1:
            assert any(name in line for line in answers(comparison))
        if len(by) == 2:
            found = pivot(results, *by)
            means = found.mean.where(found.eligible).to_numpy(dtype=float)
            extreme = np.nanmin(means) if section.measure.lower_is_better else np.nanmax(means)
            assert section.best["mean"] == pytest.approx(extreme)
        for key in by[:1]:
            alone = compare(results, by=[key]).sections[0]
            figure = main_effects.figure(results, key, section.measure)
            if figure is not None and alone.best is not None:
                sound = next(iter(figure.data))
                heights = [height for height in sound.y if np.isfinite(height)]
                extreme = min(heights) if section.measure.lower_is_better else max(heights)
                assert alone.best["mean"] == pytest.approx(extreme)


def _unloss(measure: Any, loss: float) -> float:
    if measure.lower_is_better:
        return loss
    return 1 - loss if measure.column == "ratio" else -loss


@FEW
@given(sweeps())
def test_what_a_failed_job_left_behind_changes_nothing(jobs: list[Made]) -> None:
    # The same sweep, in which the jobs that did not complete had left no results and no metrics.
    kept = ("evaluations", "shots_total", "tasks")
    emptied = [
        job
        if job.state is JobState.COMPLETED
        else replace(job, result={key: job.result[key] for key in kept}, logged=())
        for job in jobs
    ]
    seen = [_views(made) for made in (jobs, emptied)]
    for name, view in seen[0].items():
        other = seen[1][name]
        if isinstance(view, pd.DataFrame):
            pd.testing.assert_frame_equal(view, other, check_dtype=False)
        else:
            assert view == other, name


def _views(jobs: Sequence[Made]) -> dict[str, Any]:
    """All that is concluded from a sweep."""
    results, metrics = results_frame(records(jobs)), metrics_of(jobs)
    comparison = compare(results)
    found = curves(results, metrics)
    keys = ("optimizer.name", "shots")
    return {
        "measure": choose_measure(results),
        "ranking": comparison.table,
        "notes": [section.notes for section in comparison.sections],
        "answers": answers(comparison),
        "pareto": pareto(results),
        "cost": choose_cost(results),
        "pivot": pivot(results, *keys).mean if set(keys) <= set(swept_keys(results)) else None,
        "best": best_jobs(results, 3)[["job", "tied_with"]],
        "convergence": None if found is None else bands(results, found, ["optimizer.name"]),
        "first of the sorted": [
            in_order(results, column, descending=descending)["job"].head(1).tolist()
            for column in ("objective", "value", "error", "ratio")
            for descending in (False, True)
            if (results["status"] == "COMPLETED").any()
        ],
    }


@FEW
@given(sweeps(), st.sampled_from(["objective", "value", "error", "ratio", "seconds"]), st.booleans())
def test_sorted_by_an_outcome_what_has_not_completed_comes_last(
    jobs: list[Made], column: str, descending: bool
) -> None:
    ordered = in_order(results_frame(records(jobs)), column, descending=descending)
    done = (ordered["status"] == "COMPLETED").tolist()
    assert done == sorted(done, reverse=True)
    assert len(ordered) == len(jobs)


@FEW
@given(sweeps())
def test_a_problem_that_is_harder_for_all_changes_no_ranking(jobs: list[Made]) -> None:
    key = next(key for key in jobs[0].swept if key.startswith("problem."))
    if "error" not in jobs[0].result or "ratio" in jobs[0].result:
        return
    results = results_frame(records(jobs))
    if key not in results:
        return
    harder = results.assign(error=results["error"].abs() + 10 * results[key].astype(float))
    for one, other in zip(compare(results).sections, compare(harder).sections, strict=True):
        assert one.table["verdict"].tolist().count("best") == other.table["verdict"].tolist().count("best")
        if one.best is not None and other.best is not None:
            by = list(one.by)
            assert one.table[by].to_numpy().tolist() == other.table[by].to_numpy().tolist()


def test_the_smallest_error_is_best_and_never_the_most_negative(tmp_path: Path) -> None:
    # Within noise of the exact energy on either side: no faults, and yet the lowest is not the best.
    errors = {"low": -0.011, "near": 0.0002, "high": 0.004}
    jobs = [
        Made({"ansatz": name}, result=result_of("energy", error, 0) | {"stderr": 0.003})
        for name, error in errors.items()
    ]
    sweep = load_sweep(written(tmp_path / "sweep", jobs).root)
    assert sweep.best()["ansatz"].tolist() == ["near"]
    assert sweep.best()["tied_with"].tolist() == ["2"]  # `high` is within noise of it, `low` is not
    (section,) = sweep.compare().sections
    assert section.table["ansatz"].tolist() == ["near", "high", "low"]
    assert section.table["verdict"].tolist() == ["best", "within noise", "untested"]
    assert answers(sweep.compare()) == [
        "best is ansatz near: mean |error| 0.0002, n = 1; noise does not tell from it: ansatz high"
    ]


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_without_a_reference_the_objective_decides_in_its_stated_direction(
    tmp_path: Path, direction: str
) -> None:
    jobs = [
        Made({"lr": lr}, result={"objective": lr}, algorithm={"direction": direction}) for lr in (1, 2, 3)
    ]
    sweep = load_sweep(written(tmp_path / "sweep", jobs).root)
    best = {"minimize": 1, "maximize": 3}
    assert sweep.best()["lr"].tolist() == [best[direction]]
    assert sweep.compare().table["lr"].iloc[0] == best[direction]
    # Who did not say so in the config says it afterwards.
    other = {"minimize": "maximize", "maximize": "minimize"}[direction]
    told = load_sweep(sweep.folder.root, direction=other)  # type: ignore[arg-type]
    assert told.best()["lr"].tolist() == [best[other]]


def test_sorting_the_table_changes_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [
        Made({"width": width, "seed": seed}, result={"objective": 0.1 * seed**2})
        for width, seed in itertools.product((1, 2), range(6))
    ]
    root = str(written(tmp_path / "equal", jobs).root)
    answers = set()
    for sort in ("job", "-job", "objective", "-objective"):
        assert run_subcommand(["table", root, f"--sort={sort}"]) == 0
        answers.add(capsys.readouterr().out.partition("best is ")[2])
    assert len(answers) == 1
    assert answers.pop().startswith("width 1: mean objective")


def test_failed_jobs_win_nothing_in_any_command_report_or_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import optuna

    jobs = [
        Made(
            {"optimizer.name": optimizer, "shots": shots, "seed": seed},
            JobState.FAILED if optimizer == "bad" else JobState.COMPLETED,
            FABULOUS if optimizer == "bad" else result_of("energy", 0.01 * (shots + seed), 0),
            [-1e9] if optimizer == "bad" else [1.0, 0.5],
        )
        for optimizer, shots, seed in itertools.product(("bad", "good"), (1, 2), (0, 1))
    ]
    folder = written(tmp_path / "sweep", jobs)
    root = str(folder.root)
    for words in (
        *(["table", root, "--sort", column] for column in ("objective", "error", "value")),
        *(["compare", root, *more] for more in ([], ["--by", "optimizer.name"], ["--best", "1"])),
        ["compare", root, "--pivot", "optimizer.name", "shots"],
    ):
        assert run_subcommand(words) == 0
        out = capsys.readouterr().out
        assert "best is optimizer.name bad" not in out
        first = next(line for line in out.splitlines() if "good" in line or "bad" in line)
        assert "good" in first or "--pivot" in words
    write_report(SweepTables(folder))
    content = read_content(SweepTables(folder))
    assert "good" in content.headlines[0][0].figure
    drawn = [picture for draw in kinds() if (picture := draw(content.parts[0])) is not None]
    numbers = [
        float(value)
        for picture in drawn
        for figure in picture.figures.values()
        for trace in figure.data
        for values in (trace[name] for name in ("y", "z") if name in trace)
        if values is not None
        for value in np.ravel(values)
        if isinstance(value, int | float | np.number) and np.isfinite(value)
    ]
    assert len(numbers) > 20
    assert max(map(abs, numbers)) < 1e3
    assert run_subcommand(["export", root, "--to", "optuna"]) == 0
    study = optuna.load_study(study_name="sweep", storage=f"sqlite:///{root}/optuna.db")
    assert study.best_params["optimizer.name"] == "good"
