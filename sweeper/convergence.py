"""How the value develops over a job's iterations, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.comparison.groups import split
from sweeper.comparison.metric import numbers

MOST_POINTS = 120


@dataclass(frozen=True)
class Curves:
    """Every job's metric on one common grid of iterations.

    Attributes:
        name: What it is: the logged metric, less the exact reference where there is one.
        iterations: The grid; shape (points,).
        of_jobs: Shape (jobs, points), rows as in the results table; nan before a job's first value, and where
            it lacks the reference. A job that stopped stays where it stopped.
    """

    name: str
    iterations: NDArray[np.float64]
    of_jobs: NDArray[np.float64]


def curves(results: pd.DataFrame, metrics: pd.DataFrame, metric: str | None = None) -> Curves | None:
    """The convergence of every job; none where nothing was logged.

    Args:
        results: Rows of `results_frame`.
        metrics: As `metrics_frame` makes it.
        metric: A logged metric; by default the one these jobs logged first, which is what they optimise.
    """
    logged = metrics[metrics["job"].isin(results["job"])]
    if logged.empty:
        return None
    name = metric or str(logged["metric"].iloc[0])
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
    if metric is None and np.isfinite(reference).any():
        return Curves(f"{name} − reference", grid, sampled - reference[:, None])
    return Curves(name, grid, sampled)


def bands(results: pd.DataFrame, found: Curves, by: Sequence[str]) -> pd.DataFrame:
    """Median and quartiles over the jobs of each group.

    Returns:
        The keys, `iteration`, `n` (jobs), `median`, `low` and `high` (quartiles).
    """
    frames = []
    for group in split(results, by, [], "objective"):
        values = found.of_jobs[group.rows]
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
