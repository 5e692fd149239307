"""Keys that change the problem, although nobody has named them as problem keys.

A script's hyperparameters do not say whether they are a molecule or a learning rate. The jobs' results do: a
key that changes the exact reference changes the problem. Such a key is ranked like a candidate until a person
names it, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sweeper.comparison.metric import completed, numbers
from sweeper.results.selection import design_keys, problem_keys, short_name, swept_keys, varies

_SAME = 1e-6
"""References are equal if they differ by at most this fraction, the precision with which they are given."""
_SETS_APART = ("algorithm", "sweep")


def unnamed_problems(results: pd.DataFrame) -> list[str]:
    """The candidates' keys that change the exact reference while all other keys stay the same."""
    reference = numbers(results, "reference")
    known = completed(results) & np.isfinite(reference)
    rows = results[known].assign(reference=reference[known])
    if not _changes(rows, problem_keys(rows)):
        return []
    found = []
    for key in design_keys(rows):
        if key in _SETS_APART or not varies(rows, key):
            continue
        # A key that is a function of this one (the qubits of a molecule) does not count as another key.
        values = len(rows[[key]].drop_duplicates())
        others = [
            other
            for other in swept_keys(rows)
            if other != key and len(rows[[key, other]].drop_duplicates()) > values
        ]
        if _changes(rows, others):
            found.append(key)
    return found


def _changes(rows: pd.DataFrame, fixed: Sequence[str]) -> bool:
    """Whether the reference changes while these keys stay the same."""
    parts = (
        [part for _, part in rows.groupby(list(fixed), dropna=False, sort=False)["reference"]]
        if fixed
        else [rows["reference"]]
    )
    return any(len(part) > 1 and np.ptp(part) > _SAME * max(1.0, float(np.abs(part).max())) for part in parts)


def unnamed_sentence(results: pd.DataFrame) -> str | None:
    """A sentence that names these keys; None if there are none."""
    if not (keys := unnamed_problems(results)):
        return None
    names = ",".join(map(short_name, keys))
    return (
        f"the exact reference changes with {', '.join(keys)}: these are different problems, and here "
        f"they are ranked; --problem-keys {names} (algorithm.problem_keys=[{names}]) compares within each"
    )
