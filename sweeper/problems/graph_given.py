"""Graphs given edge by edge, in the config or in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from omegaconf import MISSING

from sweeper.errors import ConfigError
from sweeper.problems.given_file import open_given
from sweeper.problems.graph import make_graph
from sweeper.problems.graph_formats import GraphReading, read_graph
from sweeper.problems.instance import LARGEST, Graph, Instance, Problem
from sweeper.problems.numbers import real, whole


@dataclass
class EdgeList(Problem):
    """A graph written out: `edges="0-1,1-2,2-0:0.5"`.

    The nodes are numbered from 0, or from 1, without a gap. `best_known` is the reference of a graph that is
    too large for computing its maximum cut.
    """

    name: ClassVar[str] = "edge_list"
    makes: ClassVar[type[Instance]] = Graph

    edges: str = MISSING
    best_known: float | None = None

    def make(self) -> Graph:
        """The graph of the edges given.

        Raises:
            ConfigError: A piece is not an edge, a node number is missing, or `make_graph` refuses the graph.
        """
        where = "problem.edges"
        edges = [_edge(edge.strip(), where) for edge in self.edges.split(",") if edge.strip()]
        first, nodes = _count_nodes(edges, where)
        names = [str(first + node) for node in range(nodes)]
        shifted = [(u - first, v - first, weight) for u, v, weight in edges]
        return make_graph(nodes, shifted, where, self.best_known, names)


@dataclass
class GraphFile(Problem):
    """A graph from the file at `path`, relative to the folder in which the command was typed.

    The format is recognised by the content, or given by `format`. `header` says whether the first line of an
    edge list is a header, if both are possible. `weight` names the attribute of the edges that is their
    weight, or is `unit`. `best_known` is the reference of a graph that is too large for computing its maximum
    cut.
    """

    name: ClassVar[str] = "graph_file"
    makes: ClassVar[type[Instance]] = Graph

    path: str = MISSING
    format: Literal[
        "auto",
        "edge_list",
        "gset",
        "dimacs",
        "graphml",
        "gml",
        "json",
        "matrix_market",
        "matrix",
        "adjacency",
        "metis",
    ] = "auto"
    header: bool | None = None
    weight: str | None = None
    best_known: float | None = None

    def make(self) -> Graph:
        """The graph of the file, which is read each time but parsed once.

        Raises:
            ConfigError: The file is not a graph or is ambiguous, or `make_graph` refuses the graph.
        """
        how = GraphReading(self.format, self.header, self.weight, self.best_known)
        return read_graph(open_given(self.path, "graph file"), how)


def _edge(text: str, where: str) -> tuple[int, int, float]:
    """One edge: `u-v` or `u-v:weight`."""
    pair, weighted, number = text.partition(":")
    nodes = [whole(node.strip()) for node in pair.split("-")]
    weight = real(number) if weighted else 1.0
    if len(nodes) != 2 or nodes[0] is None or nodes[1] is None or weight is None:
        raise ConfigError(f"{where}: {text!r} is not an edge: write u-v or u-v:weight, as in 0-1:0.5.")
    return nodes[0], nodes[1], weight


def _count_nodes(edges: list[tuple[int, int, float]], where: str) -> tuple[int, int]:
    """The number of the first node, 0 or 1, and the number of nodes.

    A gap in typed edges is a typing error: the missing node would be a qubit on which nothing acts.
    """
    named = {node for u, v, _ in edges for node in (u, v)}
    if not named:
        return 0, 0
    first = min(1, *named)
    if len(named) > LARGEST:
        raise ConfigError(f"{where}: the graph has {len(named)} nodes; {LARGEST} are the most that are read.")
    if max(named) - first >= len(named):
        missing = next(node for node in range(first, max(named)) if node not in named)
        raise ConfigError(
            f"{where}: the graph falls into pieces: no edge has the node {missing}, though one has "
            f"{max(named)}. Number the nodes from 0 or from 1 without a gap."
        )
    return first, max(named) - first + 1
