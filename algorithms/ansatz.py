"""Parametrised circuits that prepare the trial states of VQE.

The parameter with index i is the `FreeParameter` named by `parameter_name(i)`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from braket.circuits import Circuit, FreeParameter
from numpy.typing import NDArray

from algorithms.hyperparameters import Hyperparameters
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
class Excitation:
    """One-parameter unitary coupled cluster: a determinant |b⟩ mixed with its complement |b̄⟩.

    `exp(-i t Y X…X / 2) |b⟩ = cos(t/2) |b⟩ ± sin(t/2) |b̄⟩`. For H2 in a minimal basis the complement is the
    double excitation, in the two-qubit form (01 and 10) as in Jordan-Wigner's four qubits (1100 and 0011),
    and the exact ground state is such a mixture (O'Malley et al., Phys. Rev. X 6, 031007, 2016).

    Attributes:
        find: Finds the bits b, qubit 0 first, when a circuit is made: they may be chosen among 2^qubits.
    """

    find: Callable[[], tuple[int, ...]]

    @cached_property
    def determinant(self) -> tuple[int, ...]:
        """The bits b."""
        return self.find()

    @property
    def parameters(self) -> int:
        """Number of parameters: one."""
        return 1

    def circuit(self) -> Circuit:
        """The circuit that prepares the state from |0…0⟩."""
        last = len(self.determinant) - 1
        circuit = Circuit()
        for qubit, bit in enumerate(self.determinant):
            circuit.x(qubit) if bit else circuit.i(qubit)
        circuit.rx(0, math.pi / 2)
        for qubit in range(1, last + 1):
            circuit.h(qubit)
        for qubit in range(last):
            circuit.cnot(qubit, qubit + 1)
        circuit.rz(last, FreeParameter(parameter_name(0)))
        for qubit in reversed(range(last)):
            circuit.cnot(qubit, qubit + 1)
        for qubit in range(1, last + 1):
            circuit.h(qubit)
        return circuit.rx(0, -math.pi / 2)

    def basis_state(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The determinant itself, at 0, or its complement, at π; `bits` must be one of them."""
        return np.array([0.0 if tuple(bits.tolist()) == self.determinant else math.pi])


def _ry_cnot_ry(hamiltonian: Hamiltonian, given: Hyperparameters) -> Ansatz:  # noqa: ARG001
    return RyCnotRy(hamiltonian.qubits)


def _ucc(hamiltonian: Hamiltonian, given: Hyperparameters) -> Ansatz:  # noqa: ARG001
    return Excitation(lambda: tuple(hamiltonian.lowest_basis_state().tolist()))


def _hardware_efficient(hamiltonian: Hamiltonian, given: Hyperparameters) -> Ansatz:
    return HardwareEfficient(
        hamiltonian.qubits,
        given.integer("layers", at_least=1),
        given.choice("entangler", ENTANGLERS),
        ROTATIONS[given.choice("rotations", ROTATIONS)],
    )


ANSATZE: dict[str, Callable[[Hamiltonian, Hyperparameters], Ansatz]] = {
    "ry_cnot_ry": _ry_cnot_ry,
    "ucc": _ucc,
    "hardware_efficient": _hardware_efficient,
}
"""Every ansatz by the name of the hyperparameter `ansatz`; reads its own options."""
