"""How a results table is read: the direction of the objective, and the keys of the problem."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sweeper.comparison.metric import Direction
from sweeper.errors import ConfigError
from sweeper.results.selection import MAXIMISED, NOT_ONE_OBJECTIVE, PROBLEM_KEYS, is_named, swept_keys


def read_as(
    results: pd.DataFrame, direction: Direction | None = None, problem_keys: Sequence[str] = ()
) -> pd.DataFrame:
    """The same table with another direction or more problem keys than the configs of its sweep say.

    Args:
        results: Rows of `results_frame`.
        direction: Direction of every objective; it replaces `algorithm.direction`.
        problem_keys: Further swept keys, or hyperparameters of a script, that say which problem is solved.

    Raises:
        ConfigError: No such key was swept.
    """
    read = results.copy(deep=False)
    read.attrs = dict(results.attrs)
    if direction is not None:
        names = results["algorithm"].unique().tolist() if "algorithm" in results else ["all"]
        read.attrs[MAXIMISED] = names if direction == "maximize" else []
        read.attrs.pop(NOT_ONE_OBJECTIVE, None)
    read.attrs[PROBLEM_KEYS] = [*results.attrs.get(PROBLEM_KEYS, ()), *problem_keys]
    for key in problem_keys:
        if not any(is_named(name, key) for name in swept_keys(results)):
            raise ConfigError(
                f"{key!r} was not swept, so it tells no problems apart; swept were: "
                f"{', '.join(swept_keys(results)) or 'none'}."
            )
    return read
