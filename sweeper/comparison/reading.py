"""How a results table is read: which way the objective is better, and which keys say the problem."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sweeper.comparison.metric import Direction
from sweeper.errors import ConfigError
from sweeper.results.selection import MAXIMISED, NOT_ONE_OBJECTIVE, PROBLEM_KEYS, is_named, swept_keys


def read_as(
    results: pd.DataFrame, direction: Direction | None = None, problem_keys: Sequence[str] = ()
) -> pd.DataFrame:
    """The same table, read in another way than its sweep's configs say.

    Args:
        results: Rows of `results_frame`.
        direction: Of every algorithm's objective, in the place of `algorithm.direction`.
        problem_keys: Swept keys, or a script's hyperparameters, that say which problem is solved, beside
            those that the configs name.

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
