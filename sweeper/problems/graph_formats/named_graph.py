"""A graph with the names of its file, and the rules that make a numbered graph of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sweeper.errors import ConfigError
from sweeper.problems.given_file import printable, quoted
from sweeper.problems.graph import make_graph
from sweeper.problems.instance import LARGEST, Graph
from sweeper.problems.numbers import real, whole

WEIGHT = "weight"
"""The attribute that is the weight of an edge by default."""
UNIT = "unit"
"""`problem.weight=unit`: every edge has the weight 1, whatever its attributes are."""


@dataclass(frozen=True)
class NamedEdge:
    """An edge as it is written.

    Attributes:
        source: Name of the first node.
        target: Name of the second node.
        attributes: The attributes of the edge, by name.
        line: Line of the edge; None if the reader of the format does not tell.
    """

    source: str
    target: str
    attributes: Mapping[str, object] = field(default_factory=dict)
    line: int | None = None

    @property
    def place(self) -> str:
        """`line 3` or the edge's own name, for messages."""
        return f"the edge {self}" + ("" if self.line is None else f" of line {self.line}")

    def __str__(self) -> str:
        return f"{printable(self.source)}-{printable(self.target)}"


@dataclass(frozen=True)
class NamedGraph:
    """A graph as it is written.

    Attributes:
        edges: The edges, in the order of the file.
        nodes: Names of the declared nodes, with or without edges.
        size: Number of nodes that the file announces; None if it names them instead.
        directed: Whether the file says that its edges have a direction.
    """

    edges: Sequence[NamedEdge]
    nodes: Sequence[str] = ()
    size: int | None = None
    directed: bool = False

    def numbered(self, weight: str | None, where: str, best_known: float | None = None) -> Graph:
        """The graph with its nodes numbered from 0, its weights chosen and each edge once.

        Nodes are numbered in rising order if all names are whole numbers, otherwise as they first appear.

        Args:
            weight: The attribute that is the weight, or `unit`; None means `weight` if it is the only one.
            where: The config key, for messages.
            best_known: The reference if the maximum cut is too expensive to compute.

        Raises:
            ConfigError: No attribute is chosen, a weight is not a number, edges contradict each other, the
                graph is directed or has too many nodes, or `make_graph` refuses it.
        """
        names = _in_order([*self.nodes, *(end for edge in self.edges for end in (edge.source, edge.target))])
        check_size(max(len(names), self.size or 0), where)
        if self.size is not None and len(names) != self.size:
            raise ConfigError(
                f"{where}: {self.size} nodes are announced, but the edges name {len(names)}. "
                + (
                    "A node without edges is no part of a cut: leave it out."
                    if len(names) < self.size
                    else ""
                )
            )
        weights = _weights(self.edges, weight, where)
        number_of = {name: number for number, name in enumerate(names)}
        once = _each_once(self.edges, weights, self.directed, where)
        weighted = ((number_of[edge.source], number_of[edge.target], value) for edge, value in once)
        return make_graph(len(names), weighted, where, best_known, [printable(name) for name in names])


def check_size(nodes: int, where: str) -> None:
    """Refuse more nodes than any device has qubits, before an object is made of each."""
    if nodes > LARGEST:
        raise ConfigError(f"{where}: the graph has {nodes} nodes; {LARGEST} are the most that are read.")


def _in_order(names: Iterable[str]) -> list[str]:
    once = list(dict.fromkeys(names))
    return sorted(once, key=int) if all(whole(name) is not None for name in once) else once


def _weights(edges: Sequence[NamedEdge], choice: str | None, where: str) -> list[float]:
    known = list(dict.fromkeys(name for edge in edges for name in edge.attributes))
    listed = [printable(name) for name in known]
    if choice is None and set(known) - {WEIGHT}:
        options = " or ".join(f"problem.weight={name}" for name in [*listed[:5], UNIT])
        raise ConfigError(
            f"{where}: its edges carry {_listed(listed)}. Choose their weight by {options} "
            "(every edge counts 1)."
        )
    name = choice or WEIGHT
    if name not in known:
        if name in {UNIT, WEIGHT} and choice != WEIGHT:
            return [1.0] * len(edges)
        has = _listed(listed) if known else "nothing but their nodes"
        raise ConfigError(f"{where}: problem.weight={name} is no attribute of its edges, which carry {has}.")
    return [_weight(edge, name, where) for edge in edges]


def _weight(edge: NamedEdge, name: str, where: str) -> float:
    if name not in edge.attributes:
        # As in networkx, a missing `weight` is 1. Other attributes have no default.
        if name == WEIGHT:
            return 1.0
        raise ConfigError(f"{where}: {edge.place} has no {name}, which problem.weight asks for.")
    number = real(edge.attributes[name])
    if number is None:
        value = quoted(str(edge.attributes[name])[:100])
        raise ConfigError(
            f"{where}: {edge.place} has the {printable(name)} {value}, which is no finite number."
        )
    return number


def _listed(names: Sequence[str]) -> str:
    return ("the attributes " if len(names) > 1 else "the attribute ") + ", ".join(names[:20])


def _each_once(
    edges: Sequence[NamedEdge], weights: Sequence[float], directed: bool, where: str
) -> list[tuple[NamedEdge, float]]:
    """The edges without duplicates: a pair that is listed once in each direction is one edge."""
    found: dict[tuple[str, str], tuple[NamedEdge, float]] = {}
    mirrored = set()
    for edge, weight in zip(edges, weights, strict=True):
        pair, mirror = (edge.source, edge.target), (edge.target, edge.source)
        if edge.source == edge.target:
            raise ConfigError(f"{where}: {edge.place} joins a node with itself, which no cut can cut.")
        if pair in found or (mirror in found and mirror in mirrored):
            raise ConfigError(
                f"{where}: the edge {edge} is given twice{_places(found.get(pair, (edge, 0))[0], edge)}. "
                "Make one edge of them: in a cut the weights of parallel edges add up."
            )
        if mirror not in found:
            found[pair] = edge, weight
        elif found[mirror][1] == weight:
            mirrored.add(mirror)
        else:
            raise ConfigError(
                f"{where}: the edge {edge} has the weight {found[mirror][1]:g} in one direction and "
                f"{weight:g} in the other{_places(found[mirror][0], edge)}. A cut knows no directions: "
                "give it once."
            )
    if directed and len(mirrored) < len(found):
        lonely = next(edge for pair, (edge, _) in found.items() if pair not in mirrored)
        raise ConfigError(
            f"{where}: the graph is directed, and {lonely.place} leads one way only. A cut knows no "
            "directions: write the graph as an undirected one (networkx: G.to_undirected())."
        )
    return list(found.values())


def _places(one: NamedEdge, other: NamedEdge) -> str:
    return "" if one.line is None or other.line is None else f" (lines {one.line} and {other.line})"
