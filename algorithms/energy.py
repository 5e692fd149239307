"""The variational quantum eigensolver's expectation: the energy of an ansatz state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from braket.circuits import Circuit
from numpy.typing import NDArray

from algorithms.ansatz import Ansatz, parameter_name
from algorithms.executable import Executable
from algorithms.expectation import Expectation, Spectrum
from algorithms.measurement import Estimate, Outcomes
from algorithms.pauli import Hamiltonian, MeasurementGroup


class Energy(Expectation):
    """Estimates the total energy in Ha of the ansatz' state.

    One circuit for each group of qubit-wise commuting terms (two for H2: the bases Z and X).

    Args:
        hamiltonian: Electronic Hamiltonian in Ha.
        nuclear_repulsion: Added to the electronic energy, Ha.
        ansatz: Prepares the state.
        grouping: `qubit_wise` or `separate`.
        allocation: `uniform`: the same shots for each circuit; `weighted`: as many in all, shared out in
            proportion to the root of the sum of the group's squared coefficients, which is the best for
            uncorrelated terms of equal variance.
    """

    metric = "energy"
    sign = 1.0

    def __init__(
        self,
        hamiltonian: Hamiltonian,
        nuclear_repulsion: float,
        ansatz: Ansatz,
        *,
        grouping: str = "qubit_wise",
        allocation: str = "uniform",
    ) -> None:
        self._groups: list[MeasurementGroup] = hamiltonian.measurement_groups(grouping)
        self._constant = hamiltonian.constant + nuclear_repulsion
        self._ansatz = ansatz
        self._weighted = allocation == "weighted"
        self.parameters = ansatz.parameters
        self.circuits = len(self._groups)
        self._names = [parameter_name(index) for index in range(ansatz.parameters)]

    @cached_property
    def _measured(self) -> list[Circuit]:
        """One circuit for each group; made when the first point is evaluated."""
        return [_measure_in(group.basis, self._ansatz.circuit()) for group in self._groups]

    def executables(self, parameters: NDArray[np.float64]) -> list[Executable]:
        """One circuit for each measurement group; `parameters` as the ansatz takes them."""
        inputs = dict(zip(self._names, parameters.tolist(), strict=True))
        return [Executable(circuit, inputs) for circuit in self._measured]

    def allocate(self, shots: int, circuits: int) -> list[int]:
        """Shots of each group's circuit."""
        if not self._weighted or shots == 0:
            return super().allocate(shots, circuits)
        weights = [math.hypot(*(term.coefficient for term in group.terms)) for group in self._groups]
        return share_out(shots * circuits, weights)

    def evaluate(self, outcomes: Sequence[Outcomes]) -> Estimate:
        """Energy with its standard error.

        Each group's standard error comes from its sum of terms shot by shot, so the covariances of terms
        measured together are in it; different groups are independent.
        """
        estimates = [
            outcome.mean(group.values(outcome.bits))
            for group, outcome in zip(self._groups, outcomes, strict=True)
        ]
        return Estimate(
            value=self._constant + math.fsum(estimate.value for estimate in estimates),
            stderr=math.hypot(*(estimate.stderr for estimate in estimates)),
        )

    def spectra(self) -> list[Spectrum]:
        """Each parameter is the angle of one Pauli rotation exp(-i t P / 2): a sine of period 2π."""
        return [Spectrum(1.0, 1)] * self.parameters


def share_out(total: int, weights: Sequence[float]) -> list[int]:
    """Split `total` in proportion to the weights into whole numbers of 1 or more that add up to it.

    Largest remainders; with fewer than one for each there are more in all.
    """
    spare = max(0, total - len(weights))
    whole = math.fsum(weights)
    exact = [spare * weight / whole if whole else spare / len(weights) for weight in weights]
    shares = [1 + math.floor(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (math.floor(exact[i]) - exact[i], i))
    for index in by_remainder[: max(0, total - sum(shares))]:
        shares[index] += 1
    return shares


def _measure_in(basis: str, circuit: Circuit) -> Circuit:
    """Rotate each qubit such that measuring it in Z measures the basis' Pauli operator, sign included."""
    for qubit, pauli in enumerate(basis):
        if pauli == "X":
            circuit.h(qubit)
        elif pauli == "Y":
            circuit.rx(qubit, math.pi / 2)  # +pi/2 gives +Y; -pi/2 would give -Y
    return circuit
