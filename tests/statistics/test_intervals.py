"""Intervals: against SciPy and statsmodels, and their coverage by simulation."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from drill.coverage import coverage
from sweeper.statistics.intervals import mean_interval, rate_interval

SWEEPS = 1000


@pytest.mark.parametrize(
    ("distribution", "n", "least"),
    [
        ("normal", 3, 0.93),
        ("normal", 5, 0.92),
        ("normal", 10, 0.93),
        ("normal", 30, 0.93),
        ("normal", 100, 0.93),
        ("exponential", 5, 0.90),
        ("exponential", 10, 0.92),
        ("exponential", 30, 0.92),
        ("exponential", 100, 0.92),
    ],
)
def test_a_95_percent_interval_covers_the_mean_in_95_percent_of_sweeps(
    distribution: str, n: int, least: float
) -> None:
    # 1000 sweeps estimate a coverage of 95 % to 0.7 points (one standard deviation). Seeded: no false alarms.
    assert least <= coverage(distribution, n, SWEEPS) <= 0.98


def test_for_skewed_errors_the_bootstrap_covers_better_than_student_t() -> None:
    rng = np.random.default_rng(5)
    ours = students = bootstrapped = 0
    for _ in range(SWEEPS):
        values = rng.exponential(1.0, 8)
        interval = mean_interval(values)
        bootstrapped += interval.method == "bootstrap-t"
        ours += interval.low <= 1.0 <= interval.high
        low, high = stats.t.interval(0.95, 7, values.mean(), stats.sem(values))
        students += low <= 1.0 <= high
    assert ours > students + 0.02 * SWEEPS
    assert bootstrapped > 0.99 * SWEEPS


@pytest.mark.parametrize("n", [5, 8, 12])
@pytest.mark.parametrize("spread", [0.0, 1e-11, 1e-6, 1e-3])
def test_one_value_far_from_all_others_does_not_make_an_interval_absurd(n: int, spread: float) -> None:
    """As when one of several optimizations ends in another minimum."""
    values = np.append(spread * np.random.default_rng(n).random(n - 1), 0.0146)
    interval = mean_interval(values)
    low, high = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    assert interval.low <= values.mean() <= interval.high
    assert interval.high - interval.low <= 15 * (high - low)


@pytest.mark.parametrize("n", [2, 4, 100, 500])
def test_student_t_where_it_is_used_is_scipys(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    interval = mean_interval(values)
    assert interval.method == "Student t"
    expected = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    assert (interval.low, interval.high) == pytest.approx(expected, rel=1e-12)


def test_bootstrap_t_agrees_with_student_t_for_many_normal_values() -> None:
    values = np.random.default_rng(1).normal(size=99)
    interval = mean_interval(values)
    low, high = stats.t.interval(0.95, 98, values.mean(), stats.sem(values))
    assert interval.method == "bootstrap-t"
    assert interval.low == pytest.approx(low, abs=0.15 * (high - low))
    assert interval.high == pytest.approx(high, abs=0.15 * (high - low))


@pytest.mark.parametrize("n", [5, 7])
def test_bootstrap_t_is_its_definition(n: int) -> None:
    """Efron & Tibshirani 1993, equations 12.20 to 12.22, in plain Python over the same resamples."""
    values = sorted(np.random.default_rng(9).exponential(1.0, n).tolist())
    mean, scale = statistics.fmean(values), statistics.stdev(values) / math.sqrt(n)
    studentised = []
    for drawn in np.random.default_rng(0).integers(0, n, (999, n)).tolist():
        resample = [values[place] for place in drawn]
        error = statistics.stdev(resample) / math.sqrt(n)
        shift = statistics.fmean(resample) - mean
        # Resamples that nearly coincide count as infinitely far out.
        studentised.append(shift / error if error > 0.03 * scale else math.copysign(math.inf, shift))
    studentised.sort()
    found = mean_interval(np.array(values))
    assert found.method == "bootstrap-t"
    # The 25th smallest and the 25th largest of 999: 2.5 % of 1000 on either side.
    assert found.low == pytest.approx(mean - studentised[-25] * scale)
    assert found.high == pytest.approx(mean - studentised[24] * scale)


def test_equal_data_give_equal_intervals() -> None:
    values = np.random.default_rng(3).exponential(size=12)
    assert mean_interval(values) == mean_interval(values.copy())


@pytest.mark.parametrize("n", [3, 6, 30, 200])
def test_the_order_of_the_values_makes_no_difference(n: int) -> None:
    rng = np.random.default_rng(n)
    values = rng.exponential(1.0, n)
    assert mean_interval(values) == mean_interval(rng.permutation(values)) == mean_interval(values[::-1])


def test_an_interval_moves_and_scales_with_its_data() -> None:
    values = np.random.default_rng(4).exponential(size=12)
    plain, moved = mean_interval(values), mean_interval(1000 * values + 5)
    assert moved.low == pytest.approx(1000 * plain.low + 5)
    assert moved.high == pytest.approx(1000 * plain.high + 5)


@pytest.mark.parametrize("n", [0, 1])
def test_one_value_has_no_interval(n: int) -> None:
    interval = mean_interval(np.ones(n))
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert interval.method == "none: n < 2"


@pytest.mark.parametrize("n", [2, 10, 200])
@pytest.mark.parametrize("size", [0.0, 1e-6, 0.1, 1e6])
def test_values_that_are_all_equal_need_no_width(n: int, size: float) -> None:
    interval = mean_interval(np.full(n, size) + np.spacing(size) * (np.arange(n) % 2) * (size > 0))
    assert interval.low == interval.high == pytest.approx(size)
    assert interval.method == "all values equal"


def test_nearly_constant_values_still_get_a_finite_interval() -> None:
    interval = mean_interval(np.array([0.0, 0.0, 0.0, 0.0, 1.0]))
    assert np.isfinite([interval.low, interval.high]).all()
    assert interval.low <= 0.2 <= interval.high


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (1, 3), (5, 5), (37, 100)])
def test_the_interval_of_a_success_rate_is_statsmodels(successes: int, trials: int) -> None:
    interval = rate_interval(successes, trials)
    expected = proportion_confint(successes, trials, alpha=0.05, method="wilson")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-12)
    assert interval.method == "Wilson"


def test_a_rate_stays_between_nothing_and_everything() -> None:
    for trials in range(1, 200):
        assert 0.0 <= rate_interval(0, trials).low < 1e-15
        assert 1.0 - 1e-15 < rate_interval(trials, trials).high <= 1.0


def test_no_trials_have_no_rate() -> None:
    interval = rate_interval(0, 0)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert interval.method == "none: no trials"
