"""The exact maximum cut, the reference beside every QAOA value."""

from __future__ import annotations

from functools import cache

import numpy as np

LARGEST_EXACT = 24
"""Most nodes for which the cut is found by enumeration (2^23 partitions: a second, 64 MiB)."""


@cache
def maximum_cut(
    nodes: int, edges: tuple[tuple[int, int], ...], weights: tuple[float, ...] | None
) -> float | None:
    """Weight of a maximum cut by enumeration of all partitions; none above `LARGEST_EXACT` nodes.

    The last node stays on one side (a cut and its complement weigh the same), which halves the work.
    """
    if nodes > LARGEST_EXACT:
        return None
    if nodes == 0:
        return 0.0
    partitions = np.arange(2 ** (nodes - 1), dtype=np.int64)
    cut = np.zeros(len(partitions))
    for (u, v), weight in zip(edges, weights or (1.0,) * len(edges), strict=True):
        cut += weight * (((partitions >> u) ^ (partitions >> v)) & 1)
    return float(cut.max())
