"""Two layers of RY with CNOTs between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from braket.circuits import Circuit
from numpy.typing import NDArray

from algorithms.ansatz._interface import Ansatz
from algorithms.ansatz.hardware_efficient import HardwareEfficient
from algorithms.pauli import Hamiltonian


@dataclass(frozen=True)
class RyCnotRy:
    """RY on every qubit, a chain of CNOTs, RY on every qubit.

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

    def circuit(self) -> Circuit:
        """The circuit that prepares the state from |0…0⟩."""
        return HardwareEfficient(self.qubits, 1, "linear", ("ry",)).circuit()

    def basis_state(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Parameters that prepare a computational basis state, `bits` of shape (qubits,).

        The bits are flipped in the last layer: the CNOTs before it then leave |0…0⟩ alone.
        """
        return np.concatenate([np.zeros(self.qubits), np.pi * bits])


@dataclass(frozen=True)
class Options:
    """The tutorial's ansatz: RY on every qubit, a chain of CNOTs, RY on every qubit."""

    def on(self, hamiltonian: Hamiltonian) -> Ansatz:
        """The ansatz for the qubits of a Hamiltonian."""
        return RyCnotRy(hamiltonian.qubits)
