"""95 % confidence intervals of a mean and of a success rate.

The method for the mean depends on n, as the coverage shows that `tests/statistics` simulates. Below 5 values
a resample is too often constant, so Student's t is used. From 5 to 99 values it is the studentised bootstrap
("bootstrap-t", Efron & Tibshirani 1993, section 12.5): it keeps its level for skewed errors, for which
Student's t and the percentile bootstrap cover too little. From 100 values on Student's t is as good.

If most values nearly coincide and one is far away, resamples without that value make the bootstrap interval
arbitrarily wide. Such resamples count as constant. If there are many of them, Student's t is used, which then
covers less than 95 %, as would any interval from such values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
FEWEST_FOR_BOOTSTRAP = 5
FEWEST_FOR_NORMAL = 100
_RESAMPLES = 999  # (999 + 1) · 2.5 % is whole, so the quantiles are order statistics
_LEAST_ERROR = 0.03
"""Standard error, as a fraction of that of the sample, below which a resample counts as constant. For
exponential and lognormal values it costs half a point of coverage at n = 5 and nothing from n = 8 on, and
intervals are at most about ten times as wide as Student's."""


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval; `method` names its method, or the reason why the bounds are nan."""

    low: float
    high: float
    method: str


def mean_interval(values: NDArray[np.float64]) -> Interval:
    """Confidence interval of the mean of independent values, shape (n,), all finite.

    The bootstrap sorts the values and draws the same resamples every time, so that equal data give equal
    intervals, whatever the order of the jobs.
    """
    values = np.sort(values)
    n = len(values)
    if n < 2:
        return Interval(math.nan, math.nan, "none: n < 2")
    mean = float(values.mean())
    if _constant(values):
        return Interval(mean, mean, "all values equal")
    if FEWEST_FOR_BOOTSTRAP <= n < FEWEST_FOR_NORMAL:
        low, high = _bootstrap_t(values)
        if math.isfinite(low) and math.isfinite(high):
            return Interval(low, high, "bootstrap-t")
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) * float(values.std(ddof=1)) / math.sqrt(n)
    return Interval(mean - half, mean + half, "Student t")


def rate_interval(successes: int, trials: int) -> Interval:
    """Wilson's score interval of a success rate (Wilson 1927), which also works for no and all successes."""
    if trials == 0:
        return Interval(math.nan, math.nan, "none: no trials")
    from scipy.special import ndtri

    z2 = float(ndtri(0.5 + CONFIDENCE / 2)) ** 2
    rate = successes / trials
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(z2) / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    return Interval(max(0.0, centre - half), min(1.0, centre + half), "Wilson")


def _constant(values: NDArray[np.float64]) -> bool:
    """Whether the values differ by no more than rounding."""
    return bool(np.ptp(values) <= 1e-14 * np.abs(values).max())


def _bootstrap_t(values: NDArray[np.float64]) -> tuple[float, float]:
    n = len(values)
    mean = values.mean()
    resamples = values[np.random.default_rng(0).integers(0, n, (_RESAMPLES, n))]
    shift = resamples.mean(axis=1) - mean
    error = resamples.std(axis=1, ddof=1) / math.sqrt(n)
    scale = values.std(ddof=1) / math.sqrt(n)
    # A constant resample has no standard error. To be cautious, it counts as infinitely far away.
    degenerate = error <= _LEAST_ERROR * scale
    studentised = np.where(degenerate, np.copysign(np.inf, shift), shift / np.where(degenerate, 1.0, error))
    low, high = np.sort(studentised)[[24, 974]]
    return float(mean - high * scale), float(mean - low * scale)
