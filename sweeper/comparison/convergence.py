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
"""Metrics that are on the scale of the value whatever is optimised: what our own jobs log, and `value`."""


@dataclass(frozen=True)
class Curves:
    """Every job's metric on one common grid of iterations.

    Attributes:
        name: What it is: the logged metric as the measure of the results judges it, so that curves and
            rankings tell the same: its distance from the exact reference, its ratio to it, or itself.
        iterations: The grid; shape (points,).
        of_jobs: Shape (jobs, points), rows as in the results table; nan before a job's first value, where it
            lacks the reference, and where it has not completed. A job that stopped stays where it stopped.
        measure: By which the jobs are judged.
    """

    name: str
    iterations: NDArray[np.float64]
    of_jobs: NDArray[np.float64]
    measure: Measure


def curves(
    results: pd.DataFrame, metrics: pd.DataFrame, metric: str | None = None, measure: Measure | None = None
) -> Curves | None:
    """The convergence of every job; none where nothing was logged.

    Args:
        results: Rows of `results_frame`.
        metrics: As `metrics_frame` makes it.
        metric: A logged metric; by default `main_metric`.
        measure: By which the jobs are judged; the most telling one by default.
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
    """The metric that tells how these jobs develop, and whether it is on the scale of their value.

    A script may log anything: an accuracy or the norm of a gradient has no distance from the exact energy. Of
    what jobs log the objective is taken (`algorithm.objective`), which is on the value's scale where their
    objective is their value; else one called `value`, `energy` or `expected_cut`, as our own jobs'
    is; else the first, as it is. Where no objective is named, the first is taken for the value.

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
    """A logged metric's name and values as the measure judges them: by distance from the reference, or ratio.

    Without a reference, or with another measure, they are what they are.
    """
    if measure.column == "error" and np.isfinite(reference).any():
        return f"|{name} − reference|", np.abs(values - reference)
    if measure.column == "ratio" and np.isfinite(reference).any():
        return f"{name} / reference", values / np.where(reference == 0, np.nan, reference)
    return name, values


def bands(results: pd.DataFrame, found: Curves, by: Sequence[str]) -> pd.DataFrame:
    """Median and quartiles over the completed jobs of each group, those left out whose value cannot be.

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
    """The iterations there are, thinned to what a picture can show; first and last stay."""
    distinct = np.unique(iterations)
    if len(distinct) <= MOST_POINTS:
        return distinct
    thinned: NDArray[np.float64] = distinct[
        np.linspace(0, len(distinct) - 1, MOST_POINTS).round().astype(int)
    ]
    return thinned
