"""What every ansatz offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from braket.circuits import Circuit
from numpy.typing import NDArray

from algorithms.pauli import Hamiltonian


def parameter_name(index: int) -> str:
    """Of an ansatz' parameter in its circuit."""
    return f"theta_{index}"


class Ansatz(Protocol):
    """A family of trial states in which each parameter is the angle of one Pauli rotation exp(-i t P / 2)."""

    @property
    def parameters(self) -> int:
        """Number of parameters."""

    def circuit(self) -> Circuit:
        """A new circuit that prepares the state of its parameters (rad) from |0…0⟩."""

    def basis_state(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Parameters that prepare a computational basis state, `bits` of shape (qubits,)."""


class Options(Protocol):
    """An ansatz with its options, which are the fields of the dataclass that implements this."""

    def on(self, hamiltonian: Hamiltonian) -> Ansatz:
        """The ansatz for the qubits of a Hamiltonian."""
