"""The exact maximum cut, the reference beside every QAOA value."""

from __future__ import annotations

import math
from functools import cache

LARGEST_EXACT = 24
"""Most nodes for which the cut is found by enumeration (2^23 partitions: a second, 64 MiB)."""


@cache
def maximum_cut(
    nodes: int, edges: tuple[tuple[int, int], ...], weights: tuple[float, ...] | None
) -> float | None:
    """Weight of a maximum cut; None above `LARGEST_EXACT` nodes, unless the graph itself shows the cut.

    All partitions are enumerated; the last node stays on one side (a cut and its complement weigh the
    same), which halves the work. A graph of two colours without negative weights is cut whole, however large.
    """
    import numpy as np

    if nodes > LARGEST_EXACT:
        return _cut_whole(edges, weights or (1.0,) * len(edges))
    if nodes == 0:
        return 0.0
    partitions = np.arange(2 ** (nodes - 1), dtype=np.int64)
    cut = np.zeros(len(partitions))
    for (u, v), weight in zip(edges, weights or (1.0,) * len(edges), strict=True):
        cut += weight * (((partitions >> u) ^ (partitions >> v)) & 1)
    return float(cut.max())


def _cut_whole(edges: tuple[tuple[int, int], ...], weights: tuple[float, ...]) -> float | None:
    import networkx as nx

    return math.fsum(weights) if min(weights) >= 0 and nx.is_bipartite(nx.Graph(edges)) else None
