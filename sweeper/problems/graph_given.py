"""Graphs given edge by edge, in the config or in a file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from omegaconf import MISSING

from sweeper.errors import ConfigError
from sweeper.problems.graph import make_graph
from sweeper.problems.instance import Graph, Instance, Problem

Edges = list[tuple[int, int, float]]


@dataclass
class EdgeList(Problem):
    """A graph written out: `edges="0-1,1-2,2-0:0.5"`.

    `best_known` is the reference of a graph too large for its maximum cut to be computed.
    """

    name: ClassVar[str] = "edge_list"
    makes: ClassVar[type[Instance]] = Graph

    edges: str = MISSING
    best_known: float | None = None

    def make(self) -> Graph:
        """The graph of the edges given; its nodes are 0 up to the largest one named."""
        where = "problem.edges"
        edges = [_edge(edge.strip(), where) for edge in self.edges.split(",") if edge.strip()]
        return make_graph(_count_nodes(edges), edges, where, self.best_known)


@dataclass
class GraphFile(Problem):
    """A graph from a file at `path`, which starts at the folder the command was typed in.

    `format` is `edge_list` (one edge a line, `u v` or `u v weight`, `#` starts a comment), `graphml` (edges
    may have a `weight`), `gset` (first line: nodes and edges, then `u v weight` counting from 1, as in
    Helmberg and Rendl's G-set), or `auto`: by the ending .graphml or .gset, else an edge list.
    `best_known` is the reference of a graph too large for its maximum cut to be computed.
    """

    name: ClassVar[str] = "graph_file"
    makes: ClassVar[type[Instance]] = Graph

    path: str = MISSING
    format: Literal["auto", "edge_list", "graphml", "gset"] = "auto"
    best_known: float | None = None

    def make(self) -> Graph:
        """The graph of the file."""
        where = f"problem.path={self.path}"
        try:
            text = Path(self.path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{where}: the graph file cannot be read ({error}).") from error
        by_ending = {".graphml": "graphml", ".gset": "gset"}.get(Path(self.path).suffix.lower(), "edge_list")
        nodes, edges = _READERS[by_ending if self.format == "auto" else self.format](text, where)
        return make_graph(nodes, edges, where, self.best_known)


def _edge(text: str, where: str) -> tuple[int, int, float]:
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


def _count_nodes(edges: Edges) -> int:
    return 1 + max((max(u, v) for u, v, _ in edges), default=-1)


def _edge_list(text: str, where: str) -> tuple[int, Edges]:
    edges = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if words:
            joined = "-".join(words[:2]) + "".join(f":{word}" for word in words[2:])
            edges.append(_edge(joined, f"{where}, line {number}"))
    return _count_nodes(edges), edges


def _gset(text: str, where: str) -> tuple[int, Edges]:
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    try:
        nodes, count = (int(word) for word in lines[0][1])
    except (IndexError, ValueError):
        raise ConfigError(
            f"{where}, line 1: a G-set file begins with the numbers of nodes and edges."
        ) from None
    edges = []
    for number, words in lines[1:]:
        u, v, weight = _edge(
            "-".join(words[:2]) + "".join(f":{word}" for word in words[2:]), f"{where}, line {number}"
        )
        if not (1 <= u <= nodes and 1 <= v <= nodes):
            raise ConfigError(f"{where}, line {number}: the nodes of a G-set file are 1 to {nodes}.")
        edges.append((u - 1, v - 1, weight))
    if len(edges) != count:
        raise ConfigError(f"{where}: its first line promises {count} edges, but {len(edges)} follow.")
    return nodes, edges


def _graphml(text: str, where: str) -> tuple[int, Edges]:
    from xml.etree.ElementTree import ParseError

    import networkx as nx

    try:
        graph = nx.parse_graphml(text)
    except (ParseError, nx.NetworkXError, ValueError, KeyError) as error:
        raise ConfigError(f"{where}: not a GraphML file ({error}).") from error
    if graph.is_directed():
        raise ConfigError(f'{where}: the graph is directed; a cut needs edgedefault="undirected".')
    number_of = {node: number for number, node in enumerate(graph)}
    edges = []
    for u, v, data in graph.edges(data=True):
        try:
            weight = float(data.get("weight", 1.0))
        except (TypeError, ValueError):
            weight = math.nan
        if not math.isfinite(weight):
            raise ConfigError(f"{where}: the edge {u}-{v} has the weight {data['weight']!r}, not a number.")
        edges.append((number_of[u], number_of[v], weight))
    return graph.number_of_nodes(), edges


_READERS: dict[str, Callable[[str, str], tuple[int, Edges]]] = {
    "edge_list": _edge_list,
    "graphml": _graphml,
    "gset": _gset,
}
