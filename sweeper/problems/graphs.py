"""Graphs for MaxCut: families made by networkx with a seed, and graphs given edge by edge."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from omegaconf import MISSING

from sweeper.errors import ConfigError
from sweeper.problems.instance import Graph, Instance, Problem
from sweeper.problems.maxcut import maximum_cut

if TYPE_CHECKING:
    import networkx as nx


def _graph(nodes: int, weighted_edges: Iterable[tuple[int, int, float]], where: str) -> Graph:
    """A canonical `Graph` with its maximum cut: each pair once, the smaller node first, sorted."""
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
    weights = tuple(weight_of[edge] for edge in edges)
    uniform = None if all(weight == 1.0 for weight in weights) else weights
    return Graph(nodes, edges, uniform, maximum_cut(nodes, edges, uniform))


def _from_networkx(graph: nx.Graph[Any], where: str) -> Graph:
    return _graph(graph.number_of_nodes(), ((u, v, 1.0) for u, v in graph.edges()), where)


def _parse_edge(text: str, where: str) -> tuple[int, int, float]:
    """One edge: `u-v` or `u-v:weight`."""
    pair, weighted, number = text.partition(":")
    try:
        u, v = (int(node) for node in pair.split("-"))
        weight = float(number) if weighted else 1.0
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise ConfigError(f"{where}: {text!r} is not an edge: write u-v or u-v:weight, as in 0-1:0.5.")
    return u, v, weight


def _given(edges: list[tuple[int, int, float]], where: str) -> Graph:
    """A graph given by its edges: its nodes are 0 up to the largest one named."""
    return _graph(1 + max((max(u, v) for u, v, _ in edges), default=-1), edges, where)


@dataclass
class Ring(Problem):
    """A cycle of `n` nodes."""

    name: ClassVar[str] = "ring"
    makes: ClassVar[type[Instance]] = Graph

    n: int = 4

    def __post_init__(self) -> None:
        if self.n < 3:
            raise ConfigError(f"problem.n={self.n} is not possible: a ring needs 3 or more nodes.")

    def instance(self) -> Graph:
        """The ring."""
        import networkx as nx

        return _from_networkx(nx.cycle_graph(self.n), "problem=ring")


@dataclass
class Regular(Problem):
    """A random `degree`-regular graph of `n` nodes, drawn with `seed`."""

    name: ClassVar[str] = "regular"
    makes: ClassVar[type[Instance]] = Graph

    n: int = 8
    degree: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if not (1 <= self.degree < self.n and self.n * self.degree % 2 == 0):
            raise ConfigError(
                f"problem.n={self.n} problem.degree={self.degree} is not possible: a regular graph needs "
                "1 <= degree < n, and n * degree even."
            )

    def instance(self) -> Graph:
        """The graph."""
        import networkx as nx

        return _from_networkx(nx.random_regular_graph(self.degree, self.n, seed=self.seed), "problem=regular")


@dataclass
class ErdosRenyi(Problem):
    """A graph of `n` nodes in which each pair is joined with `probability`, drawn with `seed`."""

    name: ClassVar[str] = "erdos_renyi"
    makes: ClassVar[type[Instance]] = Graph

    n: int = 8
    probability: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n < 2 or not 0 < self.probability <= 1:
            raise ConfigError(
                f"problem.n={self.n} problem.probability={self.probability} is not possible: "
                "an Erdős–Rényi graph needs n >= 2 and 0 < probability <= 1."
            )

    def instance(self) -> Graph:
        """The graph; refused if the draw has no edge."""
        import networkx as nx

        where = f"problem=erdos_renyi problem.seed={self.seed}"
        return _from_networkx(nx.gnp_random_graph(self.n, self.probability, seed=self.seed), where)


@dataclass
class EdgeList(Problem):
    """A graph written out: `edges="0-1,1-2,2-0:0.5"`."""

    name: ClassVar[str] = "edge_list"
    makes: ClassVar[type[Instance]] = Graph

    edges: str = MISSING

    def instance(self) -> Graph:
        """The graph of the edges given."""
        where = "problem.edges"
        return _given(
            [_parse_edge(edge.strip(), where) for edge in self.edges.split(",") if edge.strip()], where
        )


@dataclass
class GraphFile(Problem):
    """A graph from a text file: one edge a line, `u v` or `u v weight`; `#` starts a comment."""

    name: ClassVar[str] = "graph_file"
    makes: ClassVar[type[Instance]] = Graph

    path: str = MISSING

    def instance(self) -> Graph:
        """The graph of the file; a relative path starts at the folder the command was typed in."""
        try:
            lines = Path(self.path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"problem.path={self.path}: the graph file cannot be read ({error})."
            ) from error
        edges = []
        for number, line in enumerate(lines, start=1):
            words = line.partition("#")[0].split()
            if words:
                where = f"problem.path={self.path}, line {number}"
                edges.append(
                    _parse_edge("-".join(words[:2]) + "".join(f":{word}" for word in words[2:]), where)
                )
        return _given(edges, f"problem.path={self.path}")
