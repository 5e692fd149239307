"""Layers of rotations and CNOTs, which any device has."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from braket.circuits import Circuit, FreeParameter
from numpy.typing import NDArray

from algorithms.ansatz._interface import Ansatz, parameter_name
from algorithms.options import Option
from algorithms.pauli import Hamiltonian

ENTANGLERS: dict[str, Callable[[int], list[tuple[int, int]]]] = {
    "linear": lambda qubits: [(q, q + 1) for q in range(qubits - 1)],
    "ring": lambda qubits: [(q, (q + 1) % qubits) for q in range(qubits if qubits > 2 else qubits - 1)],
    "full": lambda qubits: [(q, r) for q in range(qubits) for r in range(q + 1, qubits)],
}
"""Which pairs of qubits the CNOTs of one layer act on, for a number of qubits."""

ROTATIONS: dict[str, tuple[str, ...]] = {"ry": ("ry",), "ry_rz": ("ry", "rz")}
"""The rotations of each qubit in one layer: real amplitudes, or any."""


@dataclass(frozen=True)
class HardwareEfficient:
    """Rotations on every qubit, then `layers` times CNOTs and rotations.

    After Kandala et al., Nature 549, 242 (2017).

    Parameters: layer by layer, in each layer rotation by rotation, in each rotation qubit by qubit, in rad.

    Attributes:
        qubits: Number of qubits.
        layers: Number of layers of CNOTs.
        entangler: A name in `ENTANGLERS`.
        rotations: Names of the rotation gates.
    """

    qubits: int
    layers: int
    entangler: str
    rotations: Sequence[str]

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return (self.layers + 1) * len(self.rotations) * self.qubits

    def circuit(self) -> Circuit:
        """The circuit that prepares the state from |0…0⟩."""
        indices = itertools.count()
        circuit = Circuit()
        for layer in range(self.layers + 1):
            for control, target in ENTANGLERS[self.entangler](self.qubits) if layer else ():
                circuit.cnot(control, target)
            for gate in self.rotations:
                for qubit in range(self.qubits):
                    getattr(circuit, gate)(qubit, FreeParameter(parameter_name(next(indices))))
        return circuit

    def basis_state(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Parameters that prepare a computational basis state: RY by π in the last layer."""
        angles = np.zeros((self.layers + 1, len(self.rotations), self.qubits))
        angles[-1, 0] = np.pi * bits
        return angles.ravel()


@dataclass(frozen=True)
class Options:
    """Rotations on every qubit, then layers of CNOTs and rotations."""

    layers: Annotated[int, Option("Layers of CNOTs", at_least=1)] = 1
    entangler: Annotated[
        Literal["linear", "ring", "full"], Option("CNOTs: neighbours in a line, in a ring, or all pairs")
    ] = "linear"
    rotations: Annotated[Literal["ry", "ry_rz"], Option("Rotations: RY (real amplitudes), or RY and RZ")] = (
        "ry_rz"
    )

    def on(self, hamiltonian: Hamiltonian) -> Ansatz:
        """The ansatz for the qubits of a Hamiltonian."""
        return HardwareEfficient(hamiltonian.qubits, self.layers, self.entangler, ROTATIONS[self.rotations])
