"""Weighted graphs and the cuts that bit strings describe."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from algorithms.hyperparameters import HyperparameterError

_EDGE = re.compile(r"(?P<u>[0-9]+)-(?P<v>[0-9]+)(:(?P<weight>.+))?", re.ASCII)

_AT_ONCE = 4096
"""Bit strings that are evaluated in one go: few enough for the processor's cache."""


@dataclass(frozen=True)
class Graph:
    """An undirected graph without loops.

    Attributes:
        nodes: Number of nodes, isolated ones included; node i is qubit i.
        edges: Pairs of nodes, each pair once.
        weights: One for each edge.
    """

    nodes: int
    edges: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]

    def cut_values(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Total weight of the edges each bit string cuts.

        Args:
            bits: Shape (nodes, bit strings): the side each node is on.

        Returns:
            Shape (bit strings,).
        """
        ends, weights = self._arrays
        cuts = np.empty(bits.shape[1])
        for start in range(0, len(cuts), _AT_ONCE):
            sides = bits[:, start : start + _AT_ONCE][ends]
            cuts[start : start + _AT_ONCE] = weights @ (sides[0] ^ sides[1])
        return cuts

    @cached_property
    def _arrays(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The edges' ends, shape (2, edges), and their weights."""
        return np.array(self.edges, dtype=np.intp).reshape(-1, 2).T, np.array(self.weights, dtype=float)


def parse_graph(edges: str, nodes: int) -> Graph:
    """Read `0-1,1-2`, or `0-1:0.5,1-2:2` with weights; an empty text is a graph without edges.

    Raises:
        HyperparameterError: Names the edge that cannot be read, is a loop, occurs twice or has a node
            outside 0 … nodes-1.
    """
    seen: set[frozenset[int]] = set()
    pairs: list[tuple[int, int]] = []
    weights: list[float] = []
    for piece in edges.split(",") if edges else []:
        u, v, weight = _parse_edge(piece.strip())
        if max(u, v) >= nodes:
            raise HyperparameterError(f"edges: {piece!r} has a node beyond {nodes - 1} (nodes={nodes}).")
        if u == v:
            raise HyperparameterError(f"edges: {piece!r} joins a node to itself.")
        if frozenset((u, v)) in seen:
            raise HyperparameterError(f"edges: {piece!r} joins two nodes that are joined already.")
        seen.add(frozenset((u, v)))
        pairs.append((u, v))
        weights.append(weight)
    return Graph(nodes, tuple(pairs), tuple(weights))


def _parse_edge(piece: str) -> tuple[int, int, float]:
    match = _EDGE.fullmatch(piece)
    try:
        weight = float(match["weight"] or 1.0) if match else math.nan
    except ValueError:
        weight = math.nan
    if match is None or not math.isfinite(weight):
        raise HyperparameterError(f"edges: {piece!r} is not an edge such as '0-1' or '0-1:0.5'.")
    return int(match["u"]), int(match["v"]), weight
