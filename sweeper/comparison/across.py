"""The same combinations in several sweeps (local, noisy, QPU) side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sweeper.comparison.groups import split
from sweeper.comparison.metric import Measure, choose_measure
from sweeper.comparison.verdicts import FAULT, INCOMPLETE, OPEN, SIGNIFICANT, UNTESTED
from sweeper.results.selection import seeds_randomness, swept_keys, varies
from sweeper.statistics.differences import difference
from sweeper.statistics.intervals import mean_interval
from sweeper.statistics.multiplicity import holm

DIFFERENT = "significant"


@dataclass(frozen=True)
class SideBySide:
    """One row for each combination.

    Attributes:
        measure: What is compared.
        keys: The keys of a combination.
        sweeps: Names of the sweeps, in the given order. The others are compared with the first.
        table: The keys, and for each sweep `<sweep>.n`, `.mean`, `.ci_low` and `.ci_high`. All but the first
            also have `<sweep>.difference`, `.p_value` (adjusted by Holm over all differences of the
            table), `.test` and `.verdict`.
    """

    measure: Measure
    keys: tuple[str, ...]
    sweeps: tuple[str, ...]
    table: pd.DataFrame


def side_by_side(
    results: pd.DataFrame,
    *,
    by: Sequence[str] | None = None,
    measure: Measure | None = None,
) -> SideBySide:
    """Compare sweeps combination by combination. Replicates are paired by seed or by random problem.

    Args:
        results: A table with the column `sweep`.
        by: The keys of a combination; by default all swept keys but seeds. With the key of a problem, sweeps
            are compared within each problem.
        measure: The measure that is compared; by default the most telling one.
    """
    measure = measure or choose_measure(results)
    varying = [key for key in swept_keys(results) if not seeds_randomness(key) and varies(results, key)]
    keys = [key for key in (by if by is not None else varying) if key != "sweep"]
    sweeps = list(dict.fromkeys(results["sweep"]))
    found = {
        (group.keys[:-1], group.keys[-1]): group for group in split(results, [*keys, "sweep"], measure).groups
    }
    rows = []
    tests: list[tuple[int, str, float]] = []
    for place, combination in enumerate(dict.fromkeys(keys_of for keys_of, _ in found)):
        row: dict[str, object] = dict(zip(keys, combination, strict=True))
        base = found.get((combination, sweeps[0]))
        for sweep in sweeps:
            group = found.get((combination, sweep))
            values = group.replicates.numbers if group else np.empty(0)
            interval = group.interval if group else mean_interval(values)
            row |= {
                f"{sweep}.n": len(values),
                f"{sweep}.mean": float(values.mean()) if len(values) else np.nan,
                f"{sweep}.ci_low": interval.low,
                f"{sweep}.ci_high": interval.high,
            }
            if sweep == sweeps[0]:
                continue
            row |= {f"{sweep}.difference": np.nan, f"{sweep}.p_value": np.nan, f"{sweep}.verdict": UNTESTED}
            row[f"{sweep}.test"] = "no values"
            if group and base and (group.faults or base.faults):
                row |= {f"{sweep}.test": "an impossible value", f"{sweep}.verdict": FAULT}
            elif group and base and (group.lacking or base.lacking):
                row |= {f"{sweep}.test": "lacks problems", f"{sweep}.verdict": INCOMPLETE}
            elif group and base:
                against = difference(group.replicates, base.replicates)
                row |= {f"{sweep}.difference": against.mean, f"{sweep}.test": against.test}
                if against.p_value is not None:
                    row[f"{sweep}.test"] = f"{against.test}, n = {against.n}"
                    tests.append((place, sweep, against.p_value))
        rows.append(row)
    for (place, sweep, _), p_value in zip(tests, holm([p for *_, p in tests], len(tests)), strict=True):
        rows[place][f"{sweep}.p_value"] = p_value
        rows[place][f"{sweep}.verdict"] = DIFFERENT if p_value < SIGNIFICANT else OPEN
    return SideBySide(measure, tuple(keys), tuple(sweeps), pd.DataFrame(rows))
