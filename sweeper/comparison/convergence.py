"""How the value develops over a job's iterations, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.comparison.faults import is_faulty
from sweeper.comparison.groups import split
from sweeper.comparison.metric import Measure, choose_measure, completed, numbers
from sweeper.results.selection import OBJECTIVES

MOST_POINTS = 120
_OF_VALUE = ("value", "energy", "expected_cut")
"""Metrics on the scale of the value, whatever is optimised: those of our own jobs, and `value`."""


@dataclass(frozen=True)
class Curves:
    """The metric of every job on a common grid of iterations.

    Attributes:
        name: Name of the plotted quantity. It fits the measure of the rankings: the distance of the logged
            metric from the exact reference, its ratio to the reference, or the metric itself.
        iterations: The grid; shape (points,).
        of_jobs: The quantity, shape (jobs, points), with the rows of the results table. It is nan before the
            first value of a job, for jobs without the reference, and for jobs that have not completed. After
            the last value of a job it stays constant.
        measure: The measure of the rankings.
    """

    name: str
    iterations: NDArray[np.float64]
    of_jobs: NDArray[np.float64]
    measure: Measure


def curves(
    results: pd.DataFrame, metrics: pd.DataFrame, metric: str | None = None, measure: Measure | None = None
) -> Curves | None:
    """The convergence of every job; None if nothing was logged.

    Args:
        results: Rows of `results_frame`.
        metrics: As `metrics_frame` makes it.
        metric: A logged metric; by default `main_metric`.
        measure: The measure of the rankings; by default the most telling one.
    """
    measure = measure or choose_measure(results)
    logged = metrics[metrics["job"].isin(results["job"][completed(results)])]
    if logged.empty:
        return None
    name, is_value = (metric, False) if metric is not None else main_metric(results, logged)
    logged = logged[(logged["metric"] == name) & logged["value"].notna()]
    if logged.empty:
        return None
    jobs = logged["job"].to_numpy()
    order_in_job = logged.groupby("job", sort=False).cumcount().to_numpy(dtype=np.float64)
    given = logged["iteration"].to_numpy(dtype=np.float64, na_value=np.nan)
    iterations = np.where(np.isnan(given), order_in_job, given)
    order = np.lexsort((iterations, jobs))
    jobs, iterations, values = jobs[order], iterations[order], logged["value"].to_numpy()[order]
    grid = _grid(iterations)
    sampled = np.full((len(results), len(grid)), np.nan)
    row_of = {int(job): row for row, job in enumerate(results["job"])}
    for part in np.split(np.arange(len(jobs)), np.flatnonzero(np.diff(jobs)) + 1):
        last = np.searchsorted(iterations[part], grid, side="right") - 1
        found = values[part][np.maximum(last, 0)]
        sampled[row_of[int(jobs[part[0]])]] = np.where(last >= 0, found, np.nan)
    reference = numbers(results, "reference")
    if is_value:
        name, sampled = as_judged(name, sampled, reference[:, None], measure)
    return Curves(name, grid, sampled, measure)


def main_metric(results: pd.DataFrame, logged: pd.DataFrame) -> tuple[str, bool]:
    """The metric that shows how these jobs converge, and whether it is on the scale of their value.

    A script may log anything, and an accuracy or the norm of a gradient cannot be compared with the exact
    energy. The first of these that the jobs have logged is chosen: the objective (`algorithm.objective`),
    which is on the scale of the value if the two are equal; a metric named `value`, `energy` or
    `expected_cut`; any other metric. If no objective is named, the first metric is taken for the value.

    Args:
        results: Rows of `results_frame`.
        logged: What they logged, as `metrics_frame` makes it; not empty.
    """
    names = [str(name) for name in logged["metric"].unique()]
    objectives = results.attrs.get(OBJECTIVES) or {}
    algorithms = results["algorithm"].unique() if "algorithm" in results else list(objectives)
    wanted = [objectives[name] for name in algorithms if name in objectives]
    if not wanted:
        return names[0], True
    if name := next((name for name in wanted if name in names), None):
        value, objective = numbers(results, "value"), numbers(results, "objective")
        known = completed(results) & np.isfinite(value) & np.isfinite(objective)
        return name, name in _OF_VALUE or bool(known.any() and (value == objective)[known].all())
    if name := next((name for name in _OF_VALUE if name in names), None):
        return name, True
    return names[0], False


def as_judged(
    name: str, values: NDArray[np.float64], reference: NDArray[np.float64], measure: Measure
) -> tuple[str, NDArray[np.float64]]:
    """Name and values of a logged metric in terms of the measure: distance from the reference, or ratio.

    Without a reference, or with another measure, they are unchanged.
    """
    if measure.column == "error" and np.isfinite(reference).any():
        return f"|{name} − reference|", np.abs(values - reference)
    if measure.column == "ratio" and np.isfinite(reference).any():
        return f"{name} / reference", values / np.where(reference == 0, np.nan, reference)
    return name, values


def bands(results: pd.DataFrame, found: Curves, by: Sequence[str]) -> pd.DataFrame:
    """Median and quartiles over the completed jobs of each group, without jobs that have impossible values.

    Returns:
        The keys, `iteration`, `n` (jobs), `median`, `low` and `high` (quartiles).
    """
    frames = []
    shown = completed(results) & ~is_faulty(results)
    for group in split(results, by, found.measure).groups:
        values = found.of_jobs[group.rows[shown[group.rows]]]
        values = values[np.isfinite(values).any(axis=1)]
        begun = np.isfinite(values).any(axis=0)
        if not begun.any():
            continue
        low, median, high = np.nanquantile(values[:, begun], [0.25, 0.5, 0.75], axis=0)
        frames.append(
            pd.DataFrame(
                {
                    **dict(zip(by, group.keys, strict=True)),
                    "iteration": found.iterations[begun],
                    "n": np.isfinite(values[:, begun]).sum(axis=0),
                    "median": median,
                    "low": low,
                    "high": high,
                }
            )
        )
    columns = [*by, "iteration", "n", "median", "low", "high"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _grid(iterations: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distinct iterations, thinned to `MOST_POINTS` points; the first and the last stay."""
    distinct = np.unique(iterations)
    if len(distinct) <= MOST_POINTS:
        return distinct
    thinned: NDArray[np.float64] = distinct[
        np.linspace(0, len(distinct) - 1, MOST_POINTS).round().astype(int)
    ]
    return thinned
