"""Unitary coupled cluster with one parameter."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from braket.circuits import Circuit, FreeParameter
from numpy.typing import NDArray

from algorithms.ansatz._interface import Ansatz, parameter_name
from algorithms.pauli import Hamiltonian


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


@dataclass(frozen=True)
class Options:
    """The lowest determinant mixed with its complement, one parameter."""

    def on(self, hamiltonian: Hamiltonian) -> Ansatz:
        """The ansatz for the qubits of a Hamiltonian."""
        return Excitation(lambda: tuple(hamiltonian.lowest_basis_state().tolist()))
