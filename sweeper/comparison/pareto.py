"""Which groups are not beaten in both cost and error: the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.comparison.groups import split
from sweeper.comparison.metric import choose_metric, lower_is_better, numbers
from sweeper.errors import ConfigError
from sweeper.selection import design_keys, varies

_COSTS = ("cost_usd", "shots_total", "evaluations", "seconds")


def choose_cost(results: pd.DataFrame, wanted: str | None = None) -> str:
    """The wanted cost, or the first of USD, shots, evaluations and seconds that was spent and differs.

    Raises:
        ConfigError: There is no such column.
    """
    if wanted is not None:
        if wanted not in results or not pd.api.types.is_numeric_dtype(results[wanted]):
            raise ConfigError(f"There is no numeric column {wanted!r}; costs are: {', '.join(_COSTS)}.")
        return wanted
    spent = (name for name in _COSTS if (results[name] > 0).any() and varies(results, name))
    return next(spent, "seconds")


def loss(results: pd.DataFrame, metric: str) -> tuple[NDArray[np.float64], str]:
    """What is to be small, shape (jobs,), and its name: |error|, 1 − ratio, or the metric turned down."""
    values = numbers(results, metric)
    if metric == "error":
        return np.abs(values), "|error|"
    if metric == "ratio":
        return 1 - values, "1 − ratio"
    return (values, metric) if lower_is_better(results, metric) else (-values, f"−{metric}")


def pareto(
    results: pd.DataFrame,
    *,
    by: Sequence[str] | None = None,
    metric: str | None = None,
    cost: str | None = None,
) -> pd.DataFrame:
    """Mean cost and loss of every group of replicates, cheapest first.

    Means, not single jobs: a front of single jobs is made of the luckiest ones.

    Returns:
        The keys, the cost, the loss under its name, `n`, and `on_front`: no other group is at least as good
        in both and better in one.
    """
    metric, cost = choose_metric(results, metric), choose_cost(results, cost)
    keys = list(by) if by is not None else [key for key in design_keys(results) if varies(results, key)]
    losses, name = loss(results, metric)
    spent = numbers(results, cost)
    known = np.isfinite(losses) & np.isfinite(spent)
    rows = []
    for group in split(results, keys, [], metric):
        of_group = group.rows[known[group.rows]]
        if len(of_group):
            values = (spent[of_group].mean(), losses[of_group].mean(), len(of_group))
            rows.append((*group.keys, *values))
    frame = pd.DataFrame(rows, columns=[*keys, cost, name, "n"]).sort_values([cost, name], ignore_index=True)
    before = frame[name].cummin().shift(fill_value=np.inf)
    return frame.assign(on_front=frame[name] < before)
