"""Correction of p values for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float], family: int) -> list[float]:
    """Holm's step-down adjusted p values (Holm 1979), for `p_values` out of a larger family of tests.

    Every group is compared with the best one only. But the data chose the best, so the family is that of all
    pairs. Tests of it that were not made count as if they had the largest p value: the adjusted values are
    never smaller than those of the full family, so the family-wise error rate holds.

    Args:
        p_values: Of the tests made.
        family: Number of tests the error rate is to hold for; at least as many.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate((family - np.arange(len(p))) * p[order]))
    return [float(value) for value in adjusted]
