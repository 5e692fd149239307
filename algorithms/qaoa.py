"""The quantum approximate optimisation algorithm for MaxCut (Farhi, Goldstone and Gutmann 2014).

Convention: cost `C = Σ w_uv (1 - Z_u Z_v) / 2`, layers `exp(-i gamma C)` and `exp(-i beta Σ X)`, start
state |+⟩ on every qubit. Parameters are gamma_1 … gamma_p, beta_1 … beta_p in rad.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from braket.circuits import Circuit
from numpy.typing import NDArray

from algorithms.graph import Graph
from algorithms.measurement import Estimate, Outcomes, QuantumTasks, all_bit_strings


@dataclass(frozen=True)
class Cut:
    """A way to cut the graph in two.

    Attributes:
        value: Total weight of the edges cut.
        bitstring: The side of each node, node 0 first.
    """

    value: float
    bitstring: str


class ExpectedCut:
    """Estimates the expected cut of the QAOA state, and remembers the best cut it has seen.

    Args:
        graph: What is to be cut.
        depth: Number of layers, the literature's p.
    """

    metric = "expected_cut"
    sign = -1.0  # an optimizer minimises

    def __init__(self, graph: Graph, depth: int) -> None:
        self._graph = graph
        self._depth = depth
        self.best_cut: Cut | None = None
        """The largest cut sampled so far; with exact probabilities, the last state's most probable one.

        A cut is a solution whose value anybody can check, so the largest of many does not flatter.
        """

    def circuits(self, parameters: NDArray[np.float64]) -> list[Circuit]:
        """The one circuit; `parameters` has shape (2 * depth,)."""
        gammas, betas = np.split(parameters, 2)
        nodes = range(self._graph.nodes)
        circuit = Circuit().h(nodes)
        for gamma, beta in zip(gammas, betas, strict=True):
            for (u, v), weight in zip(self._graph.edges, self._graph.weights, strict=True):
                # exp(-i gamma w (1 - ZZ) / 2) from gates every device has; rz(t) is exp(-i t Z / 2).
                circuit.cnot(u, v).rz(v, float(-gamma * weight)).cnot(u, v)
            circuit.rx(nodes, float(2.0 * beta))
        return [circuit]

    def estimate(self, parameters: NDArray[np.float64], tasks: QuantumTasks) -> Estimate:
        """Expected cut with its standard error."""
        [outcomes] = tasks.run(self.circuits(parameters))
        cuts = self._graph.cut_values(outcomes.bits) if outcomes.shots else self._all_cuts
        self._remember_best(outcomes, cuts)
        return outcomes.mean(cuts)

    @cached_property
    def _all_cuts(self) -> NDArray[np.float64]:
        """The diagonal of C, shape (2**nodes,)."""
        return self._graph.cut_values(all_bit_strings(self._graph.nodes))

    def _remember_best(self, outcomes: Outcomes, cuts: NDArray[np.float64]) -> None:
        if outcomes.shots:
            best = int(np.argmax(cuts))
            if self.best_cut is not None and cuts[best] <= self.best_cut.value:
                return
        else:
            # Symmetry makes several strings equally probable; rounding must not choose among them.
            likeliest = outcomes.frequencies >= outcomes.frequencies.max() - 1e-9
            best = int(np.argmax(likeliest))
        bitstring = "".join(str(bit) for bit in outcomes.bits[:, best])
        self.best_cut = Cut(float(cuts[best]), bitstring)


def _tutorial(depth: int, rng: np.random.Generator) -> NDArray[np.float64]:  # noqa: ARG001
    """The Braket tutorial's 0.1 and 0.5 in every layer; its cost layer exp(-i 0.1 ZZ) is a gamma of -0.2."""
    return np.repeat([-0.2, 0.5], depth)


def _random(depth: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Uniform over gamma in [0, 2π) and beta in [0, π), the whole period for unweighted graphs."""
    return np.concatenate([rng.uniform(0, 2 * np.pi, depth), rng.uniform(0, np.pi, depth)])


def _ramp(depth: int, rng: np.random.Generator) -> NDArray[np.float64]:  # noqa: ARG001
    """Quantum annealing in `depth` steps: the cost turned on linearly, the mixer off.

    Sack and Serbyn, Quantum 5, 491 (2021), with the schedule taken at the middle of each step; the
    heights are close to the fixed angles of Wurtz and Lykov (2021) for 3-regular graphs.
    """
    time = (np.arange(depth) + 0.5) / depth
    return np.concatenate([1.2 * time, 0.75 * (1.0 - time)])


START_POINTS = {"tutorial": _tutorial, "random": _random, "ramp": _ramp}
"""Every start point by the name of the hyperparameter `initial_point`; each makes shape (2 * depth,)."""
