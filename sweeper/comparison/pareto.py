"""The Pareto front: the groups that no other group beats in both cost and error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sweeper.comparison.groups import split
from sweeper.comparison.metric import Measure, choose_measure, completed, numbers
from sweeper.errors import ConfigError
from sweeper.results.selection import design_keys, varies

_COSTS = ("cost_usd", "shots_total", "evaluations", "seconds")


def choose_cost(results: pd.DataFrame, wanted: str | None = None) -> str:
    """The wanted column, or the first of USD, shots, evaluations and seconds that is positive and varies.

    Raises:
        ConfigError: There is no such column.
    """
    if wanted is not None:
        if wanted not in results or not pd.api.types.is_numeric_dtype(results[wanted]):
            raise ConfigError(f"There is no numeric column {wanted!r}; costs are: {', '.join(_COSTS)}.")
        return wanted
    done = results[completed(results)]
    spent = (name for name in _COSTS if (done[name] > 0).any() and varies(done, name))
    return next(spent, "seconds")


def pareto(
    results: pd.DataFrame,
    *,
    by: Sequence[str] | None = None,
    measure: Measure | None = None,
    cost: str | None = None,
) -> pd.DataFrame:
    """Mean cost and mean loss of every group of replicates, cheapest first.

    The front is made of means, because a front of single jobs would consist of the luckiest ones. Both means
    are over the same jobs, those that have a value; several problems have equal weights.

    Returns:
        The keys, the cost, the loss under its name, `n` (jobs), `eligible` (no impossible value, no lacking
        problem) and `on_front`: no other eligible group is at least as good in both and better in one.
    """
    measure, cost = measure or choose_measure(results), choose_cost(results, cost)
    keys = list(by) if by is not None else [key for key in design_keys(results) if varies(results, key)]
    losses, name = measure.loss(results)
    spent = numbers(results, cost)
    rows = []
    for group in split(results, keys, measure).groups:
        known = np.isfinite(spent[group.used]) & (group.weights > 0)
        if known.any():
            used, weights = group.used[known], group.weights[known] / group.weights[known].sum()
            eligible = group.eligible and bool(known[group.weights > 0].all())
            rows.append((*group.keys, weights @ spent[used], weights @ losses[used], len(used), eligible))
    frame = pd.DataFrame(rows, columns=[*keys, cost, name, "n", "eligible"])
    frame = frame.astype({"eligible": bool}).sort_values([cost, name], ignore_index=True)
    judged = frame[name].where(frame["eligible"], np.inf)
    before = judged.cummin().shift(fill_value=np.inf)
    return frame.assign(on_front=judged < before)
