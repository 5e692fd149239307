"""Means for every pair of values of two keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sweeper.comparison.groups import split
from sweeper.comparison.metric import Direction, Measure, choose_measure
from sweeper.errors import ConfigError
from sweeper.results.selection import check_columns, swept_keys


@dataclass(frozen=True)
class Pivot:
    """Frames of the same shape, with the values of one key as rows and of another key as columns.

    Attributes:
        row: The key of the rows.
        column: The key of the columns.
        measure: The measure that is averaged.
        mean: The means; nan if no job has a value.
        low: Lower ends of the 95 % confidence intervals.
        high: Upper ends of the intervals.
        n: Number of independent values.
        eligible: Whether a cell can be compared: it has no impossible value and lacks no problem.
        notes: Sentences that say over what the means are taken.
    """

    row: str
    column: str
    measure: Measure
    mean: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    n: pd.DataFrame
    eligible: pd.DataFrame
    notes: tuple[str, ...]


def pivot(
    results: pd.DataFrame,
    row: str,
    column: str,
    metric: str | None = None,
    direction: Direction | None = None,
    *,
    measure: Measure | None = None,
) -> Pivot:
    """Average a measure over all swept keys but two.

    Raises:
        ConfigError: A key was not swept, or both are the same.
    """
    check_columns(results, [row, column])
    for key in (row, column):
        if key not in swept_keys(results):
            raise ConfigError(f"{key} was not swept; these were: {', '.join(swept_keys(results)) or 'none'}.")
    if row == column:
        raise ConfigError(f"A pivot takes two different keys, not {row} twice.")
    measure = measure or choose_measure(results, metric, direction)
    cells = []
    found = split(results, [row, column], measure)
    for group in found.groups:
        values = group.replicates.numbers
        interval = group.interval
        mean = float(values.mean()) if len(values) else np.nan
        outcome = (mean, interval.low, interval.high, len(values), group.eligible)
        cells.append((*map(_present, group.keys), *outcome))
    frame = pd.DataFrame(cells, columns=[row, column, "mean", "low", "high", "n", "eligible"])
    downward, across = ordered(frame[row]), ordered(frame[column])

    def grid(name: str) -> pd.DataFrame:
        values = {(r, c): v for r, c, v in zip(frame[row], frame[column], frame[name], strict=True)}
        return pd.DataFrame(
            [[values.get((r, c), np.nan) for c in across] for r in downward],
            index=pd.Index(downward, name=row),
            columns=pd.Index(across, name=column),
        )

    return Pivot(
        row,
        column,
        measure,
        grid("mean"),
        grid("low"),
        grid("high"),
        grid("n").fillna(0).astype(int),
        grid("eligible").eq(True),
        tuple(found.pooling),
    )


def ordered(values: pd.Series[Any]) -> list[Any]:
    """The distinct values: numbers sorted, others in order of appearance. A missing value is "–"."""
    distinct = list(dict.fromkeys(_present(value) for value in values))
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in distinct)
    return sorted(distinct) if numeric else distinct


def _present(value: Any) -> Any:
    return "–" if value is None or pd.isna(value) else value
