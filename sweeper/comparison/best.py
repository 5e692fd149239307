"""The best candidate and the best jobs, the same for the terminal, the report, notebooks and exports.

The best candidate has the best mean measure (|error|, ratio, …) over replicates and problems, as `compare`
ranks it. Candidates whose difference from it may be noise are named beside it. Single jobs are compared
within one problem, and the best job is named with those that are equal within their standard errors. A job
that has not completed, or that has an impossible value, is never the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.comparison.compare import Comparison
from sweeper.comparison.display import key_text, mean_text, number
from sweeper.comparison.faults import is_faulty
from sweeper.comparison.metric import Measure, choose_measure, completed
from sweeper.comparison.ranking import Section, sections_of
from sweeper.comparison.unnamed import unnamed_sentence
from sweeper.comparison.verdicts import BEST, FAULT, INCOMPLETE, LISTED, NOTHING, WORSE, within_noise
from sweeper.results.selection import problem_keys, varies

_MOST_NAMED = 5


def name_of(by: Sequence[str], row: pd.Series[Any]) -> str:
    """A candidate by its keys, such as `optimizer cobyla, shots 1000`."""
    return ", ".join(f"{key} {key_text(row[key])}" for key in by) or "one combination"


def tied_names(section: Section) -> str:
    """Names of the candidates whose difference from the best may be noise; empty if there are none."""
    tied = section.tied
    names = [name_of(section.by, row) for _, row in tied.head(_MOST_NAMED).iterrows()]
    more = f"; and {len(tied) - len(names)} more" if len(tied) > len(names) else ""
    return "; ".join(names) + more


def answers(comparison: Comparison) -> list[str]:
    """One line for each ranking: the best candidate, its mean, and the candidates that may be as good.

    If keys that change the problem are ranked as candidates, a line before it says so.
    """
    lines = []
    for section in comparison.sections:
        lines += [unnamed_sentence(section.rows), _answer(section)]
    return [line for line in lines if line]


def figure_of(section: Section, row: pd.Series[Any]) -> str:
    """A group's mean with its interval, n, and what n counts."""
    mean = mean_text(row["mean"], row["ci_low"], row["ci_high"])
    return f"mean {section.metric} {mean}, n = {row['n']} {section.over}".rstrip()


def _answer(section: Section) -> str:
    if section.table.empty or (section.table["verdict"] == LISTED).all():
        return ""
    title = f"{section.title}: " if section.title else ""
    best = section.best
    if best is None:
        return f"{title}{why}" if (why := section.why_no_best) else ""
    if len(section.table) == 1:
        return f"{title}{figure_of(section, best)}"
    words = "untested, as there is one value of each: sweep seeds"
    verdicts = set(section.table["verdict"]) - {BEST}
    if tied := tied_names(section):
        words = f"noise does not tell from it: {tied}"
    elif verdicts <= {NOTHING, FAULT, INCOMPLETE}:
        words = "no other can be compared with it"
    elif verdicts == {WORSE}:
        words = "the others are significantly worse"
    elif verdicts == {WORSE, NOTHING}:
        words = "the others are significantly worse, or have no value"
    elif section.table["p_value"].notna().any():
        words = "the others are significantly worse, untested or not comparable"
    return f"{title}best is {name_of(section.by, best)}: {figure_of(section, best)}; {words}"


def rank_of_jobs(results: pd.DataFrame, measure: Measure) -> NDArray[np.int64]:
    """Positions of the jobs that can be the best job, best first."""
    losses, _ = measure.loss(results)
    usable = np.flatnonzero(completed(results) & ~is_faulty(results) & np.isfinite(losses))
    ranked: NDArray[np.int64] = usable[np.argsort(losses[usable], kind="stable")]
    return ranked


def best_jobs(results: pd.DataFrame, count: int = 1) -> pd.DataFrame:
    """The best `count` single jobs of every problem of each algorithm, best first.

    Returns:
        Rows of the table with the column `tied_with`: numbers of the other jobs of the same problem that
        differ by at most 1.96 standard errors of the difference. It is empty if there is no such job.
    """
    found = []
    for _, rows in sections_of(results):
        measure = choose_measure(rows)
        problems = [key for key in problem_keys(rows) if varies(rows, key)]
        parts = rows.groupby(problems, sort=False, dropna=False) if problems else [((), rows)]
        for _, of_problem in parts:
            ranked = rank_of_jobs(of_problem, measure)
            ties = [_ties(of_problem, measure, at, ranked) for at in ranked[:count]]
            found.append(of_problem.iloc[ranked[:count]].assign(tied_with=pd.Series(ties, dtype="str").array))
    return pd.concat(found) if found else results.head(0).assign(tied_with=pd.Series(dtype="str"))


def _ties(rows: pd.DataFrame, measure: Measure, at: int, ranked: NDArray[np.int64]) -> str:
    values, stderr, jobs = measure.of(rows), measure.stderr(rows), rows["job"].to_numpy()
    tied = [
        str(jobs[other])
        for other in ranked
        if other != at and within_noise(values[other] - values[at], stderr[other], stderr[at])
    ]
    more = f" and {len(tied) - _MOST_NAMED} more" if len(tied) > _MOST_NAMED else ""
    return ", ".join(tied[:_MOST_NAMED]) + more


def single_job(section: Section) -> tuple[str, str] | None:
    """The best job of the best group, as its value and a note; None if the group solves several problems."""
    group = section.best
    if group is None or any(varies(section.rows, key) for key in problem_keys(section.rows)):
        return None
    rows = section.rows
    for key in section.by:
        rows = rows[rows[key].map(key_text) == key_text(group[key])]
    best = best_jobs(rows)
    if best.empty:
        return None
    row = best.iloc[0]
    column = "value" if pd.notna(row["value"]) else section.measure.column
    stderr = f" ± {number(row['stderr'], 2)}" if column == "value" and pd.notna(row["stderr"]) else ""
    shown = number(float(section.measure.of(best)[0]))
    tied = f", within noise of job {row['tied_with']}" if row["tied_with"] else ""
    note = f"job {row['job']}, {section.metric} {shown}{tied}: one draw, no evidence"
    return f"{number(row[column], 8)}{stderr}", note
