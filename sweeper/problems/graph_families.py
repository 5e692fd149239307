"""Families of graphs, made by networkx. Random graphs and weights are drawn with seeds."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sweeper.errors import ConfigError
from sweeper.problems.graph import edge_weights, make_graph
from sweeper.problems.instance import LARGEST, Graph, Instance, Problem
from sweeper.problems.maxcut import LARGEST_EXACT

if TYPE_CHECKING:
    import networkx as nx


@dataclass
class Family(Problem):
    """A family of graphs with `weights` on its edges, drawn with `weight_seed`."""

    makes: ClassVar[type[Instance]] = Graph

    weights: Literal["unit", "uniform", "normal", "signs"] = field(default="unit", kw_only=True)
    weight_seed: int = field(default=0, kw_only=True)

    @abstractmethod
    def networkx_graph(self) -> nx.Graph[Any]:
        """The graph without weights, any node labels."""

    def make(self) -> Graph:
        """The graph, its nodes numbered in networkx's order.

        Raises:
            ConfigError: A random draw is empty or in several pieces.
        """
        import networkx as nx

        graph = nx.convert_node_labels_to_integers(self.networkx_graph())
        edges = sorted((min(u, v), max(u, v)) for u, v in graph.edges())
        weights = edge_weights(self.weights, len(edges), self.weight_seed)
        weighted = [(u, v, weight) for (u, v), weight in zip(edges, weights, strict=True)]
        return make_graph(graph.number_of_nodes(), weighted, f"problem={self.name}")

    def _require(self, holds: bool, keys: str, needs: str) -> None:
        if not holds:
            raise ConfigError(f"{keys} is not possible: {needs}.")
        if self.weight_seed < 0:
            raise ConfigError(f"problem.weight_seed={self.weight_seed} is not possible: 0 or more.")


@dataclass
class Ring(Family):
    """A cycle of `n` nodes."""

    name: ClassVar[str] = "ring"
    n: int = 4

    def __post_init__(self) -> None:
        self._require(3 <= self.n <= LARGEST, f"problem.n={self.n}", f"a ring needs 3 to {LARGEST} nodes")

    def networkx_graph(self) -> nx.Graph[Any]:
        """The ring."""
        import networkx as nx

        graph: nx.Graph[Any] = nx.cycle_graph(self.n)
        return graph


@dataclass
class Complete(Family):
    """All `n` nodes joined with each other."""

    name: ClassVar[str] = "complete"
    n: int = 4

    def __post_init__(self) -> None:
        needs = f"a complete graph needs 2 to {LARGEST} nodes"
        self._require(2 <= self.n <= LARGEST, f"problem.n={self.n}", needs)

    def networkx_graph(self) -> nx.Graph[Any]:
        """The complete graph."""
        import networkx as nx

        graph: nx.Graph[Any] = nx.complete_graph(self.n)
        return graph


@dataclass
class Grid(Family):
    """A lattice of `rows` times `columns` nodes, numbered row by row; `periodic` closes it to a torus."""

    name: ClassVar[str] = "grid"
    rows: int = 2
    columns: int = 3
    periodic: bool = False

    def __post_init__(self) -> None:
        keys = f"problem.rows={self.rows} problem.columns={self.columns}"
        positive = self.rows >= 1 and self.columns >= 1
        self._require(positive, keys, "a grid needs 1 or more rows and columns")
        self._require(2 <= self.rows * self.columns <= LARGEST, keys, f"a grid needs 2 to {LARGEST} nodes")
        wide = not self.periodic or min(self.rows, self.columns) >= 3
        self._require(wide, f"{keys} problem.periodic=true", "a torus needs 3 or more rows and columns")

    def networkx_graph(self) -> nx.Graph[Any]:
        """The lattice."""
        import networkx as nx

        graph: nx.Graph[Any] = nx.grid_2d_graph(self.rows, self.columns, periodic=self.periodic)
        return graph


@dataclass
class Regular(Family):
    """A random `degree`-regular graph of `n` nodes, drawn with `seed`."""

    name: ClassVar[str] = "regular"
    n: int = 8
    degree: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        possible = 1 <= self.degree < self.n <= LARGEST and self.n * self.degree % 2 == 0 and self.seed >= 0
        self._require(
            possible,
            f"problem.n={self.n} problem.degree={self.degree} problem.seed={self.seed}",
            f"a regular graph needs 1 <= degree < n <= {LARGEST}, n * degree even, and a seed of 0 or more",
        )

    def networkx_graph(self) -> nx.Graph[Any]:
        """The graph. For a large dense graph, the missing edges are drawn.

        networkx joins nodes at random until it finds a pair that is joined already, and then begins anew, so
        that it hardly ever comes to an end with nearly all pairs.
        """
        import networkx as nx

        if self.n > LARGEST_EXACT and self.degree > self.n // 2:
            sparse: nx.Graph[Any] = nx.random_regular_graph(self.n - 1 - self.degree, self.n, seed=self.seed)
            dense: nx.Graph[Any] = nx.complement(sparse)
            return dense
        graph: nx.Graph[Any] = nx.random_regular_graph(self.degree, self.n, seed=self.seed)
        return graph


@dataclass
class ErdosRenyi(Family):
    """A graph of `n` nodes in which each pair is joined with `probability`, drawn with `seed`."""

    name: ClassVar[str] = "erdos_renyi"
    n: int = 8
    probability: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        self._require(
            2 <= self.n <= LARGEST and 0 < self.probability <= 1 and self.seed >= 0,
            f"problem.n={self.n} problem.probability={self.probability} problem.seed={self.seed}",
            f"an Erdős–Rényi graph needs 2 <= n <= {LARGEST}, 0 < probability <= 1, and a seed of 0 or more",
        )

    def networkx_graph(self) -> nx.Graph[Any]:
        """The graph."""
        import networkx as nx

        graph: nx.Graph[Any] = nx.gnp_random_graph(self.n, self.probability, seed=self.seed)
        return graph
