"""Whether two groups of replicates differ in their mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAIRED = "paired t"
WELCH = "Welch t"


@dataclass(frozen=True)
class Replicates:
    """A group's values, each with the block (seed and other swept keys) it belongs to; shapes (n,)."""

    blocks: NDArray[np.int64]
    numbers: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def mean(self) -> float:
        """Mean of the values; there has to be at least one."""
        return float(self.numbers.mean())


@dataclass(frozen=True)
class Difference:
    """Mean of the first group minus that of the second.

    Attributes:
        mean: Mean over the common blocks if paired, otherwise the difference of the groups' means.
        p_value: Two-sided p value; None if there are too few values for a test.
        test: Name of the test, or the reason why there is none.
        n: Number of pairs, or of values of the smaller group.
    """

    mean: float
    p_value: float | None
    test: str
    n: int


def difference(first: Replicates, second: Replicates) -> Difference:
    """Compare two groups: by a paired test if both have the same blocks, otherwise by Welch's test.

    The paired test is Student's t on the differences within blocks. It removes what a seed, a graph or a bond
    length contributes to both groups. At least half of the smaller group has to have a partner.
    """
    _, in_first, in_second = np.intersect1d(first.blocks, second.blocks, return_indices=True)
    pairs = len(in_first)
    smaller = min(len(first), len(second))
    if pairs >= 2 and 2 * pairs >= smaller and _unique(first.blocks) and _unique(second.blocks):
        a, b = first.numbers[in_first], second.numbers[in_second]
        return Difference(float((a - b).mean()), _paired(a, b), PAIRED, pairs)
    if smaller == 0:
        return Difference(math.nan, None, "no values", 0)
    a, b = first.numbers, second.numbers
    mean = float(a.mean() - b.mean())
    if smaller < 2:
        return Difference(mean, None, "n < 2", smaller)
    return Difference(mean, _welch(a, b), WELCH, smaller)


def _unique(blocks: NDArray[np.int64]) -> bool:
    return len(np.unique(blocks)) == len(blocks)


def _paired(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    if (certain := _certain(a - b, np.abs(np.concatenate([a, b])).max())) is not None:
        return certain
    differences = a - b
    n = len(differences)
    return _two_sided(float(differences.mean()), float(differences.var(ddof=1)) / n, n - 1)


def _welch(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    scale = np.abs(np.concatenate([a, b])).max()
    if np.ptp(a) <= 1e-13 * scale and np.ptp(b) <= 1e-13 * scale:
        return 1.0 if abs(a.mean() - b.mean()) <= 1e-12 * scale else 0.0
    of_a, of_b = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    # Welch (1947), with Satterthwaite's degrees of freedom.
    freedom = (of_a + of_b) ** 2 / (of_a**2 / (len(a) - 1) + of_b**2 / (len(b) - 1))
    return _two_sided(float(a.mean() - b.mean()), of_a + of_b, freedom)


def _two_sided(mean: float, variance: float, freedom: float) -> float:
    """The p value of a mean of this variance, by Student's t.

    `scipy.stats` has these tests, but importing it would take half a second at the end of every sweep.
    """
    from scipy.special import stdtr

    return 2 * float(stdtr(freedom, -abs(mean) / math.sqrt(variance)))


def _certain(differences: NDArray[np.float64], scale: float) -> float | None:
    """The p value if all differences are equal, as after an exact simulation; None if they are not."""
    if np.ptp(differences) > 1e-13 * scale:
        return None
    return 1.0 if abs(differences.mean()) <= 1e-12 * scale else 0.0
