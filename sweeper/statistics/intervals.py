"""95 % confidence intervals of a mean and of a success rate.

Which interval of the mean is used depends on n alone, by the coverage that `tests/statistics` simulates:
below 5 values a resample is too often constant, so Student's t; from 5 to 99 the studentised bootstrap
("bootstrap-t", Efron & Tibshirani 1993, section 12.5), which keeps its level for skewed errors where
Student's t and the percentile bootstrap fall short; from 100 on Student's t, which is then as good.

Where most values nearly coincide and one lies far off, resamples without that one make the studentised
bootstrap's interval as wide as one likes. They count as constant; if they are many, Student's t is used,
which then covers less than it promises, as any interval from such values would.
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
"""Of a resample, as a share of the sample's; below it counts as constant. For exponential and lognormal
values it costs half a point of coverage at n = 5 and nothing from 8 on, and intervals are about ten times as
wide as Student's at most."""


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval; `method` says how it was found, or why there is none (nan bounds)."""

    low: float
    high: float
    method: str


def mean_interval(values: NDArray[np.float64]) -> Interval:
    """Confidence interval of the mean of independent values, shape (n,), all finite.

    The bootstrap draws the same resamples every time, and of the values by their size, so that equal data
    give equal intervals, in whatever order their jobs stand in a table.
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
    """Wilson's score interval of a success rate (Wilson 1927); sensible at 0 and at all successes."""
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
    # A constant resample has no standard error: it counts as infinitely far out, the cautious reading.
    degenerate = error <= _LEAST_ERROR * scale
    studentised = np.where(degenerate, np.copysign(np.inf, shift), shift / np.where(degenerate, 1.0, error))
    low, high = np.sort(studentised)[[24, 974]]
    return float(mean - high * scale), float(mean - low * scale)
