"""The quantum approximate optimisation algorithm for MaxCut (Farhi, Goldstone and Gutmann 2014).

Convention: cost `C = Σ w_uv (1 - Z_u Z_v) / 2`, layers `exp(-i gamma C)` and `exp(-i beta Σ X)`, start
state |+⟩ on every qubit. Parameters are gamma_1 … gamma_p, beta_1 … beta_p in rad; with multi-angle QAOA each
gamma is one angle for each edge and each beta one for each node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from braket.circuits import Circuit, FreeParameter
from numpy.typing import NDArray

from algorithms.aggregation import Aggregation, Mean
from algorithms.executable import Executable
from algorithms.expectation import Expectation, Spectrum
from algorithms.graph import Graph
from algorithms.measurement import Estimate, Outcomes, all_bit_strings


@dataclass(frozen=True)
class Cut:
    """A way to cut the graph in two.

    Attributes:
        value: Total weight of the edges cut.
        bitstring: The side of each node, node 0 first.
    """

    value: float
    bitstring: str


class ExpectedCut(Expectation):
    """Estimates the expected cut of the QAOA state, and remembers the best cut it has seen.

    Args:
        graph: What is to be cut.
        depth: Number of layers, the literature's p.
        multi_angle: One gamma for each edge and one beta for each node of every layer (Herrman et al.,
            Scientific Reports 12, 6781, 2022).
        aggregation: What the optimizer maximises; the reported value is the expected cut all the same.
    """

    metric = "expected_cut"
    sign = -1.0  # an optimizer minimises
    circuits = 1  # all edges are measured in one basis

    def __init__(
        self,
        graph: Graph,
        depth: int,
        *,
        multi_angle: bool = False,
        aggregation: Aggregation = Mean(),  # noqa: B008 - frozen
    ) -> None:
        self._graph = graph
        self._depth = depth
        self._multi_angle = multi_angle
        self._aggregation = aggregation
        self._angles = (len(graph.edges), graph.nodes) if multi_angle else (1, 1)
        """Gammas and betas of one layer."""
        self.parameters = depth * sum(self._angles)
        weights = np.array(graph.weights)
        if multi_angle:
            self._weights, self._turns_of_edges = weights, list(range(len(weights)))
        else:  # edges of one weight turn together
            self._weights, same = np.unique(weights, return_inverse=True)
            self._turns_of_edges = same.tolist()
        self._circuits: dict[int, tuple[Circuit, list[str]]] = {}
        self.best_cut: Cut | None = None
        """The largest cut sampled so far; with exact probabilities, the last state's most probable one.

        A cut is a solution whose value anybody can check, so the largest of many does not flatter.
        """

    def spread(self, angles: NDArray[np.float64]) -> NDArray[np.float64]:
        """The parameters for standard QAOA's `angles`, of shape (2 * depth,).

        With multi-angle QAOA each gamma is repeated for all edges and each beta for all nodes of its layer.
        """
        if not self._multi_angle:
            return angles
        gammas, betas = np.split(angles, 2)
        return np.concatenate(
            [np.repeat(gammas, len(self._graph.edges)), np.repeat(betas, self._graph.nodes)]
        )

    def executables(self, parameters: NDArray[np.float64]) -> list[Executable]:
        """The one circuit; `parameters` has shape (parameters,).

        Layers whose angles are all zero do nothing and are left out.
        """
        of_edges, of_nodes = self._angles
        gammas = parameters[: self._depth * of_edges].reshape(self._depth, of_edges)
        betas = parameters[self._depth * of_edges :].reshape(self._depth, of_nodes)
        active = gammas.any(axis=1) | betas.any(axis=1)
        layers = int(np.count_nonzero(active))
        if layers not in self._circuits:
            self._circuits[layers] = self._circuit(layers)
        # exp(-i gamma w (1 - ZZ) / 2) and exp(-i beta X); rz(t) is exp(-i t Z / 2), rx(t) the same with X.
        turns = [(-gammas[active] * self._weights).ravel(), 2.0 * betas[active].ravel()]
        circuit, names = self._circuits[layers]
        return [Executable(circuit, dict(zip(names, np.concatenate(turns).tolist(), strict=True)))]

    def _circuit(self, layers: int) -> tuple[Circuit, list[str]]:
        """With the names of its inputs: the angles of RZ layer by layer, then those of RX."""
        nodes = range(self._graph.nodes)
        turns_of_nodes = [node if self._multi_angle else 0 for node in nodes]
        circuit = Circuit().h(nodes)
        for layer in range(layers):
            for (u, v), turn in zip(self._graph.edges, self._turns_of_edges, strict=True):
                # ZZ from gates every device has.
                circuit.cnot(u, v).rz(v, FreeParameter(f"edge_{layer}_{turn}")).cnot(u, v)
            for node, turn in zip(nodes, turns_of_nodes, strict=True):
                circuit.rx(node, FreeParameter(f"node_{layer}_{turn}"))
        counts = {"edge": len(self._weights), "node": len(set(turns_of_nodes))}
        names = [
            f"{k}_{layer}_{turn}" for k, n in counts.items() for layer in range(layers) for turn in range(n)
        ]
        return circuit, names

    def evaluate(self, outcomes: Sequence[Outcomes]) -> Estimate:
        """Expected cut with its standard error, and what the optimizer is to maximise."""
        [outcome] = outcomes
        cuts = self._graph.cut_values(outcome.bits) if outcome.shots else self._all_cuts
        self._remember_best(outcome, cuts)
        mean = outcome.mean(cuts)
        if self._aggregation.linear:
            return mean
        return Estimate(mean.value, mean.stderr, self._aggregation(cuts, outcome.frequencies))

    def spectra(self) -> list[Spectrum] | None:
        """Those of the state, if the aggregation is an expectation value."""
        return self._spectra_of_state() if self._aggregation.linear else None

    def periods(self) -> list[float] | None:
        """Those of the state, whatever the aggregation."""
        spectra = self._spectra_of_state()
        return None if spectra is None else [2.0 * np.pi / spectrum.frequency for spectrum in spectra]

    @property
    def inexact(self) -> str:  # type: ignore[override]
        """Of the two reasons for which there may be no spectra, that which holds."""
        if not self._aggregation.linear:
            return f"aggregation={type(self._aggregation).__name__.lower()} is no expectation value"
        return "edges of different weights share an angle"

    def _spectra_of_state(self) -> list[Spectrum] | None:
        """Differences of the generators' eigenvalues.

        An edge's generator w (1 - ZZ) / 2 has 0 and w, a node's X has -1 and 1. Summed over edges of one
        |w| the differences are up to the number of edges, over nodes up to their number; in the last layer
        only the two nodes of an edge matter to its cut.
        """
        sizes = [abs(weight) for weight in self._graph.weights]
        nodes, depth = self._graph.nodes, self._depth
        if self._multi_angle:
            # An edge of weight 0 never turns anything.
            return [Spectrum(size or 1.0, 1) for size in sizes] * depth + [Spectrum(2.0, 1)] * depth * nodes
        if not sizes or len(set(sizes)) > 1 or sizes[0] == 0.0:
            return None
        gammas = [Spectrum(sizes[0], len(sizes))] * depth
        return [*gammas, *[Spectrum(2.0, nodes)] * (depth - 1), Spectrum(2.0, min(2, nodes))]

    def memory(self) -> Any:
        """The best cut as [value, bit string]."""
        return None if self.best_cut is None else [self.best_cut.value, self.best_cut.bitstring]

    def remember(self, memory: Any) -> None:
        """Take back the best cut."""
        self.best_cut = None if memory is None else Cut(*memory)

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
