"""Comparisons of synthetic sweeps with known answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweeper import load_sweep
from sweeper.comparison import compare
from sweeper.comparison.best import answers
from sweeper.comparison.metric import choose_measure
from sweeper.comparison.pareto import pareto
from sweeper.comparison.pivot import pivot
from sweeper.comparison.success import Success
from sweeper.errors import ConfigError
from tests.synthetic import empty_sweep, vqe_sweep


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return load_sweep(
        vqe_sweep(tmp_path_factory.mktemp("s") / "sweep", seeds=12, cost_per_shot=1e-5).root
    ).results


def test_replicates_are_grouped_and_described(results: pd.DataFrame) -> None:
    table = compare(results).table
    assert len(table) == 8
    row = table[(table["optimizer"] == "powell") & (table["shots"] == 1000)].iloc[0]
    jobs = results[(results["optimizer"] == "powell") & (results["shots"] == 1000)]
    assert (row["jobs"], row["n"], row["failed"]) == (12, 12, 0)
    errors = jobs["error"].abs()
    assert row["mean"] == pytest.approx(errors.mean())
    assert row["sd"] == pytest.approx(errors.std())
    assert row["median"] == pytest.approx(errors.median())
    assert row["best"] == errors.min()
    assert row["ci_low"] < row["mean"] < row["ci_high"]
    successes = (jobs["error"].abs() <= 1.6e-3).sum()
    assert row["successes"] == successes
    spent = jobs["shots_total"].sum()
    assert row["shots_to_success"] == (pytest.approx(spent / successes) if successes else np.inf)


def test_the_ranking_finds_what_is_really_worse(results: pd.DataFrame) -> None:
    table = compare(results, by=["optimizer"]).table
    assert list(table["optimizer"]) == ["cobyla", "nelder_mead", "powell", "spsa"]
    assert next(iter(table["verdict"])) == "best"
    assert list(table["verdict"])[3] == "worse"
    assert table["test"].iloc[1] == "paired t, n = 24"
    assert table["minus_best"].iloc[3] == pytest.approx(table["mean"].iloc[3] - table["mean"].iloc[0])


def test_failed_unfinished_and_valueless_jobs_are_counted(tmp_path: Path) -> None:
    folder = vqe_sweep(
        tmp_path / "s",
        optimizers=["cobyla"],
        shots=[100],
        seeds=8,
        failing={1: "boom"},
        unfinished=[2],
        without_value=[3],
    )
    row = compare(load_sweep(folder.root).results).table.iloc[0]
    assert (row["jobs"], row["n"], row["failed"], row["unfinished"], row["no_value"]) == (8, 5, 1, 1, 1)
    text = str(compare(load_sweep(folder.root).results))
    assert "1 failed, 1 unfinished, 1 no value" in text
    assert "1 of 8 jobs failed" in text
    assert row["success_rate"] == row["successes"] / 7  # what has ended, the failed job included


def test_different_algorithms_are_not_ranked_against_each_other(results: pd.DataFrame) -> None:
    both = results.assign(algorithm="vqe")
    qaoa = results.assign(algorithm="qaoa_maxcut", value=3.0, objective=-3.0, ratio=0.75, error=-1.0)
    both = pd.concat([both, qaoa], ignore_index=True)[["job", "status", "algorithm", *results.columns[2:]]]
    sections = compare(both).sections
    assert [(s.title, s.metric, s.measure.lower_is_better) for s in sections] == [
        ("algorithm=vqe", "|error|", True),
        ("algorithm=qaoa_maxcut", "ratio", False),
    ]
    assert not choose_measure(qaoa, "value").lower_is_better
    assert len(compare(both, by=["algorithm"]).sections) == 1


def test_success_of_qaoa_is_a_ratio(results: pd.DataFrame) -> None:
    qaoa = results.assign(ratio=np.where(results["seed"] < 6, 0.95, 0.5))
    assert compare(qaoa, by=["optimizer"]).table["success_rate"].tolist() == [0.5] * 4
    strict = compare(qaoa, by=["optimizer"], success=Success(min_ratio=0.99)).table
    assert strict["success_rate"].tolist() == [0.0] * 4
    assert np.isinf(strict["usd_to_success"]).all()


def test_where_and_metric(results: pd.DataFrame) -> None:
    comparison = compare(results, metric="shots_total", where=["shots>=1000"])
    assert comparison.sections[0].metric == "shots_total"
    assert comparison.table["jobs"].sum() == 48
    assert set(comparison.table["ci_method"]) == {"all values equal"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": ["nosuch"]}, "There is no column 'nosuch'"),
        ({"by": ["error"]}, "only swept keys group jobs; they are: optimizer, shots, seed"),
        ({"metric": "nosuch"}, "There is no column 'nosuch'"),
        ({"metric": "status"}, "holds no numbers"),
        ({"where": ["shots"]}, "compares nothing"),
    ],
)
def test_what_does_not_fit_is_refused(
    results: pd.DataFrame, options: dict[str, list[str]], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        compare(results, **options)  # type: ignore[arg-type]


def test_degenerate_sweeps_say_something_sensible(tmp_path: Path) -> None:
    empty = compare(load_sweep(empty_sweep(tmp_path / "empty").root).results)
    assert "No jobs" in str(empty)
    assert empty.table.empty
    only = {"optimizers": ["cobyla"], "shots": [100]}
    failed = vqe_sweep(tmp_path / "failed", **only, seeds=2, failing={0: "boom", 1: "boom"})  # type: ignore[arg-type]
    table = compare(load_sweep(failed.root).results).table
    assert (table["n"].tolist(), table["verdict"].tolist(), table["failed"].tolist()) == (
        [0],
        ["no value"],
        [2],
    )
    single = compare(load_sweep(vqe_sweep(tmp_path / "one", **only, seeds=1).root).results)  # type: ignore[arg-type]
    assert single.table["n"].tolist() == [1]
    assert "none: n < 2" in str(single)


def test_beside_candidates_that_failed_the_best_is_not_called_untested(tmp_path: Path) -> None:
    """More seeds would test nothing: there is nothing to compare with."""
    failing = dict.fromkeys(range(3, 6), "boom")
    folder = vqe_sweep(tmp_path / "s", optimizers=["cobyla", "spsa"], shots=[100], seeds=3, failing=failing)
    comparison = compare(load_sweep(folder.root).results)
    (answer,) = answers(comparison)
    assert answer.startswith("best is optimizer cobyla")
    assert answer.endswith("no other can be compared with it")
    text = str(comparison)
    assert "sweep seeds" not in text
    assert "no value" in text
    assert "3 failed" in text
    assert "lacking" not in text


def test_without_replicates_nothing_is_tested(tmp_path: Path) -> None:
    comparison = compare(load_sweep(vqe_sweep(tmp_path / "s", shots=[100], seeds=1).root).results)
    # Single values are told apart by their standard errors at most, and nothing is tested.
    assert comparison.table["verdict"].iloc[0] == "best"
    assert set(comparison.table["verdict"].iloc[1:]) <= {"untested", "within noise"}
    assert comparison.table["p_value"].isna().all()
    assert "sweep seeds" in str(comparison)


def test_a_pivot_averages_over_the_rest(results: pd.DataFrame) -> None:
    found = pivot(results, "optimizer", "shots")
    assert list(found.mean.columns) == [100, 1000]
    rows = results[(results["optimizer"] == "spsa") & (results["shots"] == 100)]
    assert found.mean.loc["spsa", 100] == pytest.approx(rows["error"].abs().mean())
    assert (found.n == 12).all(axis=None)
    with pytest.raises(ConfigError, match="was not swept"):
        pivot(results, "optimizer", "error")
    with pytest.raises(ConfigError, match="two different keys"):
        pivot(results, "shots", "shots")


def test_nobody_beats_the_pareto_front(results: pd.DataFrame) -> None:
    frame = pareto(results)
    front, rest = frame[frame["on_front"]], frame[~frame["on_front"]]
    assert len(front) >= 1
    assert front["|error|"].is_monotonic_decreasing
    for row in rest.itertuples():
        beaten = (front["cost_usd"] <= row.cost_usd) & (front["|error|"] <= frame.loc[row.Index, "|error|"])
        assert beaten.any()


def test_output_is_text_markdown_latex_and_html(results: pd.DataFrame) -> None:
    comparison = compare(results, by=["optimizer"])
    assert "nelder_mead" in str(comparison)
    assert comparison.to_markdown().splitlines()[1].startswith("| --- |")
    assert r"nelder\_mead" in comparison.to_latex()
    assert r"\toprule" in comparison.to_latex()
    html = comparison._repr_html_()
    assert "<table" in html
    assert "nelder_mead" in html


def test_a_text_in_a_config_cannot_become_markup(results: pd.DataFrame) -> None:
    hostile = results.assign(optimizer=results["optimizer"].replace("spsa", "<script>alert(1)</script>"))
    assert "<script>" not in compare(hostile)._repr_html_()


def test_json_of_the_table_is_possible(results: pd.DataFrame) -> None:
    assert len(json.loads(compare(results).table.to_json(orient="records"))) == 8
