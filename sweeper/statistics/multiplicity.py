"""Correction of p values for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float], family: int) -> list[float]:
    """Holm's step-down adjusted p values (Holm 1979), for `p_values` out of a larger family of tests.

    Groups are compared with the best group only. But the data choose the best group, so the family is all
    pairs. Pairs that were not tested count as having the largest p values. The adjusted values are then never
    smaller than those of the full family, so the family-wise error rate holds.

    Args:
        p_values: The p values of the tests that were made.
        family: Number of tests in the family; at least the number of p values.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate((family - np.arange(len(p))) * p[order]))
    return [float(value) for value in adjusted]
