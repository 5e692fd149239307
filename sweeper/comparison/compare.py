"""Comparison of the jobs of a results table: one ranking for each algorithm.

Where jobs are grouped by problems and other keys, there is one ranking for each problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from sweeper.comparison.display import DisplayTable, ranking_table
from sweeper.comparison.formats import as_html, as_latex, as_markdown, as_text
from sweeper.comparison.metric import Direction, Measure, choose_measure
from sweeper.comparison.ranking import Section, rank, sections_of
from sweeper.comparison.success import Success
from sweeper.errors import ConfigError
from sweeper.results.selection import (
    check_columns,
    design_keys,
    says_the_problem,
    select_all,
    swept_keys,
    varies,
)


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
        return as_text(self._tables())

    def _repr_html_(self) -> str:
        return as_html(self._tables())

    def to_markdown(self) -> str:
        """Markdown tables."""
        return as_markdown(self._tables())

    def to_latex(self) -> str:
        """LaTeX tables, for the package booktabs."""
        return as_latex(self._tables())

    def _tables(self) -> list[DisplayTable]:
        return [ranking_table(section) for section in self.sections]


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
