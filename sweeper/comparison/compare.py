"""Groups of replicates side by side, ranked, with a verdict on every difference from the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweeper.comparison.groups import Accounts, Group, describe, split
from sweeper.comparison.metric import Success, choose_metric, lower_is_better
from sweeper.errors import ConfigError
from sweeper.selection import check_columns, design_keys, select_all, swept_keys, varies
from sweeper.statistics.differences import PAIRED, difference
from sweeper.statistics.multiplicity import holm

if TYPE_CHECKING:
    from sweeper.comparison.blocks import Block

SIGNIFICANT = 0.05
_MANY_PAIRS = 100

BEST = "best"
WORSE = "worse"
OPEN = "not significant"
UNTESTED = "untested"


@dataclass(frozen=True)
class Section:
    """One ranking: the groups of one algorithm, best first.

    Attributes:
        title: What its jobs have in common, such as `algorithm=vqe_h2`; empty where that is everything.
        metric: The compared column, in that column's unit.
        lower_is_better: Its direction.
        by: The grouping keys.
        table: One row for each group: the keys, `jobs`, `n`, `failed`, `unfinished`, `no_value`, `mean`,
            `sd`, `ci_low`, `ci_high`, `ci_method`, `median`, `best`, `successes`, `success_rate`,
            `success_low`, `success_high`, `evaluations_to_success`, `shots_to_success`, `usd_to_success`,
            `minus_best` (mean difference from the best group), `p_value` (adjusted), `test` and `verdict`.
        notes: What a reader has to know: tests, intervals, criterion, failures.
        rows: The section's jobs.
    """

    title: str
    metric: str
    lower_is_better: bool
    by: tuple[str, ...]
    table: pd.DataFrame
    notes: tuple[str, ...]
    rows: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, repr=False)
class Comparison:
    """Rankings, one for each algorithm; shows itself in a terminal and in a notebook."""

    sections: tuple[Section, ...]

    @property
    def table(self) -> pd.DataFrame:
        """All sections' tables in one, for further computation."""
        frames = [section.table.assign(metric=section.metric) for section in self.sections]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def __repr__(self) -> str:
        return self._shown_as("text")

    def _repr_html_(self) -> str:
        from sweeper.comparison.present import as_html

        return as_html(self._blocks())

    def to_markdown(self) -> str:
        """Markdown tables."""
        return self._shown_as("markdown")

    def to_latex(self) -> str:
        """LaTeX tables, for the package booktabs."""
        return self._shown_as("latex")

    def _shown_as(self, form: str) -> str:
        from sweeper.comparison.present import FORMATS

        return FORMATS[form](self._blocks())

    def _blocks(self) -> list[Block]:
        from sweeper.comparison.blocks import ranking

        return [ranking(section) for section in self.sections]


def compare(
    results: pd.DataFrame,
    *,
    by: Sequence[str] | None = None,
    metric: str | None = None,
    where: Sequence[str] = (),
    success: Success | None = None,
) -> Comparison:
    """Group the jobs of a results table, describe the groups and rank them.

    Jobs that differ in seeds alone are replicates. Different algorithms are never ranked against each other
    unless `by` asks for it: an energy and a cut have no common scale.

    Args:
        results: Rows of `results_frame`.
        by: The grouping keys; every swept key but seeds by default.
        metric: A numeric column; the approximation ratio, error, value or objective by default.
        where: Conditions on the rows, such as `shots>=1000`.
        success: When a job counts as success.

    Raises:
        ConfigError: A key, metric or condition does not fit the table.
    """
    success = success or Success()
    check_columns(results, by or ())
    if metric is not None:
        choose_metric(results, metric)
    results = select_all(results, where)
    if by is not None and (not_swept := set(by) - set(swept_keys(results))):
        raise ConfigError(
            f"--by {sorted(not_swept)[0]}: only swept keys group jobs; they are: "
            f"{', '.join(swept_keys(results)) or 'none, this sweep is a single combination'}."
        )
    sections = []
    for title, rows in sections_of(results, by):
        keys = list(by) if by is not None else [key for key in design_keys(rows) if varies(rows, key)]
        sections.append(_section(title, rows, keys, choose_metric(rows, metric), success))
    return Comparison(tuple(sections))


def sections_of(results: pd.DataFrame, by: Sequence[str] | None = None) -> list[tuple[str, pd.DataFrame]]:
    """The jobs of each algorithm with a title, or all together where `by` compares algorithms."""
    if results.empty:
        return []
    if "algorithm" not in swept_keys(results) or "algorithm" in (by or ()):
        return [("", results)]
    groups = results.groupby("algorithm", sort=False, dropna=False)
    return [(f"algorithm={name}", rows) for name, rows in groups]


def _section(title: str, rows: pd.DataFrame, by: list[str], metric: str, success: Success) -> Section:
    lower = lower_is_better(rows, metric)
    others = [key for key in swept_keys(rows) if not any(_belongs(key, group) for group in by)]
    blocks = [key for key in others if varies(rows, key)]
    groups = split(rows, by, blocks, metric)
    accounts = Accounts.of(rows, success.reached(rows))
    table = pd.DataFrame(
        [
            {
                **dict(zip(by, group.keys, strict=True)),
                **describe(group, accounts, lower_is_better=lower),
                **verdict,
            }
            for group, verdict in ranked(groups, lower_is_better=lower)
        ]
    ).reset_index(drop=True)
    for key in by:
        table[key] = table[key].astype(rows[key].dtype)
    notes = _notes(table, rows, blocks, success)
    return Section(title, metric, lower, tuple(by), table, tuple(notes), rows)


def ranked(groups: list[Group], *, lower_is_better: bool) -> list[tuple[Group, dict[str, Any]]]:
    """Groups from best to worst by their mean, each with its difference from the best.

    Groups without a value come last.
    """
    sign = 1.0 if lower_is_better else -1.0
    having = [group for group in groups if len(group.replicates)]
    without = [group for group in groups if not len(group.replicates)]
    having.sort(key=lambda group: sign * group.replicates.mean)
    ranked: list[tuple[Group, dict[str, Any]]] = []
    differences = [difference(group.replicates, having[0].replicates) for group in having[1:]]
    tested = [d.p_value for d in differences if d.p_value is not None]
    adjusted = iter(holm(tested, len(having) * (len(having) - 1) // 2))
    for place, group in enumerate(having):
        if place == 0:
            row: dict[str, Any] = {"minus_best": 0.0, "p_value": np.nan, "test": "", "verdict": BEST}
        else:
            found = differences[place - 1]
            p_value = None if found.p_value is None else next(adjusted)
            row = {
                "minus_best": found.mean,
                "p_value": np.nan if p_value is None else p_value,
                "test": f"{found.test}, n = {found.n}" if p_value is not None else found.test,
                "verdict": _verdict(p_value),
            }
        ranked.append((group, row))
    nothing = {"minus_best": np.nan, "p_value": np.nan, "test": "no values", "verdict": UNTESTED}
    return ranked + [(group, dict(nothing)) for group in without]


def _verdict(p_value: float | None) -> str:
    if p_value is None:
        return UNTESTED
    return WORSE if p_value < SIGNIFICANT else OPEN


def _notes(table: pd.DataFrame, rows: pd.DataFrame, blocks: Sequence[str], success: Success) -> list[str]:
    notes = []
    methods = [f"{name} ({n}×)" for name, n in table["ci_method"].value_counts().items()]
    notes.append(f"mean with 95 % confidence interval: {', '.join(methods)}")
    if pooled := [key for key in design_keys(rows) if key in blocks]:
        notes.append(f"each group pools all values of {', '.join(pooled)}")
    tests = sorted({test.partition(",")[0] for test in table["test"] if "," in test})
    if tests:
        paired = f" (paired by {', '.join(blocks)})" if PAIRED in tests and blocks else ""
        pairs = len(table) * (len(table) - 1) // 2
        notes.append(
            f"differences from the best: {' and '.join(tests)}{paired}, p values by Holm over all {pairs} "
            f"pair{'s' * (pairs > 1)}; {SIGNIFICANT:g} is the limit"
        )
        if pairs >= _MANY_PAIRS:
            notes.append("so many pairs leave little power: group by fewer keys to test them")
    elif len(table) > 1:
        notes.append("no difference can be tested with fewer than 2 values in a group: sweep seeds")
    if (criterion := success.words(rows)) is not None:
        notes.append(
            f"success: {criterion}, by the reported value; a failed job is no success; "
            "cost to success = all that was spent / successes"
        )
    for name, words in (
        ("failed", "failed"),
        ("unfinished", "not finished"),
        ("no_value", "completed without a value"),
    ):
        if count := int(table[name].sum()):
            notes.append(f"{count} of {int(table['jobs'].sum())} jobs {words}: counted, but not in n")
    return notes


def _belongs(key: str, group: str) -> bool:
    """Whether a key is a grouping key, or an option inside of one (`optimizer.rhobeg` of `optimizer`)."""
    return key == group or key.startswith(f"{group}.")
