"""One ranking of groups: a table with the best group first, and notes that explain the table.

Candidates are ranked. Problems are not: candidates are compared on the same problems. Groups that differ in
their problem alone are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sweeper.comparison.faults import fault_sentences
from sweeper.comparison.groups import Accounts, Split, describe, split
from sweeper.comparison.metric import Measure, objective_is_minimised
from sweeper.comparison.success import Success
from sweeper.comparison.unnamed import unnamed_sentence
from sweeper.comparison.verdicts import (
    BEST,
    FAULT,
    INCOMPLETE,
    LISTED,
    OPEN,
    SIGNIFICANT,
    WITHIN,
    listed,
    ranked,
    why_no_best,
)
from sweeper.results.selection import says_the_problem, swept_keys
from sweeper.statistics.differences import PAIRED

_MANY_PAIRS = 100


@dataclass(frozen=True)
class Section:
    """One ranking: the groups of one algorithm, best first.

    Attributes:
        title: What the jobs have in common, such as `algorithm=vqe`; empty if the section has all jobs.
        measure: The measure by which groups are compared, in the unit of its column.
        by: The grouping keys.
        table: One row for each group: the keys, `jobs`, `n` (independent values), `failed`, `unfinished`,
            `no_value`, `faulty`, `lacking` (problems without a value), `mean`, `sd`, `ci_low`, `ci_high`,
            `ci_method`, `median`, `best` (single job), `successes`, `success_rate`, `success_low`,
            `success_high`, `evaluations_to_success`, `shots_to_success`, `usd_to_success`, `minus_best`
            (mean difference from the best group), `p_value` (adjusted), `test` and `verdict`.
        over: The problems over which groups are averaged and what `n` then counts; empty if `n` counts jobs.
        faults: A sentence for each job with an impossible value.
        notes: Sentences on pooling, tests, intervals, the criterion of success, and failures.
        rows: The rows of the section's jobs in the results table.
    """

    title: str
    measure: Measure
    by: tuple[str, ...]
    table: pd.DataFrame
    over: str
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    rows: pd.DataFrame = field(repr=False)

    @property
    def metric(self) -> str:
        """Name of the measure."""
        return self.measure.name

    @property
    def best(self) -> pd.Series[Any] | None:
        """The row of the best group; None if no group is the best."""
        found = self.table[self.table["verdict"] == BEST] if len(self.table) else self.table
        return None if found.empty else found.iloc[0]

    @property
    def why_no_best(self) -> str:
        """Why no group is the best; "" if one is, or if the groups are problems."""
        return "" if (self.table["verdict"] == LISTED).all() else why_no_best(self.table)

    @property
    def tied(self) -> pd.DataFrame:
        """The groups whose difference from the best one may be noise."""
        return self.table[self.table["verdict"].isin([OPEN, WITHIN])]


def sections_of(results: pd.DataFrame, by: Sequence[str] | None = None) -> list[tuple[str, pd.DataFrame]]:
    """The jobs of each algorithm with a title; all jobs together if `by` compares algorithms."""
    if results.empty:
        return []
    if "algorithm" not in swept_keys(results) or "algorithm" in (by or ()):
        return [("", results)]
    groups = results.groupby("algorithm", sort=False, dropna=False)
    return [(f"algorithm={name}", rows) for name, rows in groups]


def rank(
    rows: pd.DataFrame,
    by: Sequence[str],
    measure: Measure,
    *,
    title: str = "",
    success: Success | None = None,
) -> Section:
    """Rank the groups of these jobs; groups that differ in their problem alone are listed, not ranked."""
    success = success or Success()
    only_problems = bool(by) and all(says_the_problem(rows, key) for key in by)
    found = split(rows, by, measure)
    accounts = Accounts.of(rows, success.reached(rows))
    order = (
        listed(found.groups)
        if only_problems
        else ranked(found.groups, lower_is_better=measure.lower_is_better)
    )
    table = pd.DataFrame(
        [
            {
                **dict(zip(by, group.keys, strict=True)),
                **describe(group, accounts, lower_is_better=measure.lower_is_better),
                **verdict,
            }
            for group, verdict in order
        ]
    ).reset_index(drop=True)
    for key in by:
        table[key] = table[key].astype(rows[key].dtype)
    if only_problems:
        table = table.sort_values(list(by), kind="stable", ignore_index=True)
    notes = _notes(table, rows, found, measure, success)
    faults = tuple(fault_sentences(rows))
    return Section(title, measure, tuple(by), table, found.over, faults, tuple(notes), rows)


def _notes(
    table: pd.DataFrame, rows: pd.DataFrame, found: Split, measure: Measure, success: Success
) -> list[str]:
    only_problems = bool((table["verdict"] == LISTED).any())
    notes = found.pooling
    if (said := unnamed_sentence(rows)) is not None:
        notes.insert(0, said)
    if only_problems:
        notes.append("problems are not ranked: none of them is a better choice than another")
    elif why := why_no_best(table):
        notes.append(why)
    methods = [f"{name} ({n}×)" for name, n in table["ci_method"].value_counts().items()]
    notes.append(f"mean with 95 % confidence interval: {', '.join(methods)}")
    tests = sorted({test.partition(",")[0] for test in table["test"] if "," in test})
    if tests:
        paired_by = {"job": found.blocks, "seed": found.blocks, "problem": found.problems}[found.unit]
        paired = f" (paired by {', '.join(paired_by)})" if PAIRED in tests and paired_by else ""
        ranked = int((~table["verdict"].isin([FAULT, INCOMPLETE]) & (table["n"] > 0)).sum())
        pairs = ranked * (ranked - 1) // 2
        notes.append(
            f"differences from the best: {' and '.join(tests)}{paired}, p values by Holm over all {pairs} "
            f"pair{'s' * (pairs > 1)}; {SIGNIFICANT:g} is the limit: so often one of equals is called worse"
        )
        if pairs >= _MANY_PAIRS:
            notes.append("so many pairs leave little power: group by fewer keys to test them")
    elif (table["n"] > 0).sum() > 1 and not only_problems:
        notes.append("no difference can be tested with fewer than 2 values in a group: sweep seeds")
    if (table["verdict"] == WITHIN).any():
        notes.append(
            f"{WITHIN}: single values, no further apart than 1.96 of their standard errors, as 95 % of equals"
        )
    if measure.column.startswith("result.") or measure.column == "objective":
        stated = measure.column == "objective" and objective_is_minimised(rows) == measure.lower_is_better
        better = "less" if measure.lower_is_better else "more"
        key = "algorithm.direction" if stated else "--direction"
        notes.append(f"{better} {measure.name} is better ({key})")
    if (criterion := success.words(rows)) is not None:
        notes.append(
            f"success: {criterion}, by the reported value; a failed job is no success; "
            "cost to success = all that was spent / successes"
        )
    for name, words in (
        ("failed", "failed"),
        ("unfinished", "not finished"),
        ("no_value", f"completed without a number for {measure.column}"),
        ("faulty", "report an impossible value"),
    ):
        if count := int(table[name].sum()):
            notes.append(f"{count} of {int(table['jobs'].sum())} jobs {words}: counted, but not in n")
    return notes
