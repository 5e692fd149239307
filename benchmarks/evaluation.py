"""How long one evaluation of a cost function takes: on Braket's LocalSimulator, on ours, and in bare qulacs.

An evaluation is what an optimizer waits for: from parameters to an energy or an expected cut, with 1000 shots of
each circuit. The first two run the jobs' own cost functions; bare qulacs is what one writes by hand for the same
number: a circuit built once with the same gates, its parameters set, its state sampled, the samples summed up.
The three take turns in one process with one thread, as jobs have. What counts is processor time, so that other
work of the machine has little influence, and the least of each makes the ratios.

    python -m benchmarks.evaluation [rounds]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

for _limit in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_limit, "1")  # before qulacs and numpy are loaded

import networkx as nx
import numpy as np
import qulacs
from numpy.typing import NDArray

from algorithms.ansatz.ry_cnot_ry import RyCnotRy
from algorithms.devices import open_device
from algorithms.energy import Energy
from algorithms.expectation import Expectation
from algorithms.graph import Graph
from algorithms.measurement import QuantumTasks
from algorithms.pauli import parse_hamiltonian
from algorithms.qaoa import ExpectedCut
from benchmarks.environment import environment

SHOTS = 1000
H2 = "-1.05237325 II, 0.39793742 IZ, -0.39793742 ZI, -0.01128010 ZZ, 0.18093120 XX"
E_NUC = 0.71996899
SIZES = (8, 12, 16, 20)
Evaluate = Callable[[NDArray[np.float64]], float]


@dataclass(frozen=True)
class Row:
    """Seconds of one evaluation: the least and the median of the rounds."""

    problem: str
    local_simulator: tuple[float, float]
    ours: tuple[float, float]
    bare_qulacs: tuple[float, float]

    @property
    def speedup(self) -> float:
        """LocalSimulator's time over ours."""
        return self.local_simulator[0] / self.ours[0]

    @property
    def overhead(self) -> float:
        """Our time over bare qulacs'."""
        return self.ours[0] / self.bare_qulacs[0]


def measure(rounds: int = 15) -> list[Row]:
    """VQE of H2, and QAOA of depth 1 on 3-regular graphs."""
    rows = []
    for problem, make, bare in [
        ("VQE H2", h2, bare_h2),
        *((f"QAOA p=1, n={n}", maxcut(n), bare_maxcut(n)) for n in SIZES),
    ]:
        rivals = [on("local:braket/braket_sv", make()), on("local:braket/default", make()), bare()]
        point = np.random.default_rng(1).uniform(0.1, 1.0, make().parameters)
        agree(rivals, point)
        times = take_turns(rivals, point, rounds)
        rows.append(Row(problem, *((min(of_one), median(of_one)) for of_one in times)))
    return rows


def on(device: str, cost: Expectation) -> Evaluate:
    """The cost function on a device, from parameters to the value."""
    tasks = QuantumTasks(open_device(device, np.random.default_rng(0)).device, SHOTS, name=device)
    return lambda point: cost.estimate(point, tasks).value


def h2() -> Expectation:
    return Energy(parse_hamiltonian(H2), E_NUC, RyCnotRy(2))


def graph(nodes: int) -> Graph:
    edges = tuple(nx.random_regular_graph(3, nodes, seed=1).edges())
    return Graph(nodes, edges, (1.0,) * len(edges))


def maxcut(nodes: int) -> Callable[[], Expectation]:
    return lambda: ExpectedCut(graph(nodes), 1)


def bare_h2() -> Evaluate:
    circuits = []
    for basis in "ZX":
        circuit = qulacs.ParametricQuantumCircuit(2)
        circuit.add_parametric_RY_gate(0, 0.0)
        circuit.add_parametric_RY_gate(1, 0.0)
        circuit.add_CNOT_gate(0, 1)
        circuit.add_parametric_RY_gate(0, 0.0)
        circuit.add_parametric_RY_gate(1, 0.0)
        if basis == "X":
            circuit.add_H_gate(0)
            circuit.add_H_gate(1)
        circuits.append(circuit)
    state, rng = qulacs.QuantumState(2), np.random.default_rng(0)
    first, second = 1.0 - 2.0 * (np.arange(4) & 1), 1.0 - 2.0 * (np.arange(4) >> 1)
    in_z = 0.39793742 * (second - first) - 0.01128010 * first * second
    in_x = 0.18093120 * first * second

    def evaluate(point: NDArray[np.float64]) -> float:
        energy = E_NUC - 1.05237325
        for circuit, values in zip(circuits, (in_z, in_x), strict=True):
            for index, angle in enumerate(point.tolist()):
                circuit.set_parameter(index, -angle)
            state.set_zero_state()
            circuit.update_quantum_state(state)
            samples = state.sampling(SHOTS, int(rng.integers(2**31)))
            energy += float(values[samples].mean())
        return energy

    return evaluate


def bare_maxcut(nodes: int) -> Callable[[], Evaluate]:
    edges = graph(nodes).edges

    def make() -> Evaluate:
        circuit = qulacs.ParametricQuantumCircuit(nodes)
        for node in range(nodes):
            circuit.add_H_gate(node)
        for u, v in edges:
            circuit.add_CNOT_gate(u, v)
            circuit.add_parametric_RZ_gate(v, 0.0)
            circuit.add_CNOT_gate(u, v)
        for node in range(nodes):
            circuit.add_parametric_RX_gate(node, 0.0)
        state, rng = qulacs.QuantumState(nodes), np.random.default_rng(0)
        heads, tails = np.array(edges).T[:, :, np.newaxis]

        def evaluate(point: NDArray[np.float64]) -> float:
            gamma, beta = point.tolist()
            for index in range(len(edges)):
                circuit.set_parameter(index, gamma)
            for index in range(len(edges), len(edges) + nodes):
                circuit.set_parameter(index, -2.0 * beta)
            state.set_zero_state()
            circuit.update_quantum_state(state)
            samples = np.array(state.sampling(SHOTS, int(rng.integers(2**31))))
            return float(((samples >> heads ^ samples >> tails) & 1).sum() / SHOTS)

        return evaluate

    return make


def agree(rivals: list[Evaluate], point: NDArray[np.float64]) -> None:
    """Refuse to time what does not compute the same: means of 5 evaluations within a tenth of the scale of 1."""
    means = [np.mean([rival(point) for _ in range(5)]) for rival in rivals]
    if max(means) - min(means) > 0.05 * max(1.0, abs(means[0])):
        sys.exit(f"The rivals disagree: {means}.")


def take_turns(rivals: list[Evaluate], point: NDArray[np.float64], rounds: int) -> list[list[float]]:
    """Seconds of one evaluation of each in each round, in which each fills about 20 ms."""
    repeats = [max(1, round(0.02 / timed(rival, point, 3))) for rival in rivals]
    times: list[list[float]] = [[] for _ in rivals]
    for _ in range(rounds):
        for of_one, rival, repeat in zip(times, rivals, repeats, strict=True):
            of_one.append(timed(rival, point, repeat))
    return times


def timed(evaluate: Evaluate, point: NDArray[np.float64], repeats: int) -> float:
    begun = time.process_time()
    for _ in range(repeats):
        evaluate(point)
    return (time.process_time() - begun) / repeats


def main() -> None:
    """Print a Markdown table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    rows = measure(rounds)
    print(
        f"One evaluation with {SHOTS} shots a circuit, ms of processor time: least (median) of {rounds} rounds; {environment()}.\n"
    )
    print("| problem | LocalSimulator | ours | bare qulacs | LocalSimulator / ours | ours / bare |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        cells = [
            f"{least * 1e3:.3g} ({typical * 1e3:.3g})"
            for least, typical in (row.local_simulator, row.ours, row.bare_qulacs)
        ]
        print(f"| {row.problem} | {' | '.join(cells)} | {row.speedup:.3g} | {row.overhead:.2f} |")


if __name__ == "__main__":
    main()
