"""What a notebook sees of a sweep."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweeper import Sweep, load_sweep
from sweeper.errors import ConfigError
from sweeper.folder.layout import SweepFolder
from sweeper.results.tables import metrics_frame, results_frame
from tests.synthetic import BEGUN, Made, empty_sweep, records, vqe_sweep, written


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = vqe_sweep(
        tmp_path_factory.mktemp("api") / "sweep", lengths=[0.5, 1.0], seeds=4, failing={3: "boom"}
    )
    return load_sweep(folder.root)


def test_a_sweep_shows_itself(sweep: Sweep, tmp_path: Path) -> None:
    html = sweep._repr_html_()
    assert "<h3>sweep</h3>" in html
    assert "63 COMPLETED, 1 FAILED" in html
    assert "against the best" in html
    assert repr(sweep) == "<Sweep sweep: 63 COMPLETED, 1 FAILED>"
    assert "No jobs to compare" in load_sweep(empty_sweep(tmp_path / "e").root)._repr_html_()


def test_compare_takes_words_as_the_command_does(sweep: Sweep) -> None:
    comparison = sweep.compare(by="optimizer", metric="error", where="shots>=1000", success_error=0.01)
    assert comparison.table["jobs"].sum() == 32
    assert comparison.sections[0].by == ("optimizer",)
    assert "0.01" in str(comparison)


def test_convergence_is_the_median_and_the_quartiles_of_the_group(sweep: Sweep) -> None:
    frame = sweep.convergence(by="optimizer")
    assert list(frame.columns) == ["optimizer", "iteration", "n", "median", "low", "high"]
    last = frame[(frame["optimizer"] == "spsa") & (frame["iteration"] == 19)].iloc[0]
    jobs = sweep.results[sweep.results["optimizer"] == "spsa"].set_index("job")
    logged = sweep.metrics[
        (sweep.metrics["metric"] == "energy") & (sweep.metrics["iteration"] == 19)
    ].set_index("job")
    errors = (logged["value"] - jobs["reference"]).dropna()
    assert last["n"] == len(errors) == 16
    assert [last["low"], last["median"], last["high"]] == pytest.approx(
        list(errors.quantile([0.25, 0.5, 0.75]))
    )
    with pytest.raises(ConfigError, match="logged were: energy, stderr"):
        sweep.convergence(metric="nosuch")


def test_algorithms_have_curves_and_fronts_of_their_own(tmp_path: Path) -> None:
    """An energy and a cut have no common scale: neither makes the other vanish."""
    sweep = load_sweep(two_algorithms(tmp_path / "two").root)
    curves = sweep.convergence()
    assert curves.groupby("algorithm")["median"].last().to_dict() == pytest.approx({"vqe": 0.1, "qaoa": 0.9})
    front = sweep.pareto()
    assert front.groupby("algorithm")["on_front"].sum().to_dict() == {"vqe": 1, "qaoa": 1}
    assert front["|error|"].notna().tolist() == (front["algorithm"] == "vqe").tolist()
    assert front["1 − ratio"].notna().tolist() == (front["algorithm"] == "qaoa").tolist()


def two_algorithms(root: Path) -> SweepFolder:
    jobs = [
        Made(
            {"shots": shots, "seed": seed},
            result={"objective": sign * value, "value": value, "shots_total": shots, **judged},
            logged=[value],
            algorithm={"name": name},
        )
        for name, sign, value, judged in (
            ("vqe", 1, -0.9, {"reference": -1.0, "error": 0.1}),
            ("qaoa", -1, 3.6, {"reference": 4.0, "error": -0.4, "ratio": 0.9}),
        )
        for shots, seed in itertools.product((1, 2), (0, 1))
    ]
    return written(root, jobs)


@pytest.mark.parametrize(
    ("objective", "metric", "shown"),
    [
        ("loss", "grad_norm", "grad_norm"),
        ("energy", "energy", "|energy − reference|"),
        ("loss", "energy", "|energy − reference|"),
        ("objective", "expected_cut", "|expected_cut − reference|"),
        (None, "energy", "|energy − reference|"),
    ],
)
def test_only_what_is_on_the_scale_of_the_value_has_a_distance_from_the_reference(
    objective: str | None, metric: str, shown: str
) -> None:
    """A script's gradient has no distance from the exact energy."""
    from sweeper.comparison.convergence import curves

    result = {"objective": -0.9, "value": -0.9, "reference": -1.0, "error": 0.1}
    jobs = [Made({"seed": seed}, result=result, algorithm={"objective": objective}) for seed in (0, 1)]
    metrics = metrics_frame([(job, 0, BEGUN, metric, 0.5) for job in (0, 1)])
    found = curves(results_frame(records(jobs)), metrics)
    assert found is not None
    assert found.name == shown
    assert found.of_jobs[0, 0] == (0.5 if shown == metric else 1.5)


def test_a_table_that_an_earlier_version_wrote_is_read_from_the_ledger(tmp_path: Path) -> None:
    jobs = [
        Made({"lr": lr}, result={"objective": lr}, algorithm={"objective": "acc", "direction": "maximize"})
        for lr in (0.1, 0.2)
    ]
    folder = written(tmp_path / "sweep", jobs)
    table = pd.read_parquet(folder.results)
    table.attrs = {"ledger": table.attrs["ledger"]}
    table.to_parquet(folder.results, index=False)
    assert load_sweep(folder.root).best()["lr"].tolist() == [0.2]


def test_of_what_a_script_logs_its_objective_is_shown() -> None:
    from sweeper.comparison.convergence import curves

    jobs = [
        Made({"seed": seed}, result={"objective": 0.5}, algorithm={"objective": "loss"}) for seed in (0, 1)
    ]
    metrics = metrics_frame([(0, 0, BEGUN, "lr", 9.0), (0, 0, BEGUN, "loss", 0.5)])
    found = curves(results_frame(records(jobs)), metrics)
    assert found is not None
    assert found.name == "loss"


def test_a_job_that_stopped_keeps_its_last_value(sweep: Sweep) -> None:
    from sweeper.comparison.convergence import curves

    metrics = pd.DataFrame(
        {
            "job": [0, 0, 0, 1],
            "iteration": pd.array([0, 1, 2, 0], dtype="Int64"),
            "timestamp": np.nan,
            "metric": "loss",
            "value": [3.0, 2.0, 1.0, 5.0],
        }
    )
    found = curves(sweep.results.head(2).assign(reference=np.nan), metrics)
    assert found is not None
    assert found.name == "loss"
    assert found.of_jobs.tolist() == [[3, 2, 1], [5, 5, 5]]


def test_long_runs_are_thinned_but_keep_their_ends(tmp_path: Path) -> None:
    folder = vqe_sweep(tmp_path / "s", optimizers=["cobyla"], shots=[100], seeds=2, iterations=2000)
    frame = load_sweep(folder.root).convergence()
    assert len(frame) == 120
    assert (frame["iteration"].min(), frame["iteration"].max()) == (0, 1999)


def test_pareto(sweep: Sweep) -> None:
    frame = sweep.pareto(by=["optimizer", "shots"], cost="shots_total")
    assert len(frame) == 8
    assert frame["on_front"].any()
    with pytest.raises(ConfigError, match="no numeric column 'status'"):
        sweep.pareto(cost="status")


def test_every_plot_is_a_plotly_figure(sweep: Sweep) -> None:
    import plotly.graph_objects as go

    plot = sweep.plot
    figures = [
        plot.convergence(by="optimizer"),
        plot.main_effect("shots"),
        plot.heat_map("optimizer", "shots"),
        plot.pareto(),
        plot.parallel(),
        plot.dissociation(where="optimizer!=spsa"),
    ]
    assert all(isinstance(figure, go.Figure) and len(figure.data) for figure in figures)
    with pytest.raises(ConfigError, match="scanned landscapes"):
        plot.landscape()
    with pytest.raises(ConfigError, match="no jobs to draw"):
        plot.pareto(where="shots>5000")
