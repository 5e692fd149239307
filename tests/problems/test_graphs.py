"""Graphs as problems: families, files, and the exact cut beside them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sweeper.errors import ConfigError
from sweeper.problems import Graph, Problem
from sweeper.problems.graph_families import Complete, ErdosRenyi, Grid, Regular, Ring
from sweeper.problems.graph_given import EdgeList, GraphFile
from sweeper.problems.maxcut import LARGEST_EXACT, maximum_cut


def graph_of(problem: Problem) -> Graph:
    instance = problem.instance()
    assert isinstance(instance, Graph)
    return instance


class TestFamilies:
    @pytest.mark.parametrize(
        ("problem", "nodes", "edges", "cut"),
        [
            (Ring(5), 5, 5, 4.0),
            (Complete(5), 5, 10, 6.0),
            (Complete(2), 2, 1, 1.0),
            (Grid(2, 3), 6, 7, 7.0),
            (Grid(3, 3, periodic=True), 9, 18, 12.0),
            (Grid(1, 2), 2, 1, 1.0),
            (Regular(8, 3), 8, 12, 10.0),
        ],
    )
    def test_have_their_nodes_edges_and_cut(
        self, problem: Problem, nodes: int, edges: int, cut: float
    ) -> None:
        graph = graph_of(problem)
        assert (graph.nodes, len(graph.edges), graph.weights, graph.reference) == (nodes, edges, None, cut)

    @given(st.integers(4, 12), st.integers(2, 4), st.integers(0, 5))
    def test_regular_graphs_are_regular(self, n: int, degree: int, seed: int) -> None:
        assume(degree < n and n * degree % 2 == 0)
        try:
            graph = graph_of(Regular(n, degree, seed))
        except ConfigError:
            assume(False)  # in several pieces
        assert {d for _, d in nx.Graph(graph.edges).degree()} == {degree}

    @pytest.mark.parametrize(("n", "degree"), [(25, 24), (60, 58), (60, 31), (300, 298)])
    def test_large_dense_regular_graphs_are_found_too(self, n: int, degree: int) -> None:
        graph = graph_of(Regular(n, degree, seed=1))
        assert {d for _, d in nx.Graph(graph.edges).degree()} == {degree}
        assert len(graph.edges) == n * degree // 2

    @pytest.mark.parametrize(
        "make",
        [
            lambda: Ring(10**9),
            lambda: Complete(10**9),
            lambda: Grid(10**9, 10**9),
            lambda: Grid(10**9, 1),
            lambda: Regular(10**9, 3),
            lambda: ErdosRenyi(10**9, 0.5),
        ],
    )
    def test_are_refused_before_they_are_made_if_they_are_huge(self, make: Callable[[], Problem]) -> None:
        with pytest.raises(ConfigError, match=r"is not possible: .*1000"):
            make()

    def test_depend_on_their_seed_alone(self) -> None:
        assert Regular(10, 3, seed=1).instance() == Regular(10, 3, seed=1).instance()
        assert Regular(10, 3, seed=1).instance() != Regular(10, 3, seed=2).instance()
        assert ErdosRenyi(8, 0.6, seed=1).instance() != ErdosRenyi(8, 0.6, seed=2).instance()

    @pytest.mark.parametrize("kind", ["uniform", "normal", "signs"])
    def test_are_weighted_with_a_seed_of_their_own(self, kind: str) -> None:
        one, again, two = (graph_of(Ring(6, weights=kind, weight_seed=seed)) for seed in (0, 0, 1))
        assert one == again
        assert one.edges == two.edges
        assert one.weights is not None
        assert one.weights != two.weights
        allowed = {"uniform": (0.01, 1.0), "signs": (-1.0, 1.0), "normal": (-9.0, 9.0)}[kind]
        assert all(allowed[0] <= weight <= allowed[1] for weight in one.weights)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Ring(2), "problem.n=2 is not possible: a ring needs 3"),
            (lambda: Complete(1), "a complete graph needs 2"),
            (lambda: Grid(0, 3), "a grid needs 1 or more"),
            (lambda: Grid(1, 1), "a grid needs 2"),
            (lambda: Grid(2, 3, periodic=True), "a torus needs 3"),
            (lambda: Regular(5, 3), "n \\* degree even"),
            (lambda: Regular(4, 4), "1 <= degree < n"),
            (lambda: Regular(4, 0), "1 <= degree < n"),
            (lambda: Regular(4, 3, seed=-1), "a seed of 0 or more"),
            (lambda: ErdosRenyi(8, 1.5), "0 < probability <= 1"),
            (lambda: ErdosRenyi(8, float("nan")), "0 < probability <= 1"),
            (lambda: Ring(4, weight_seed=-1), "problem.weight_seed=-1"),
            (lambda: Regular(6, 1).instance(), "falls into 3 pieces"),
            (lambda: ErdosRenyi(8, 0.25, seed=0).instance(), "pieces .* choose another seed"),
            (lambda: ErdosRenyi(3, 0.001).instance(), "no edges, so there is nothing to cut"),
        ],
    )
    def test_refuse_what_cannot_exist(self, make: object, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            make()  # type: ignore[operator]


class TestMaximumCut:
    @given(st.integers(2, 7), st.data())
    def test_is_the_best_of_all_partitions(self, nodes: int, data: st.DataObject) -> None:
        pairs = [(u, v) for v in range(nodes) for u in range(v)]
        edges = tuple(sorted(data.draw(st.sets(st.sampled_from(pairs), min_size=1))))
        weights = tuple(data.draw(st.lists(st.integers(-5, 5), min_size=len(edges), max_size=len(edges))))
        best = max(
            sum(w for (u, v), w in zip(edges, weights, strict=True) if side[u] != side[v])
            for side in product((0, 1), repeat=nodes)
        )
        assert maximum_cut(nodes, edges, tuple(map(float, weights))) == best

    def test_beyond_enumeration_is_known_for_two_colours_only(self) -> None:
        n = LARGEST_EXACT + 2
        assert graph_of(Ring(n)).reference == n
        assert graph_of(Grid(6, 6)).reference == 60.0
        assert graph_of(Ring(n + 1)).reference is None
        assert graph_of(Ring(n, weights="signs")).reference is None


class TestGiven:
    def test_edge_list_and_file_agree(self, tmp_path: Path) -> None:
        (tmp_path / "g.txt").write_text("# a comment\n0 1\n\n2 1 0.5  # weighted\n")
        graph = graph_of(EdgeList(edges="0-1,1-2:0.5"))
        assert graph == graph_of(GraphFile(path=str(tmp_path / "g.txt")))
        assert graph == Graph(3, ((0, 1), (1, 2)), (1.0, 0.5), 1.5)

    def test_best_known_stands_in_for_an_unknown_cut_only(self) -> None:
        ring = ",".join(f"{i}-{(i + 1) % 27}" for i in range(27))
        assert graph_of(EdgeList(edges=ring)).reference is None
        assert graph_of(EdgeList(edges=ring, best_known=26.0)).reference == 26.0
        assert graph_of(EdgeList(edges="0-1,1-2,2-0", best_known=1.0)).reference == 2.0
        with pytest.raises(ConfigError, match=r"problem\.best_known=3 is not possible: the maximum cut is 2"):
            EdgeList(edges="0-1,1-2,2-0", best_known=3.0).instance()

    def test_typed_edges_count_from_zero_or_one(self) -> None:
        assert EdgeList(edges="1-2,2-3,1-3").instance() == EdgeList(edges="0-1,1-2,0-2").instance()

    @pytest.mark.parametrize(
        ("edges", "message"),
        [
            ("", "no edges"),
            ("0-0", "joins a node with itself"),
            ("0-1,1-0", "given twice"),
            ("0-1,2-3", "falls into 2 pieces .*node 0 with node 2"),
            ("0-1,1-3", "falls into pieces: no edge has the node 2, though one has 3"),
            ("2-3,3-4", "no edge has the node 1"),
            ("0-1000000000", "no edge has the node 1, though one has 1000000000"),
            ("0-1:1_000", "is not an edge"),
            ("0-1:nan", "is not an edge"),
            ("0_1", "is not an edge"),
            ("0-1-2", "is not an edge"),
        ],
    )
    def test_refuses_what_is_no_graph(self, edges: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            EdgeList(edges=edges).instance()
