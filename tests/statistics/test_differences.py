"""Tests of differences: against SciPy, and their false-alarm rate by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sweeper.statistics.differences import PAIRED, WELCH, Difference, Replicates, difference


def group(values: np.ndarray, blocks: np.ndarray | None = None) -> Replicates:
    return Replicates(np.arange(len(values)) if blocks is None else blocks, np.asarray(values, dtype=float))


def test_common_seeds_are_paired_as_scipy_pairs_them() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=8), rng.normal(size=8)
    order = rng.permutation(8)
    found = difference(group(a), group(b[order], order))
    assert (found.test, found.n) == (PAIRED, 8)
    assert found.mean == pytest.approx((a - b).mean())
    assert found.p_value == pytest.approx(stats.ttest_rel(a, b).pvalue)


def test_pairing_sees_through_what_the_seeds_share() -> None:
    rng = np.random.default_rng(1)
    instance = rng.normal(0, 10, 12)  # a hard seed is hard for both
    a, b = instance + rng.normal(0, 0.1, 12), instance + 0.5 + rng.normal(0, 0.1, 12)
    paired = difference(group(a), group(b))
    unpaired = difference(group(a), group(b, np.arange(100, 112)))
    assert paired.p_value is not None
    assert unpaired.p_value is not None
    assert paired.p_value < 1e-6
    assert unpaired.p_value > 0.5


@pytest.mark.parametrize(
    "blocks",
    [np.arange(50, 58), np.r_[np.arange(2), np.arange(50, 56)], np.zeros(8, dtype=int)],
    ids=["no common seed", "few common seeds", "repeated blocks"],
)
def test_without_common_seeds_welch(blocks: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=8), rng.normal(1, 3, 8)
    found = difference(group(a), group(b, blocks))
    assert found.test == WELCH
    assert found.p_value == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)


def test_a_failed_job_costs_its_pair_only() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=8), rng.normal(size=8)
    found = difference(group(a), group(b[1:], np.arange(1, 8)))
    assert (found.test, found.n) == (PAIRED, 7)
    assert found.p_value == pytest.approx(stats.ttest_rel(a[1:], b[1:]).pvalue)


def test_too_few_values_are_not_tested() -> None:
    def of(a: list[float], b: list[float]) -> Difference:
        return difference(group(np.array(a)), group(np.array(b)))

    assert of([1.0], [2.5]) == Difference(-1.5, None, "n < 2", 1)
    assert of([1.0, 2.0, 3.0], [4.0]) == Difference(-2.0, None, "n < 2", 1)
    nothing = of([1.0, 2.0], [])
    assert math.isnan(nothing.mean)
    assert (nothing.p_value, nothing.test, nothing.n) == (None, "no values", 0)


@pytest.mark.parametrize(("common", "test"), [(3, WELCH), (4, PAIRED), (5, PAIRED)])
def test_half_of_the_smaller_group_needs_a_partner(common: int, test: str) -> None:
    rng = np.random.default_rng(6)
    a, b = group(rng.normal(size=8)), group(rng.normal(size=9), np.arange(8 - common, 17 - common))
    assert difference(a, b).test == test


def test_two_values_are_enough() -> None:
    a, b = np.array([1.0, 1.3]), np.array([2.0, 2.1])
    paired = difference(group(a), group(b))
    assert (paired.test, paired.n, paired.p_value) == (PAIRED, 2, pytest.approx(stats.ttest_rel(a, b).pvalue))
    apart = difference(group(a), group(b, np.array([7, 8])))
    expected = stats.ttest_ind(a, b, equal_var=False).pvalue
    assert apart == Difference(pytest.approx(-0.9), pytest.approx(expected), WELCH, 2)


def test_one_exact_group_beside_a_noisy_one_is_tested() -> None:
    a, b = np.array([1.0, 2.0, 2.5]), np.full(4, 5.0)
    expected = stats.ttest_1samp(a, 5.0).pvalue  # which is Welch's test where one variance is zero
    for first, second in ((a, b), (b, a)):
        found = difference(group(first), group(second, np.arange(10, 10 + len(second))))
        assert found.p_value == pytest.approx(expected)
        assert (found.mean, found.n) == (first.mean() - second.mean(), 3)


@pytest.mark.parametrize("blocks", [np.arange(4), np.arange(10, 14)], ids=["paired", "unpaired"])
def test_exact_results_differ_for_certain_or_not_at_all(blocks: np.ndarray) -> None:
    a = np.full(4, 0.3)
    rounding = np.spacing(0.3) * np.arange(4)
    assert difference(group(a), group(a + rounding, blocks)).p_value == 1.0
    assert difference(group(a), group(a + 0.1, blocks)).p_value == 0.0


@pytest.mark.parametrize("blocks", [np.arange(4), np.arange(10, 14)], ids=["paired", "unpaired"])
@pytest.mark.parametrize("size", [0.0, 1e-6, 1e6])
def test_rounding_is_judged_by_the_size_of_the_values(size: float, blocks: np.ndarray) -> None:
    a = np.full(4, size)
    rounded = a + 2 * np.spacing(size) * np.arange(4) * (size > 0)
    assert difference(group(a), group(rounded, blocks)).p_value == 1.0
    assert difference(group(rounded), group(a, blocks)).p_value == 1.0
    if size:
        assert difference(group(a), group(1.001 * a, blocks)).p_value == 0.0


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("skewed", [True, False])
def test_equal_groups_are_called_different_in_5_percent_of_sweeps(paired: bool, skewed: bool) -> None:
    # 2000 sweeps of 6 seeds: the rate has a standard deviation of 0.5 points. Student's and Welch's tests are
    # exact for normal data, and below their level for skewed data of equal shape. Seeded: no false alarms.
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(2000):
        a, b = rng.exponential(size=(2, 6)) if skewed else rng.normal(size=(2, 6))
        p_value = difference(group(a), group(b, np.arange(6) + (0 if paired else 100))).p_value
        assert p_value is not None
        alarms += p_value < 0.05
    assert 0.02 <= alarms / 2000 <= 0.065
