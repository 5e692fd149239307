"""What a notebook sees of a sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweeper import Sweep, load_sweep
from sweeper.errors import ConfigError
from tests.synthetic import empty_sweep, vqe_sweep


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


def test_a_job_that_stopped_keeps_its_last_value(sweep: Sweep) -> None:
    from sweeper.convergence import curves

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
