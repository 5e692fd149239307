"""A canonical graph instance from any list of weighted edges, with the checks that all graphs share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from sweeper.errors import ConfigError
from sweeper.problems.instance import Graph
from sweeper.problems.maxcut import maximum_cut

if TYPE_CHECKING:
    import numpy as np

_ROUNDING = 1e-9
"""Relative amount by which a best known cut may exceed the exact one, because sums are rounded."""


def make_graph(
    nodes: int,
    weighted_edges: Iterable[tuple[int, int, float]],
    where: str,
    best_known: float | None = None,
    names: Sequence[str] | None = None,
) -> Graph:
    """A `Graph` with its maximum cut: each pair once, the smaller node first, sorted.

    Args:
        nodes: Number of nodes.
        weighted_edges: (node, node, weight).
        where: The config key, for messages.
        best_known: The reference if the maximum cut is too expensive to compute.
        names: Names of the nodes in messages; None means their numbers.

    Raises:
        ConfigError: The graph has no edges, a loop, an edge twice, or several pieces, or the best known cut
            is above the maximum.
    """
    weight_of: dict[tuple[int, int], float] = {}
    for u, v, weight in weighted_edges:
        if u == v:
            raise ConfigError(f"{where}: the edge {u}-{v} joins a node with itself, which no cut can cut.")
        pair = (min(u, v), max(u, v))
        if pair in weight_of:
            raise ConfigError(f"{where}: the edge {pair[0]}-{pair[1]} is given twice.")
        weight_of[pair] = weight
    if not weight_of:
        raise ConfigError(f"{where}: the graph has no edges, so there is nothing to cut.")
    edges = tuple(sorted(weight_of))
    _refuse_pieces(nodes, edges, where, names or [str(node) for node in range(nodes)])
    weights = tuple(weight_of[edge] for edge in edges)
    uniform = None if all(weight == 1.0 for weight in weights) else weights
    exact = maximum_cut(nodes, edges, uniform)
    if exact is not None and best_known is not None and best_known > exact + _ROUNDING * max(1.0, abs(exact)):
        raise ConfigError(f"problem.best_known={best_known:g} is not possible: the maximum cut is {exact:g}.")
    return Graph(nodes, edges, uniform, best_known if exact is None else exact)


def edge_weights(kind: str, count: int, seed: int) -> Sequence[float]:
    """Weights for `count` edges: all 1, or drawn with a seed.

    `uniform` draws from 0.01, 0.02 … 1, `signs` draws -1 or 1, and `normal` draws from the standard normal
    distribution, rounded to three decimals.
    """
    import numpy as np

    return _DRAWS[kind](np.random.default_rng(seed), count)


def _uniform(rng: np.random.Generator, count: int) -> list[float]:
    return [hundredths / 100 for hundredths in rng.integers(1, 101, count).tolist()]


def _normal(rng: np.random.Generator, count: int) -> list[float]:
    return [round(weight, 3) for weight in rng.normal(size=count).tolist()]


def _signs(rng: np.random.Generator, count: int) -> list[float]:
    return [2.0 * side - 1.0 for side in rng.integers(0, 2, count).tolist()]


_DRAWS: dict[str, Callable[[np.random.Generator, int], list[float]]] = {
    "unit": lambda rng, count: [1.0] * count,  # noqa: ARG005
    "uniform": _uniform,
    "normal": _normal,
    "signs": _signs,
}


def _refuse_pieces(nodes: int, edges: Sequence[tuple[int, int]], where: str, names: Sequence[str]) -> None:
    import networkx as nx

    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edges)
    pieces = sorted(nx.connected_components(graph), key=min)
    if len(pieces) == 1:
        return
    alone = [names[node] for node in range(nodes) if not graph.degree[node]]
    if alone:
        some = ", ".join(alone[:5]) + (" …" if len(alone) > 5 else "")
        which = f"no edge has the node{'s' if len(alone) > 1 else ''} {some}"
    else:
        which = f"no path joins node {names[min(pieces[0])]} with node {names[min(pieces[1])]}"
    raise ConfigError(
        f"{where}: the graph falls into {len(pieces)} pieces ({which}), which are separate problems. Solve "
        "them one by one; for a random graph choose another seed or more edges."
    )
