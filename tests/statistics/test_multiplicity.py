"""Holm's correction: against statsmodels, and the family-wise error rate of a ranking by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from sweeper.comparison.groups import Group
from sweeper.comparison.verdicts import WORSE, ranked
from sweeper.statistics.differences import Replicates
from sweeper.statistics.multiplicity import holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def defined(p_values: list[float]) -> list[float]:
    """Holm's adjusted p values by their definition: of each the largest of those up to it."""
    m = len(p_values)
    ranked = sorted(p_values)
    steps = {p: max(min(1.0, (m - k) * ranked[k]) for k in range(ranked.index(p) + 1)) for p in p_values}
    # Of equal values the first has the largest factor.
    return [steps[p] for p in p_values]


@pytest.mark.parametrize(
    "p_values", [[0.04], [0.01, 0.04, 0.03], [0.2, 0.2, 0.9, 0.01], [0.0, 1.0, 0.5], [0.02] * 4]
)
def test_a_whole_family_is_adjusted_as_statsmodels_does(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1]  # which collects garbage each time: slow
    assert holm(p_values, len(p_values)) == pytest.approx(expected)
    assert defined(p_values) == pytest.approx(expected)


@given(P_VALUES)
def test_a_whole_family_is_adjusted_by_the_definition(p_values: list[float]) -> None:
    assert holm(p_values, len(p_values)) == pytest.approx(defined(p_values))


@given(P_VALUES, st.lists(st.floats(0, 1), max_size=12))
def test_part_of_a_family_is_never_adjusted_less_than_within_it(
    made: list[float], not_made: list[float]
) -> None:
    within = np.array(defined(made + not_made))[: len(made)]
    assert np.all(np.array(holm(made, len(made) + len(not_made))) >= within - 1e-12)


def test_no_p_values() -> None:
    assert holm([], 0) == []


def test_a_ranking_of_equal_groups_finds_a_difference_in_at_most_5_percent_of_sweeps() -> None:
    # The best group is chosen by the data, and then compared with: the trap that the correction is for.
    # 400 sweeps of 8 equal groups with 6 seeds: at a rate of 5 %, more than 33 alarms have a chance of 0.2 %.
    rng = np.random.default_rng(0)
    rows, seeds = np.arange(6), np.arange(6)
    alarms = 0
    for _ in range(400):
        groups = [
            Group(
                keys=(name,),
                rows=rows,
                used=rows,
                measured=values,
                weights=np.full(6, 1 / 6),
                replicates=Replicates(seeds, values),
                stderr=np.nan,
                problems=1,
                faults=0,
                lacking=0,
            )
            for name, values in enumerate(rng.normal(size=(8, 6)))
        ]
        alarms += any(row["verdict"] == WORSE for _, row in ranked(groups, lower_is_better=True))
    assert alarms <= 33
