"""The problem instances, against independent diagonalisation and enumeration."""

from __future__ import annotations

from functools import reduce
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import ConfigError
from sweeper.problems import PROBLEMS, Graph, Hamiltonian, options_making
from sweeper.problems.graph_families import ErdosRenyi, Regular, Ring
from sweeper.problems.graph_given import EdgeList, GraphFile
from sweeper.problems.h2 import H2
from sweeper.problems.maxcut import LARGEST_EXACT, maximum_cut

PAULIS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Z": np.diag([1, -1]),
}
H2_TABLE = {
    # Bond length (Å): nuclear repulsion, electronic ground-state energy, total full-CI energy (Ha).
    0.50: (1.05835442, -2.11351422, -1.05515979),
    0.70: (0.75596744, -1.89215690, -1.13618945),
    0.735: (0.71996899, -1.85727503, -1.13730604),
    0.75: (0.70556961, -1.84268668, -1.13711707),
    1.00: (0.52917721, -1.63032754, -1.10115033),
    2.00: (0.26458861, -1.21322972, -0.94864111),
}
BOHR_IN_ANGSTROM = 0.529177210903


def ground_state_energy(hamiltonian: Hamiltonian) -> float:
    matrix = sum(
        coefficient * reduce(np.kron, [PAULIS[letter] for letter in paulis])
        for coefficient, paulis in hamiltonian.terms
    )
    return float(np.linalg.eigvalsh(matrix)[0])


class TestH2:
    @pytest.mark.parametrize("bond_length", H2_TABLE)
    def test_its_terms_have_the_exact_ground_state_energy(self, bond_length: float) -> None:
        repulsion, electronic, total = H2_TABLE[bond_length]
        hamiltonian = H2(bond_length).instance()
        assert ground_state_energy(hamiltonian) == pytest.approx(electronic, abs=1e-7)
        assert hamiltonian.nuclear_repulsion == pytest.approx(repulsion, abs=1e-8)
        assert ground_state_energy(hamiltonian) + repulsion == pytest.approx(total, abs=1e-7)
        assert hamiltonian.reference == pytest.approx(total, abs=1e-8)

    @pytest.mark.parametrize("bond_length", H2_TABLE)
    def test_the_nuclei_repel_as_one_over_the_distance(self, bond_length: float) -> None:
        repulsion = BOHR_IN_ANGSTROM / bond_length
        assert H2(bond_length).instance().nuclear_repulsion == pytest.approx(repulsion, abs=1e-7)

    def test_another_bond_length_is_refused_with_the_possible_ones(self) -> None:
        with pytest.raises(ConfigError, match=r"problem\.bond_length=0\.905"):
            H2(0.905).instance()

    def test_it_travels_with_its_repulsion_and_reference(self) -> None:
        assert set(H2().instance().hyperparameters()) == {"hamiltonian", "nuclear_repulsion", "reference"}


def as_networkx(graph: Graph) -> nx.Graph:
    made = nx.Graph()
    made.add_nodes_from(range(graph.nodes))
    made.add_edges_from(graph.edges)
    return made


class TestGraphFamilies:
    @pytest.mark.parametrize(("n", "cut"), [(3, 2), (4, 4), (5, 4), (8, 8), (9, 8), (12, 12)])
    def test_a_ring_is_cut_everywhere_but_once_if_it_is_odd(self, n: int, cut: int) -> None:
        ring = Ring(n).instance()
        assert nx.is_isomorphic(as_networkx(ring), nx.cycle_graph(n))
        assert (ring.reference, ring.weights) == (cut, None)

    @pytest.mark.parametrize(("n", "degree"), [(2, 1), (4, 3), (8, 3), (10, 4), (7, 2)])
    def test_every_node_of_a_regular_graph_has_the_degree(self, n: int, degree: int) -> None:
        graph = Regular(n, degree).instance()
        assert graph.nodes == n
        assert dict(as_networkx(graph).degree()) == dict.fromkeys(range(n), degree)

    def test_the_seed_decides_the_graph(self) -> None:
        for family in (Regular, ErdosRenyi):
            graphs = [family(n=10, seed=seed).instance() for seed in (1, 1, 2)]
            assert graphs[0] == graphs[1] != graphs[2]

    def test_with_probability_one_all_pairs_are_joined(self) -> None:
        graph = ErdosRenyi(n=5, probability=1.0).instance()
        assert graph.edges == tuple(combinations(range(5), 2))
        assert graph.reference == 6

    def test_a_graph_in_pieces_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="falls into 5 pieces"):
            ErdosRenyi(n=9, probability=0.1, seed=3).instance()

    @pytest.mark.parametrize("make", [lambda: Ring(6), lambda: Regular(8, 3), lambda: ErdosRenyi(8, 0.5)])
    def test_each_pair_is_named_once_the_smaller_node_first_in_order(self, make: type) -> None:
        edges = make().instance().edges
        assert all(u < v for u, v in edges)
        assert list(edges) == sorted(set(edges))

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Ring(2), r"problem\.n=2 is not possible: a ring needs 3 to"),
            (lambda: Regular(4, 4), r"problem\.n=4 problem\.degree=4 .*not possible.*1 <= degree < n"),
            (lambda: Regular(5, 3), r"problem\.n=5 problem\.degree=3 .*not possible.*n \* degree even"),
            (lambda: Regular(4, 0), r"problem\.degree=0"),
            (lambda: ErdosRenyi(1), r"problem\.n=1 .*2 <= n"),
            (lambda: ErdosRenyi(4, 0.0), r"problem\.probability=0\.0 .*not possible"),
            (lambda: ErdosRenyi(4, 1.1), r"problem\.probability=1\.1 .*not possible"),
            (lambda: ErdosRenyi(4, float("nan")), r"problem\.probability=nan .*not possible"),
            (lambda: ErdosRenyi(2, 1e-9, 7).instance(), r"problem=erdos_renyi: .*no edges"),
        ],
    )
    def test_an_impossible_graph_is_refused_with_its_keys(self, make: type, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            make()


class TestEdgesGiven:
    def test_edges_are_read_with_their_weights(self) -> None:
        graph = EdgeList("2-1:0.5, 0-1,3-0:-2e1,").instance()
        assert graph.nodes == 4
        assert graph.edges == ((0, 1), (0, 3), (1, 2))
        assert graph.weights == (1.0, -20.0, 0.5)

    def test_weights_of_one_are_no_weights(self) -> None:
        assert EdgeList("0-1:1,1-2:1.0").instance() == EdgeList("0-1,1-2").instance()

    def test_a_file_and_a_list_make_the_same_graph(self, tmp_path: Path) -> None:
        file = tmp_path / "graph.txt"
        file.write_text("# u v weight\n0 1\n\n1\t2  0.5  # the light one\n 3 2 3\n")
        assert GraphFile(str(file)).instance() == EdgeList("0-1,1-2:0.5,2-3:3").instance()

    @pytest.mark.parametrize(
        ("edges", "message"),
        [
            ("0-0", "the edge 0-0 joins a node with itself"),
            ("0-1,1-0", "the edge 0-1 is given twice"),
            ("", "the graph has no edges"),
            (" , ", "the graph has no edges"),
            ("0", "'0' is not an edge: write u-v or u-v:weight, as in 0-1:0.5"),
            ("0-1-2", "'0-1-2' is not an edge"),
            ("a-b", "'a-b' is not an edge"),
            ("-1-2", "'-1-2' is not an edge"),
            ("0.5-1", "'0.5-1' is not an edge"),
            ("0-1:heavy", "'0-1:heavy' is not an edge"),
            ("0-1:", "'0-1:' is not an edge"),
            ("0-1:nan", "'0-1:nan' is not an edge"),
            ("0-1:inf", "'0-1:inf' is not an edge"),
        ],
    )
    def test_wrong_edges_are_refused_with_the_key(self, edges: str, message: str) -> None:
        with pytest.raises(ConfigError) as refusal:
            EdgeList(edges).instance()
        assert str(refusal.value).startswith("problem.edges: ")
        assert message in str(refusal.value)

    @pytest.mark.parametrize("line", ["0", "0 1 2 3", "0 b", "0 1 nan", "-1 2"])
    def test_a_wrong_line_of_a_file_is_named(self, tmp_path: Path, line: str) -> None:
        file = tmp_path / "graph.txt"
        file.write_text(f"0 1\n{line}\n")
        with pytest.raises(ConfigError, match=r"problem\.path=.*graph\.txt, line 2: .* is not an edge"):
            GraphFile(str(file)).instance()

    @pytest.mark.parametrize("content", [b"", b"# nothing but a comment\n"])
    def test_a_file_without_edges_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "graph.txt").write_bytes(content)
        with pytest.raises(ConfigError, match=r"problem\.path=.*: the graph has no edges"):
            GraphFile(str(tmp_path / "graph.txt")).instance()

    def test_a_file_that_cannot_be_read_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
        for path in (tmp_path / "missing.txt", tmp_path, tmp_path / "binary"):
            with pytest.raises(ConfigError, match=r"problem\.path=.*: the graph file cannot be read"):
                GraphFile(str(path)).instance()


@st.composite
def weighted_graphs(draw: st.DrawFn) -> Graph:
    nodes = draw(st.integers(2, 7))
    pairs = list(combinations(range(nodes), 2))
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1))
    weight = st.floats(-4, 4).map(lambda number: round(number, 3))
    weights = draw(st.none() | st.lists(weight, min_size=len(edges), max_size=len(edges)))
    return Graph(nodes, tuple(edges), None if weights is None else tuple(weights), None)


class TestMaximumCut:
    @given(weighted_graphs())
    def test_no_set_of_nodes_has_a_heavier_cut(self, graph: Graph) -> None:
        oracle = nx.Graph()
        weights = graph.weights or (1.0,) * len(graph.edges)
        oracle.add_weighted_edges_from((u, v, w) for (u, v), w in zip(graph.edges, weights, strict=True))
        heaviest = max(
            nx.cut_size(oracle, side, weight="weight")
            for size in range(len(oracle) + 1)
            for side in combinations(oracle, size)
        )
        assert maximum_cut(graph.nodes, graph.edges, graph.weights) == pytest.approx(heaviest, abs=1e-9)

    def test_edges_of_negative_weight_are_best_not_cut(self) -> None:
        assert maximum_cut(3, ((0, 1), (1, 2)), (-1.0, -2.0)) == 0.0

    def test_the_petersen_graph(self) -> None:
        assert maximum_cut(10, tuple(nx.petersen_graph().edges), None) == 12

    def test_of_a_large_graph_it_is_unknown(self) -> None:
        graph = Ring(LARGEST_EXACT + 1).instance()
        assert graph.reference is None
        assert len(graph.edges) == LARGEST_EXACT + 1


def test_every_option_says_what_it_makes() -> None:
    assert options_making(Hamiltonian) == ["h2", "h2_tutorial", "pauli"]
    families = ["ring", "complete", "grid", "regular", "erdos_renyi"]
    assert options_making(Graph) == [*families, "edge_list", "graph_file"]
    assert set(PROBLEMS) == {*options_making(Hamiltonian), *options_making(Graph)}
