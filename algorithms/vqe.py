"""The variational quantum eigensolver's cost function: the energy of an ansatz state."""

from __future__ import annotations

import math

import numpy as np
from braket.circuits import Circuit
from numpy.typing import NDArray

from algorithms.ansatz import Ansatz
from algorithms.measurement import Estimate, QuantumTasks
from algorithms.pauli import Hamiltonian


class Energy:
    """Estimates the total energy in Ha of the ansatz' state.

    One circuit for each group of qubit-wise commuting terms (two for H2: the bases Z and X).

    Args:
        hamiltonian: Electronic Hamiltonian in Ha.
        nuclear_repulsion: Added to the electronic energy, Ha.
        ansatz: Prepares the state.
    """

    metric = "energy"
    sign = 1.0

    def __init__(self, hamiltonian: Hamiltonian, nuclear_repulsion: float, ansatz: Ansatz) -> None:
        self._groups = hamiltonian.measurement_groups()
        self._constant = hamiltonian.constant + nuclear_repulsion
        self._ansatz = ansatz

    def circuits(self, parameters: NDArray[np.float64]) -> list[Circuit]:
        """One circuit for each measurement group; `parameters` as the ansatz takes them."""
        circuits = []
        for group in self._groups:
            circuit = self._ansatz.circuit(parameters)
            circuits.append(_measure_in(group.basis, circuit))
        return circuits

    def estimate(self, parameters: NDArray[np.float64], tasks: QuantumTasks) -> Estimate:
        """Energy with its standard error.

        Each group's standard error comes from its sum of terms shot by shot, so the covariances of terms
        measured together are in it; different groups are independent.
        """
        outcomes = tasks.run(self.circuits(parameters))
        estimates = [
            outcome.mean(group.values(outcome.bits))
            for group, outcome in zip(self._groups, outcomes, strict=True)
        ]
        return Estimate(
            value=self._constant + math.fsum(estimate.value for estimate in estimates),
            stderr=math.hypot(*(estimate.stderr for estimate in estimates)),
        )


def _measure_in(basis: str, circuit: Circuit) -> Circuit:
    """Rotate each qubit such that measuring it in Z measures the basis' Pauli operator, sign included."""
    for qubit, pauli in enumerate(basis):
        if pauli == "X":
            circuit.h(qubit)
        elif pauli == "Y":
            circuit.rx(qubit, math.pi / 2)  # +pi/2 gives +Y; -pi/2 would give -Y
    return circuit
