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

    Its nodes are numbered from 0, or from 1, without a gap. `best_known` is the reference of a graph too
    large for its maximum cut to be computed.
    """

    name: ClassVar[str] = "edge_list"
    makes: ClassVar[type[Instance]] = Graph

    edges: str = MISSING
    best_known: float | None = None

    def make(self) -> Graph:
        """The graph of the edges given.

        Raises:
            ConfigError: A piece is no edge, a number is left out, or what `make_graph` refuses.
        """
        where = "problem.edges"
        edges = [_edge(edge.strip(), where) for edge in self.edges.split(",") if edge.strip()]
        first, nodes = _count_nodes(edges, where)
        names = [str(first + node) for node in range(nodes)]
        shifted = [(u - first, v - first, weight) for u, v, weight in edges]
        return make_graph(nodes, shifted, where, self.best_known, names)


@dataclass
class GraphFile(Problem):
    """A graph from a file at `path`, which starts at the folder the command was typed in.

    Its format is seen in its content, or said by `format`. `header` says whether the first line of an edge
    list is something else than an edge, where both are possible; `weight` which attribute of the edges is
    their weight, or `unit`. `best_known` is the reference of a graph too large for its maximum cut to be
    computed.
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
        """The graph of the file; its text is read again each time, and understood once.

        Raises:
            ConfigError: The file is no graph, has several readings, or what `make_graph` refuses.
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
    """The first node's number, 0 or 1, and how many nodes there are.

    Typed edges leave out a number by a slip of the keyboard: it would be a qubit that nothing acts on.
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
