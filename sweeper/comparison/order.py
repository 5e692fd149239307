"""The jobs of a table sorted by a column, so that the first job deserves its place."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sweeper.comparison.faults import is_faulty
from sweeper.comparison.metric import completed, numbers
from sweeper.results.selection import swept_keys

JUDGED = ("objective", "value", "error", "ratio")
"""Columns in which an impossible value could come first."""
_OF_NO_OUTCOME = ("job", "status", "attempts", "job_arn", "reason")


def is_outcome(results: pd.DataFrame, column: str) -> bool:
    """Whether a column holds a result or a cost of the job, and not its identity or its state."""
    return column not in (*_OF_NO_OUTCOME, *swept_keys(results))


def in_order(results: pd.DataFrame, column: str, *, descending: bool = False) -> pd.DataFrame:
    """The rows sorted by a column.

    Errors are sorted by their absolute value. Sorted by an outcome, jobs that have not completed come last,
    and jobs with an impossible value come just before them.
    """
    given = results[column]
    if column == "error":
        given = pd.Series(np.abs(numbers(results, column)), index=results.index)
    by_column = np.empty(len(results), dtype=np.int64)
    ordered = given.reset_index(drop=True).sort_values(ascending=not descending, kind="stable").index
    by_column[ordered.to_numpy()] = np.arange(len(results))
    late = np.zeros(len(results), dtype=np.int64)
    if is_outcome(results, column):
        late = 2 * ~completed(results) + (is_faulty(results) & (column in JUDGED))
    return results.iloc[np.lexsort((by_column, late))]
