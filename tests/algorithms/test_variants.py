"""Ansätze, QAOA variants, start points and shot allocation, by computation."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import numpy as np
import pytest
from braket.circuits import Circuit
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from algorithms.aggregation import CVaR, Gibbs, Mean
from algorithms.ansatz import ENTANGLERS, Ansatz, Excitation, HardwareEfficient, RyCnotRy, parameter_name
from algorithms.energy import Energy, share_out
from algorithms.executable import Executable
from algorithms.graph import Graph, parse_graph
from algorithms.hyperparameters import HyperparameterError
from algorithms.measurement import QuantumTasks
from algorithms.pauli import parse_hamiltonian
from algorithms.qaoa import ExpectedCut
from algorithms.start_points import START_POINTS, one_layer_more

from .test_qaoa import simulated

Tasks = Callable[..., QuantumTasks]
RNG = np.random.default_rng
# Jordan-Wigner, H2 in STO-3G at 0.7414 Å (OpenFermion's example), the electronic part.
H2_FOUR_QUBITS = """-0.81261 IIII, 0.17120 ZIII, 0.17120 IZII, -0.22280 IIZI, -0.22280 IIIZ, 0.16862 ZZII,
    0.12055 ZIZI, 0.16587 ZIIZ, 0.16587 IZZI, 0.12055 IZIZ, 0.17435 IIZZ,
    -0.04532 XXYY, 0.04532 XYYX, 0.04532 YXXY, -0.04532 YYXX"""


def cycle(n: int) -> Graph:
    return parse_graph(",".join(f"{i}-{(i + 1) % n}" for i in range(n)), n)


def prepared(ansatz: Ansatz, parameters: NDArray[np.float64]) -> Circuit:
    """The circuit with numbers."""
    inputs = {parameter_name(index): value for index, value in enumerate(parameters.tolist())}
    return Executable(ansatz.circuit(), inputs).bound().circuit


class TestAnsatz:
    @pytest.mark.parametrize(
        "ansatz",
        [
            RyCnotRy(3),
            HardwareEfficient(3, 2, "linear", ("ry",)),
            HardwareEfficient(3, 2, "ring", ("ry", "rz")),
            HardwareEfficient(3, 1, "full", ("ry", "rz")),
        ],
        ids=str,
    )
    def test_prepares_every_basis_state(self, ansatz: Ansatz) -> None:
        for number in range(8):
            bits = np.array([number >> 2 & 1, number >> 1 & 1, number & 1], dtype=np.uint8)
            state = prepared(ansatz, ansatz.basis_state(bits)).to_unitary()[:, 0]
            assert abs(state[number]) == pytest.approx(1.0)

    def test_entanglers_have_their_pairs(self) -> None:
        assert {name: len(pairs(4)) for name, pairs in ENTANGLERS.items()} == {
            "linear": 3,
            "ring": 4,
            "full": 6,
        }
        assert ENTANGLERS["ring"](2) == [(0, 1)]
        assert all(pairs(1) == [] for pairs in ENTANGLERS.values())

    @given(st.lists(st.integers(0, 1), min_size=1, max_size=4), st.floats(-6, 6))
    def test_an_excitation_mixes_a_determinant_with_its_complement(
        self, bits: list[int], angle: float
    ) -> None:
        state = prepared(Excitation(lambda: tuple(bits)), np.array([angle])).to_unitary()[:, 0]
        index = int("".join(map(str, bits)), 2)
        complement = 2 ** len(bits) - 1 - index
        assert abs(state[index]) == pytest.approx(abs(np.cos(angle / 2)), abs=1e-9)
        assert abs(state[complement]) == pytest.approx(abs(np.sin(angle / 2)), abs=1e-9)
        relative = state[complement] * np.conj(state[index])
        assert abs(relative.imag) < 1e-9  # real amplitudes

    def test_one_parameter_reaches_the_ground_state_on_four_qubits_too(self, exact: QuantumTasks) -> None:
        hamiltonian = parse_hamiltonian(H2_FOUR_QUBITS)
        determinant = hamiltonian.lowest_basis_state()
        assert determinant.tolist() == [1, 1, 0, 0]
        energy = Energy(hamiltonian, 0.0, Excitation(lambda: tuple(determinant.tolist())))
        found = minimize_scalar(lambda t: energy.estimate(np.array([t]), exact).value, (0.0, 0.5), tol=1e-6)
        # The full-CI electronic energy at 0.7414 Å.
        assert found.fun == pytest.approx(-1.8510, abs=2e-4)


class TestAggregation:
    VALUES = np.array([1.0, 3.0, 2.0])
    FREQUENCIES = np.array([0.5, 0.2, 0.3])

    def test_by_hand(self) -> None:
        assert Mean()(self.VALUES, self.FREQUENCIES) == pytest.approx(1.7)
        assert CVaR(0.2)(self.VALUES, self.FREQUENCIES) == pytest.approx(3.0)
        assert CVaR(0.4)(self.VALUES, self.FREQUENCIES) == pytest.approx((0.2 * 3 + 0.2 * 2) / 0.4)
        expected = np.log(0.5 * np.exp(1) + 0.2 * np.exp(3) + 0.3 * np.exp(2))
        assert Gibbs(1.0)(self.VALUES, self.FREQUENCIES) == pytest.approx(expected)

    @given(st.lists(st.tuples(st.floats(-9, 9), st.integers(1, 9)), min_size=1, max_size=9))
    def test_limits_are_the_mean_and_the_largest(self, sample: list[tuple[float, int]]) -> None:
        values = np.array([value for value, _ in sample])
        frequencies = np.array([count for _, count in sample]) / sum(count for _, count in sample)
        mean = Mean()(values, frequencies)
        assert CVaR(1.0)(values, frequencies) == pytest.approx(mean, abs=1e-9)
        assert CVaR(1e-6)(values, frequencies) == pytest.approx(values.max(), abs=1e-9)
        assert Gibbs(1e-7)(values, frequencies) == pytest.approx(mean, abs=1e-4)
        assert Gibbs(1000.0)(values, frequencies) == pytest.approx(values.max(), abs=0.01)

    def test_the_reported_value_stays_the_expected_cut(self, exact: QuantumTasks) -> None:
        point = np.array([0.7, 0.4])
        plain = ExpectedCut(cycle(4), 1).estimate(point, exact)
        cvar = ExpectedCut(cycle(4), 1, aggregation=CVaR(0.25)).estimate(point, exact)
        assert cvar.value == plain.value
        assert plain.optimised == plain.value
        assert cvar.optimised > plain.value


class TestMultiAngle:
    def test_with_equal_angles_is_the_standard_circuit(self, exact: QuantumTasks) -> None:
        graph = parse_graph("0-1:0.5,1-2:1.5,2-3:-1,0-2:2", 4)
        angles = RNG(0).uniform(-2, 2, 4)
        multi = ExpectedCut(graph, 2, multi_angle=True)
        assert multi.parameters == 2 * (4 + 4)
        standard = ExpectedCut(graph, 2).estimate(angles, exact).value
        assert multi.estimate(multi.spread(angles), exact).value == pytest.approx(standard, abs=1e-12)

    def test_beats_the_standard_on_a_star(self, exact: QuantumTasks) -> None:
        """A tree is cut whole by one layer of multi-angle QAOA (Herrman et al. 2022)."""
        star = parse_graph("0-1,0-2,0-3", 4)
        cost = ExpectedCut(star, 1, multi_angle=True)
        # gamma = π/2 on all edges; beta = π/4 on the leaves, none at the centre.
        point = np.array([*[np.pi / 2] * 3, 0.0, *[np.pi / 4] * 3])
        assert cost.estimate(point, exact).value == pytest.approx(3.0)


class TestStartPoints:
    @pytest.mark.parametrize("depth", range(1, 4))
    def test_fixed_angles_have_their_ratio_on_graphs_of_large_girth(
        self, exact: QuantumTasks, depth: int
    ) -> None:
        """Wurtz and Lykov (2021): exact for girth > 2p + 1, on bipartite graphs also the ratio to MaxCut."""
        graphs = {1: nx.cubical_graph(), 2: nx.heawood_graph(), 3: nx.heawood_graph()}
        made = nx.convert_node_labels_to_integers(graphs[depth])
        graph = parse_graph(",".join(f"{u}-{v}" for u, v in made.edges()), made.number_of_nodes())
        value = ExpectedCut(graph, depth).estimate(START_POINTS["fixed"](graph, depth, RNG(0)), exact).value
        ratio = value / len(graph.edges)
        if nx.girth(made) > 2 * depth + 1:
            assert ratio == pytest.approx({1: 0.692450, 2: 0.755906}[depth], abs=2e-5)
        else:
            assert ratio >= 0.792398  # a bound beyond that girth

    @pytest.mark.parametrize("degree", [2, 4])
    def test_fixed_angles_at_depth_one_for_any_degree(self, exact: QuantumTasks, degree: int) -> None:
        made = nx.cycle_graph(6) if degree == 2 else nx.complete_bipartite_graph(4, 4)
        graph = parse_graph(",".join(f"{u}-{v}" for u, v in made.edges()), made.number_of_nodes())
        value = ExpectedCut(graph, 1).estimate(START_POINTS["fixed"](graph, 1, RNG(0)), exact).value
        expected = 0.5 + (1 - 1 / degree) ** ((degree - 1) / 2) / (2 * np.sqrt(degree))
        assert value / len(graph.edges) == pytest.approx(expected, abs=1e-9)
        assert expected == pytest.approx({2: 0.75, 4: 0.66238}[degree], abs=1e-5)

    def test_fixed_angles_are_refused_where_there_are_none(self) -> None:
        for graph, depth in (
            (parse_graph("0-1,1-2", 3), 1),
            (parse_graph("0-1:2,1-2:2,2-0:2", 3), 1),
            (cycle(4), 2),
        ):
            with pytest.raises(HyperparameterError, match="initial_point=fixed has"):
                START_POINTS["fixed"](graph, depth, RNG(0))

    def test_interpolation_keeps_a_straight_schedule_straight(self) -> None:
        """INTERP of a linear schedule through zero at either end is the finer linear schedule's shape."""
        assert one_layer_more(np.array([0.5, 0.3])).tolist() == [0.5, 0.5, 0.3, 0.3]
        gammas, betas = np.split(one_layer_more(np.array([0.2, 0.4, 0.6, 0.3])), 2)
        assert gammas == pytest.approx([0.2, 0.3, 0.4])
        assert betas == pytest.approx([0.6, 0.45, 0.3])

    def test_ring_ratios_are_reached(self, exact: QuantumTasks) -> None:
        """(2p + 1) / (2p + 2) on rings of 2p + 2 nodes and more; here p = 2 on six nodes, from the ramp."""
        start = START_POINTS["ramp"](cycle(6), 2, RNG(0))
        found = minimize(lambda x: -simulated(cycle(6), x), start, method="BFGS", tol=1e-7)
        assert ExpectedCut(cycle(6), 2).estimate(found.x, exact).value / 6 == pytest.approx(5 / 6, abs=1e-6)


class TestShotNoise:
    """H2 at its optimum; the tutorial measures four terms in four circuits."""

    @pytest.fixture
    def at_optimum(self, h2_text: str) -> Callable[..., Energy]:
        def make(**options: str) -> Energy:
            return Energy(parse_hamiltonian(h2_text), 0.71996899, Excitation(lambda: (0, 1)), **options)

        return make

    OPTIMUM = np.array([-0.2235])

    @pytest.mark.parametrize(("grouping", "circuits"), [("separate", 4), ("qubit_wise", 2)])
    def test_falls_with_the_root_of_the_shots(
        self, at_optimum: Callable[..., Energy], tasks_with: Tasks, grouping: str, circuits: int
    ) -> None:
        """stderr √shots (shots of each circuit) is 0.2160 Ha with four circuits, and 0.2495 Ha with two.

        In the states cos |01⟩ + sin |10⟩ IZ = -ZI: measured together their errors add up. But two circuits
        need half the shots: for the same total 0.432 against 0.353, so grouping saves a third of the shots.
        The estimate of the error from 20 000 shots scatters by about 1.5 %.
        """
        sine = float(np.sin(self.OPTIMUM[0]))
        z, x = 0.39793742**2 * sine**2, 0.18093120**2 * (1 - sine**2)
        constant = np.sqrt((2 * z if grouping == "separate" else 4 * z) + x)
        assert constant == pytest.approx({"separate": 0.2160, "qubit_wise": 0.2495}[grouping], abs=2e-4)

        tasks = tasks_with(5000)
        energy = at_optimum(grouping=grouping)
        estimates = [energy.estimate(self.OPTIMUM, tasks) for _ in range(4)]
        assert tasks.count == 4 * circuits
        stderr = np.mean([estimate.stderr for estimate in estimates])
        assert stderr * np.sqrt(5000) == pytest.approx(constant, rel=0.07)

    def test_sharing_out_keeps_the_total(self, at_optimum: Callable[..., Energy], tasks_with: Tasks) -> None:
        tasks = tasks_with(1000)
        at_optimum(grouping="separate", allocation="weighted").estimate(self.OPTIMUM, tasks)
        assert (tasks.count, tasks.shots_total) == (4, 4000)

    @given(st.integers(1, 10_000), st.lists(st.floats(0, 10), min_size=1, max_size=8))
    def test_shares_are_whole_positive_and_add_up(self, total: int, weights: list[float]) -> None:
        shares = share_out(total, weights)
        assert sum(shares) == max(total, len(weights))
        assert min(shares) >= 1
