"""Comparisons as tables for people: short columns of text, and no column that is empty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sweeper.comparison.across import SideBySide
from sweeper.comparison.metric import completed
from sweeper.comparison.pivot import Pivot
from sweeper.comparison.ranking import Section
from sweeper.comparison.verdicts import BEST, FAULT, LISTED, OPEN, WITHIN

_COSTS = {"evaluations": "evaluations", "shots_total": "shots", "cost_usd": "USD"}
_MOST_DECIMALS = 6
_STYLES = {BEST: "bold", OPEN: "", WITHIN: "", LISTED: "", FAULT: "magenta"}
_LOST = {
    "failed": "failed",
    "unfinished": "unfinished",
    "no_value": "no value",
    "faulty": "faulty",
    "lacking": "problems lacking",
}


@dataclass(frozen=True)
class DisplayTable:
    """A table for people, with the data behind it.

    Attributes:
        title: Title of the table; may be empty.
        text: The cells as people read them.
        data: Every column at full precision, for programs.
        notes: Sentences that explain the table.
        left: Names of the columns of `text` that are aligned to the left.
        styles: The rich style of each row.
        optional: Names of the columns that a narrow terminal leaves out, the least important first.
    """

    title: str
    text: pd.DataFrame
    data: pd.DataFrame
    notes: tuple[str, ...] = ()
    left: frozenset[str] = frozenset()
    styles: tuple[str, ...] = field(default=(), repr=False)
    optional: tuple[str, ...] = ()


def ranking_table(section: Section, most: int | None = None) -> DisplayTable:
    """A ranking, best group first, with at most `most` groups."""
    table = section.table.head(most or len(section.table))
    rows = table.to_dict("records")
    done = section.rows[completed(section.rows)]
    judged = done["ratio"].notna().any() or done["error"].notna().any()
    columns: dict[str, list[str]] = {
        **{key: [key_text(value) for value in table[key]] for key in section.by},
        "n": [str(row["n"]) for row in rows],
        f"mean {section.metric} [95 % CI]": [
            mean_text(row["mean"], row["ci_low"], row["ci_high"]) for row in rows
        ],
    }
    if len(section.table) > 1 and not (section.table["verdict"] == LISTED).all():
        columns["against the best"] = [
            _difference(row["verdict"], row["minus_best"], row["p_value"]) for row in rows
        ]
    columns |= {
        "sd": [number(value, 2) for value in table["sd"]],
        "median": [number(value) for value in table["median"]],
    }
    if table["best"].notna().any():
        columns["best job"] = [number(value) for value in table["best"]]
    if judged:
        columns["success"] = [f"{row['successes']}/{row['jobs'] - row['unfinished']}" for row in rows]
        for name, title in _COSTS.items():
            if (section.rows[name] > 0).any():
                spent = table[f"{title.lower()}_to_success"]
                columns[f"{title}/success"] = [number(value, 3) for value in spent]
    if any(lost := [_lost(row) for row in rows]):
        columns["not in n"] = lost
    styles = tuple(_STYLES.get(verdict, "dim") for verdict in table["verdict"])
    left = {key for key in section.by if not pd.api.types.is_numeric_dtype(table[key])}
    full = table.assign(metric=section.metric)
    notes = (*section.faults, *section.notes)
    if (hidden := len(section.table) - len(table)) > 0:
        notes = (*notes, f"{hidden} more groups: sweeper compare DIR --best {len(section.table)} shows all")
    return DisplayTable(
        section.title,
        pd.DataFrame(columns),
        full,
        notes,
        frozenset(left | {"against the best", "not in n"}),
        styles,
        ("evaluations/success", "best job", "sd", "median", "shots/success", "USD/success", "success"),
    )


def side_by_side_table(found: SideBySide, remarks: Sequence[str] = ()) -> DisplayTable:
    """One row for each combination, with the sweeps side by side. The remarks follow the notes."""
    metric = found.measure.name
    rows = found.table.to_dict("records")
    columns = {key: [key_text(row[key]) for row in rows] for key in found.keys}
    for sweep in found.sweeps:
        columns[f"{sweep}: mean {metric}"] = [
            mean_text(row[f"{sweep}.mean"], row[f"{sweep}.ci_low"], row[f"{sweep}.ci_high"]) for row in rows
        ]
    for sweep in found.sweeps[1:]:
        columns[f"{sweep} − {found.sweeps[0]}"] = [
            _difference(row[f"{sweep}.verdict"], row[f"{sweep}.difference"], row[f"{sweep}.p_value"])
            for row in rows
        ]
    tests = {row[f"{sweep}.test"].partition(",")[0] for row in rows for sweep in found.sweeps[1:]}
    tested = sorted(test for test in tests if test.endswith(" t"))
    notes = [f"paired by combination; {' and '.join(tested)}, p values by Holm over all differences shown"]
    base, *others = found.sweeps
    shared = any(row[f"{base}.n"] and row[f"{sweep}.n"] for row in rows for sweep in others)
    if not shared:
        notes = [f"no combination has values in {base} and in another sweep, so nothing can be compared"]
    elif not tested:
        notes = ["no difference can be tested with fewer than 2 values of a combination: sweep seeds"]
    return DisplayTable(
        "The sweeps side by side",
        pd.DataFrame(columns),
        found.table,
        (*notes, *remarks),
        frozenset(found.keys),
    )


def pivot_table(found: Pivot, title: str = "") -> DisplayTable:
    """Means with the half width of their confidence intervals, one key down and one across."""
    label = f"{found.row} \\ {found.column}"
    columns = {label: [key_text(key) for key in found.mean.index]}
    for name in found.mean:
        cells = zip(found.mean[name], found.low[name], found.high[name], found.n[name], strict=True)
        columns[key_text(name)] = [
            _plus_minus(*cell) + ("" if eligible or not cell[-1] else " *")
            for cell, eligible in zip(cells, found.eligible[name], strict=True)
        ]
    full = found.mean.reset_index()
    note = f"mean {found.measure.name} ± half of its 95 % confidence interval (n)"
    notes = [note, *found.notes]
    if not found.eligible[found.n > 0].isin([True, np.nan]).all(axis=None):
        notes.append("*: not comparable, as it has an impossible value or lacks problems")
    return DisplayTable(title, pd.DataFrame(columns), full, tuple(notes), frozenset({label}))


def text_table(frame: pd.DataFrame, title: str = "") -> DisplayTable:
    """A frame that already holds text."""
    return DisplayTable(title, frame, frame, left=frozenset(frame.columns))


def number(value: float, digits: int = 4) -> str:
    """A number with few digits: "" for nan, "∞" for infinity."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞"
    if 10**digits <= abs(value) < 1e7:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def key_text(value: Any) -> str:
    """The value of a key, or "–" where a job has no such key."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _lost(row: dict[Any, Any]) -> str:
    # A group without any value lacks every problem, so the count adds nothing.
    lost = {name: words for name, words in _LOST.items() if row[name] and (row["n"] or name != "lacking")}
    return ", ".join(f"{row[name]} {words}" for name, words in lost.items())


def mean_text(mean: float, low: float, high: float) -> str:
    """The mean and its interval. The width of the interval sets the number of digits."""
    if math.isnan(mean):
        return ""
    if not high > low:
        return number(mean, 5)
    first, *ends = _digits((high - low) / 2, mean, low, high)
    return f"{first} [{', '.join(ends)}]"


def _plus_minus(mean: float, low: float, high: float, n: float) -> str:
    if math.isnan(mean):
        return ""
    if not high > low:
        return f"{number(mean, 5)} ({n:.0f})"
    half = (high - low) / 2
    return f"{' ± '.join(_digits(half, mean, half))} ({n:.0f})"


def _digits(half_width: float, *values: float) -> list[str]:
    """The values to two digits of the interval's half width."""
    decimals = max(0, 1 - math.floor(math.log10(half_width)))
    if decimals > _MOST_DECIMALS:
        return [number(value, 2) for value in values]
    return [f"{value:.{decimals}f}" for value in values]


def _difference(verdict: str, mean: float, p_value: float) -> str:
    if math.isnan(p_value):
        return verdict
    p = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
    return f"{verdict} ({mean:+.3g}, {p})"
