"""Groups of replicates, and what one row says of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.comparison.metric import completed, numbers
from sweeper.statistics.differences import Replicates
from sweeper.statistics.intervals import mean_interval, rate_interval

_COSTS = {"evaluations": "evaluations", "shots": "shots_total", "usd": "cost_usd"}


@dataclass(frozen=True)
class Group:
    """Jobs with the same values of the grouping keys.

    Attributes:
        keys: The values, in the order of the grouping keys; none for a missing one.
        rows: Their positions in the results table.
        replicates: The finite values of the metric, each with its block.
    """

    keys: tuple[Any, ...]
    rows: NDArray[np.int64]
    replicates: Replicates


def split(results: pd.DataFrame, by: Sequence[str], blocks: Sequence[str], metric: str) -> list[Group]:
    """The groups of a results table, in the order in which they appear in it.

    Args:
        results: Rows of `results_frame`.
        by: The grouping keys; all jobs are one group if there are none.
        blocks: The keys by which groups are paired.
        metric: Only completed jobs with a finite value of it are replicates.
    """
    if results.empty:
        return []
    usable = completed(results) & np.isfinite(numbers(results, metric))
    values = numbers(results, metric)
    block = _codes(results, blocks)
    group = _codes(results, by)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    keys = results[list(by)].astype(object).where(results[list(by)].notna(), None).to_numpy()
    groups = []
    for rows in np.split(order, starts[1:]):
        kept = rows[usable[rows]]
        groups.append(
            Group(tuple(keys[rows[0]]), rows, Replicates(block[kept], values[kept])),
        )
    return groups


@dataclass(frozen=True)
class Accounts:
    """What every group is charged with, by row of the results table; shapes (jobs,).

    Attributes:
        status: The state of each job.
        success: Whether it succeeded.
        spent: Evaluations, shots and USD; nan where unknown.
    """

    status: NDArray[np.object_]
    success: NDArray[np.bool_]
    spent: Mapping[str, NDArray[np.float64]]

    @classmethod
    def of(cls, results: pd.DataFrame, success: NDArray[np.bool_]) -> Self:
        """Read them from a results table."""
        spent = {name: numbers(results, column) for name, column in _COSTS.items()}
        return cls(results["status"].to_numpy(dtype=object), success, spent)


def describe(group: Group, accounts: Accounts, *, lower_is_better: bool) -> dict[str, Any]:
    """One row: counts, location, spread, interval, best, success rate and the cost of a success.

    The expected cost of a success is all that was spent divided by the number of successes: what restarting
    until one succeeds costs on average (the expected running time of Hansen et al., COCO:
    Performance Assessment, arXiv:1605.03560).
    """
    values = group.replicates.numbers
    status = accounts.status[group.rows]
    failed = int((status == "FAILED").sum())
    done = int((status == "COMPLETED").sum())
    interval = mean_interval(values)
    successes, trials = int(accounts.success[group.rows].sum()), done + failed
    rate = rate_interval(successes, trials)
    return {
        "jobs": len(group.rows),
        "n": len(values),
        "failed": failed,
        "unfinished": len(group.rows) - trials,
        "no_value": done - len(values),
        "mean": float(values.mean()) if len(values) else math.nan,
        "sd": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "ci_method": interval.method,
        "median": float(np.median(values)) if len(values) else math.nan,
        "best": float(values.min() if lower_is_better else values.max()) if len(values) else math.nan,
        "successes": successes,
        "success_rate": successes / trials if trials else math.nan,
        "success_low": rate.low,
        "success_high": rate.high,
        **{
            f"{name}_to_success": _until_success(spent[group.rows], successes)
            for name, spent in accounts.spent.items()
        },
    }


def _until_success(spent: NDArray[np.float64], successes: int) -> float:
    if np.isnan(spent).all():
        return math.nan
    return float(np.nansum(spent)) / successes if successes else math.inf


def _codes(results: pd.DataFrame, keys: Sequence[str]) -> NDArray[np.int64]:
    """A number for each distinct combination of values, shape (jobs,)."""
    if not keys:
        return np.zeros(len(results), dtype=np.int64)
    # Text and numbers may share a column: without sorting they need no order.
    grouped = results.groupby(list(keys), dropna=False, sort=False, observed=True)
    return np.asarray(grouped.ngroup(), dtype=np.int64)
