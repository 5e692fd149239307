"""Means over the values of two keys."""

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
    """Four frames of the same shape: values of `row` down, of `column` across.

    Attributes:
        row: The key down.
        column: The key across.
        measure: What is averaged.
        mean: The means; nan where no job has a value.
        low: Lower ends of their 95 % confidence intervals.
        high: Upper ends.
        n: Number of independent values.
        eligible: Whether a cell can be compared: it has no value that cannot be, and lacks no problem.
        notes: What the means are taken over.
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
    """Average a measure over everything but two swept keys.

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
    """Each value once: numbers by size, everything else in order of appearance; a missing one is "–"."""
    distinct = list(dict.fromkeys(_present(value) for value in values))
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in distinct)
    return sorted(distinct) if numeric else distinct


def _present(value: Any) -> Any:
    return "–" if value is None or pd.isna(value) else value
