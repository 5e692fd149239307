"""Groups of replicates side by side, ranked, with a verdict on every difference from the best.

What is ranked are candidates. Problems are blocks: candidates are compared on the same ones. Grouped by
problem alone, groups are listed and not ranked; grouped by problem and more, each problem has its ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweeper.comparison.faults import fault_words
from sweeper.comparison.groups import Accounts, Group, Split, describe, split
from sweeper.comparison.metric import Direction, Measure, choose_measure, objective_is_minimised
from sweeper.comparison.success import Success
from sweeper.comparison.unnamed import unnamed_words
from sweeper.errors import ConfigError
from sweeper.results.selection import (
    check_columns,
    design_keys,
    says_the_problem,
    select_all,
    swept_keys,
    varies,
)
from sweeper.statistics.differences import PAIRED, difference
from sweeper.statistics.multiplicity import holm

if TYPE_CHECKING:
    from sweeper.comparison.blocks import Block

SIGNIFICANT = 0.05
_MANY_PAIRS = 100
_ROUNDING = 1e-9
"""Ha, or weight of the cut: what exact simulators differ by without meaning anything."""

BEST = "best"
WORSE = "worse"
OPEN = "not significant"
WITHIN = "within noise"
"""One value each, whose difference is within 1.96 of its standard errors: 95 % of equals are."""
UNTESTED = "untested"
NOTHING = "no value"
"""Of groups all of whose jobs failed, are unfinished, or have no number."""
FAULT = "fault"
INCOMPLETE = "incomplete"
LISTED = "listed"
"""Of problems, which are not ranked."""
_NOT_RANKED = {FAULT: "a value that cannot be", INCOMPLETE: "lacks problems", NOTHING: "no values"}
"""What comes after the ranked groups, in this order, and why."""


@dataclass(frozen=True)
class Section:
    """One ranking: the groups of one algorithm, best first.

    Attributes:
        title: What its jobs have in common, such as `algorithm=vqe`; empty where that is everything.
        measure: What is compared, in its column's unit.
        by: The grouping keys.
        table: One row for each group: the keys, `jobs`, `n` (independent values), `failed`, `unfinished`,
            `no_value`, `faulty`, `lacking` (problems without a value), `mean`, `sd`, `ci_low`, `ci_high`,
            `ci_method`, `median`, `best` (single job), `successes`, `success_rate`, `success_low`,
            `success_high`, `evaluations_to_success`, `shots_to_success`, `usd_to_success`, `minus_best`
            (mean difference from the best group), `p_value` (adjusted), `test` and `verdict`.
        over: Over which problems groups are averaged, and what `n` then counts; empty for jobs.
        faults: A sentence for each job whose value cannot be.
        notes: What a reader has to know: pooling, tests, intervals, criterion, failures.
        rows: The section's jobs.
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
        """The row of the best group; none where there is none."""
        found = self.table[self.table["verdict"] == BEST] if len(self.table) else self.table
        return None if found.empty else found.iloc[0]

    @property
    def why_no_best(self) -> str:
        """Why there is none; empty where there is one, or where problems are listed."""
        return "" if (self.table["verdict"] == LISTED).all() else why_no_best(self.table)

    @property
    def tied(self) -> pd.DataFrame:
        """The groups that noise does not tell from the best one."""
        return self.table[self.table["verdict"].isin([OPEN, WITHIN])]


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
    direction: Direction | None = None,
) -> Comparison:
    """Group the jobs of a results table, describe the groups and rank them.

    Jobs that differ in seeds alone are replicates. Different algorithms are never ranked against each other
    unless `by` asks for it: an energy and a cut have no common scale. Different problems never are.

    Args:
        results: Rows of `results_frame`.
        by: The grouping keys; every swept key but seeds and problems by default.
        metric: A numeric column; the approximation ratio, |error|, value or objective by default.
        where: Conditions on the rows, such as `shots>=1000`.
        success: When a job counts as success.
        direction: Which way the metric is better, where its name does not say so.

    Raises:
        ConfigError: A key, metric or condition does not fit the table.
    """
    success = success or Success()
    check_columns(results, by or ())
    if metric is not None:
        check_columns(results, [metric])
    results = select_all(results, where)
    if by is not None and (not_swept := set(by) - set(swept_keys(results))):
        raise ConfigError(
            f"--by {sorted(not_swept)[0]}: only swept keys group jobs; they are: "
            f"{', '.join(swept_keys(results)) or 'none, this sweep is a single combination'}."
        )
    sections = []
    for title, rows in sections_of(results, by):
        keys = list(by) if by is not None else [key for key in design_keys(rows) if varies(rows, key)]
        measure = choose_measure(rows, metric, direction)
        sections += _sections(title, rows, keys, measure, success)
    return Comparison(tuple(sections))


def sections_of(results: pd.DataFrame, by: Sequence[str] | None = None) -> list[tuple[str, pd.DataFrame]]:
    """The jobs of each algorithm with a title, or all together where `by` compares algorithms."""
    if results.empty:
        return []
    if "algorithm" not in swept_keys(results) or "algorithm" in (by or ()):
        return [("", results)]
    groups = results.groupby("algorithm", sort=False, dropna=False)
    return [(f"algorithm={name}", rows) for name, rows in groups]


def _sections(
    title: str, rows: pd.DataFrame, by: list[str], measure: Measure, success: Success
) -> list[Section]:
    """One ranking, or one for each problem where problems are among several grouping keys."""
    problems = [key for key in by if says_the_problem(rows, key)]
    candidates = [key for key in by if key not in problems]
    if not problems or not candidates:
        return [rank(rows, by, measure, title=title, success=success)]
    sections = []
    for values, of_problem in rows.groupby(problems, sort=True, dropna=False):
        words = ", ".join(f"{key}={value}" for key, value in zip(problems, values, strict=True))
        whole_title = ", ".join(filter(None, [title, words]))
        section = rank(of_problem, candidates, measure, title=whole_title, success=success)
        for place, (key, value) in enumerate(zip(problems, values, strict=True)):
            section.table.insert(place, key, value)  # type: ignore[arg-type]
        sections.append(replace(section, by=(*problems, *candidates)))
    return sections


def rank(
    rows: pd.DataFrame,
    by: Sequence[str],
    measure: Measure,
    *,
    title: str = "",
    success: Success | None = None,
) -> Section:
    """One ranking of these jobs' groups; a list of them where all that tells them apart are problems."""
    success = success or Success()
    listed = bool(by) and all(says_the_problem(rows, key) for key in by)
    found = split(rows, by, measure)
    accounts = Accounts.of(rows, success.reached(rows))
    order = _listed(found.groups) if listed else ranked(found.groups, lower_is_better=measure.lower_is_better)
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
    if listed:
        table = table.sort_values(list(by), kind="stable", ignore_index=True)
    notes = _notes(table, rows, found, measure, success, listed=listed)
    faults = tuple(fault_words(rows))
    return Section(title, measure, tuple(by), table, found.over, faults, tuple(notes), rows)


def _listed(groups: Sequence[Group]) -> list[tuple[Group, dict[str, Any]]]:
    nothing = {"minus_best": np.nan, "p_value": np.nan, "test": "problems are not ranked", "verdict": LISTED}
    return [(group, dict(nothing)) for group in groups]


def ranked(groups: Sequence[Group], *, lower_is_better: bool) -> list[tuple[Group, dict[str, Any]]]:
    """Groups from best to worst by their mean, each with its difference from the best.

    After those that can be the best come those with a value that cannot be, those that lack problems, and
    those without a value.
    """
    sign = 1.0 if lower_is_better else -1.0
    having = sorted(
        (group for group in groups if group.eligible), key=lambda group: sign * group.replicates.mean
    )
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
            if p_value is None and within_noise(found.mean, group.stderr, having[0].stderr):
                row |= {"test": "standard errors of the values", "verdict": WITHIN}
        ranked.append((group, row))
    return ranked + [
        (group, {"minus_best": np.nan, "p_value": np.nan, "test": reason, "verdict": verdict})
        for verdict, reason in _NOT_RANKED.items()
        for group in groups
        if _why_not_ranked(group) == verdict
    ]


def _why_not_ranked(group: Group) -> str | None:
    if group.faults:
        return FAULT
    if not len(group.replicates):
        return NOTHING
    return INCOMPLETE if group.lacking else None


def within_noise(difference: float, *stderrs: float) -> bool:
    """Whether standard errors, or rounding where they are 0, explain a difference of single values."""
    spread = 1.96 * float(np.hypot.reduce(stderrs))
    return bool(np.isfinite(spread) and abs(difference) <= max(spread, _ROUNDING))


def _verdict(p_value: float | None) -> str:
    if p_value is None:
        return UNTESTED
    return WORSE if p_value < SIGNIFICANT else OPEN


def _notes(
    table: pd.DataFrame, rows: pd.DataFrame, found: Split, measure: Measure, success: Success, *, listed: bool
) -> list[str]:
    notes = found.pooling
    if (said := unnamed_words(rows)) is not None:
        notes.insert(0, said)
    if listed:
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
    elif (table["n"] > 0).sum() > 1 and not listed:
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
        ("faulty", "report a value that cannot be"),
    ):
        if count := int(table[name].sum()):
            notes.append(f"{count} of {int(table['jobs'].sum())} jobs {words}: counted, but not in n")
    return notes


def why_no_best(table: pd.DataFrame) -> str:
    """Why a ranking has no best group; empty where it has one, or nothing that could be."""
    verdicts = set(table["verdict"]) if len(table) else {BEST}
    if BEST in verdicts:
        return ""
    if FAULT in verdicts:
        return (
            "no group is the best: each has a value that cannot be, or lacks values (--where leaves jobs out)"
        )
    if INCOMPLETE in verdicts:
        return (
            "no group is the best: none has a value of every problem "
            "(--where chooses problems that all have, --by with the problem's key ranks within each)"
        )
    waits = " yet" if table["unfinished"].any() else ""
    return f"no group is the best: none has a value{waits}"
