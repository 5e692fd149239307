"""Parametrised circuits that prepare the trial states of VQE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from braket.circuits import Circuit
from numpy.typing import NDArray


class Ansatz(Protocol):
    """A family of trial states."""

    def circuit(self, parameters: NDArray[np.float64]) -> Circuit:
        """A new circuit that prepares the state of these parameters from |0…0⟩."""


@dataclass(frozen=True)
class RyCnotRy:
    """Hardware-efficient ansatz: RY on every qubit, a chain of CNOTs, RY on every qubit.

    Real amplitudes only, which is enough for the ground state of a real Hamiltonian such as H2's two-qubit
    form; there it reaches the exact ground state. Parameters: the first layer's angles, then the second's,
    in rad.

    Attributes:
        qubits: Number of qubits.
    """

    qubits: int

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return 2 * self.qubits

    def circuit(self, parameters: NDArray[np.float64]) -> Circuit:
        """The circuit that prepares the state from |0…0⟩; `parameters` has shape (parameters,)."""
        before, after = np.split(parameters, 2)
        circuit = Circuit()
        for qubit, angle in enumerate(before):
            circuit.ry(qubit, float(angle))
        for qubit in range(self.qubits - 1):
            circuit.cnot(qubit, qubit + 1)
        for qubit, angle in enumerate(after):
            circuit.ry(qubit, float(angle))
        return circuit

    def basis_state(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Parameters that prepare a computational basis state, `bits` of shape (qubits,).

        The bits are flipped in the last layer: the CNOTs before it then leave |0…0⟩ alone.
        """
        return np.concatenate([np.zeros(self.qubits), np.pi * bits])


ANSATZE = {"ry_cnot_ry": RyCnotRy}
"""Every ansatz by the name of the hyperparameter `ansatz`."""
