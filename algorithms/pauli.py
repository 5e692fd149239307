"""Hamiltonians as sums of Pauli strings, and which strings one circuit can measure together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from algorithms.grouping import groups
from algorithms.hyperparameters import HyperparameterError
from algorithms.measurement import all_bit_strings

_AT_ONCE = 4096
"""Bit strings that are evaluated in one go: few enough for the processor's cache."""
_FEW = 256
"""Bits of a small system's outcomes, whose values are remembered, ..."""
_REMEMBERED = 1024
"""... of so many different sets of outcomes."""


@dataclass(frozen=True)
class PauliTerm:
    """One term of a Hamiltonian.

    Attributes:
        coefficient: In the Hamiltonian's unit.
        paulis: One of I, X, Y, Z for each qubit; the leftmost letter acts on qubit 0.
    """

    coefficient: float
    paulis: str

    @property
    def support(self) -> list[int]:
        """The qubits the term acts on with something other than the identity."""
        return [qubit for qubit, letter in enumerate(self.paulis) if letter != "I"]


@dataclass(frozen=True)
class MeasurementGroup:
    """Terms that are measured together.

    Attributes:
        basis: For each qubit the Pauli operator that is measured, I if none of the terms needs the qubit.
        terms: Each has at every qubit the basis' letter or I.
    """

    basis: str
    terms: tuple[PauliTerm, ...]

    def values(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        """What the group's terms sum to for each measured bit string.

        Args:
            bits: Shape (qubits, outcomes), measured in `basis`.

        Returns:
            Shape (outcomes,).
        """
        if bits.size > _FEW:
            return self._computed(bits)
        # Small systems show the same outcomes again and again.
        return self._remembered(bits.shape[1], bits.astype(np.uint8, copy=False).tobytes())

    @cached_property
    def _remembered(self) -> Callable[[int, bytes], NDArray[np.float64]]:
        @lru_cache(_REMEMBERED)
        def values(outcomes: int, bits: bytes) -> NDArray[np.float64]:
            found = self._computed(np.frombuffer(bits, np.uint8).reshape(-1, outcomes))
            found.flags.writeable = False
            return found

        return values

    def _computed(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        supports, coefficients = self._weights
        total = np.empty(bits.shape[1])
        for start in range(0, len(total), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            parities = supports @ bits[:, some] % 2
            total[some] = coefficients @ (1.0 - 2.0 * parities)
        return total

    @cached_property
    def _weights(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where each term acts, shape (terms, qubits), and the coefficients."""
        supports = [[letter != "I" for letter in term.paulis] for term in self.terms]
        shape = (len(self.terms), len(self.basis))
        return np.array(supports, dtype=float).reshape(shape), np.array([t.coefficient for t in self.terms])


@dataclass(frozen=True)
class Hamiltonian:
    """A sum of Pauli strings, all on the same number of qubits."""

    terms: tuple[PauliTerm, ...]

    @property
    def qubits(self) -> int:
        """Number of qubits."""
        return len(self.terms[0].paulis)

    @property
    def constant(self) -> float:
        """The coefficient of the identity, which needs no measurement."""
        return math.fsum(term.coefficient for term in self.terms if not term.support)

    def measurement_groups(self, grouping: str = "qubit_wise") -> list[MeasurementGroup]:
        """The non-identity terms by circuits, as `grouping.groups` gathers them."""
        found = groups([(term.coefficient, term.paulis) for term in self.terms], grouping)
        return [
            MeasurementGroup(basis, tuple(self.terms[place] for place in places)) for basis, places in found
        ]

    def lowest_basis_state(self) -> NDArray[np.uint8]:
        """The computational basis state of lowest energy, shape (qubits,).

        For a molecule mapped to qubits this is the Hartree-Fock determinant, as long as that is the
        lowest single determinant (it is for H2 at every bond length of interest).
        """
        bits = all_bit_strings(self.qubits)
        diagonal = tuple(term for term in self.terms if set(term.paulis) <= set("IZ"))
        energies = MeasurementGroup("Z" * self.qubits, diagonal).values(bits)
        return bits[:, int(np.argmin(energies))]


def parse_hamiltonian(text: str) -> Hamiltonian:
    """Read `-1.05 II, 0.4 IZ, 0.18 XX`: coefficient, space, Pauli string; separated by commas.

    Raises:
        HyperparameterError: Names the term that cannot be read.
    """
    terms = tuple(_parse_term(piece.strip()) for piece in text.split(","))
    for term in terms:
        if len(term.paulis) != len(terms[0].paulis):
            raise HyperparameterError(
                f"hamiltonian: {term.paulis!r} acts on {len(term.paulis)} qubits, "
                f"but {terms[0].paulis!r} on {len(terms[0].paulis)}."
            )
    return Hamiltonian(terms)


def _parse_term(piece: str) -> PauliTerm:
    number, _, paulis = piece.partition(" ")
    try:
        coefficient = float(number)
    except ValueError:
        coefficient = math.nan
    if not math.isfinite(coefficient) or not paulis or not set(paulis) <= set("IXYZ"):
        raise HyperparameterError(
            f"hamiltonian: {piece!r} is not a term such as '0.18 XX' "
            "(a finite coefficient, a space, the letters I, X, Y, Z)."
        )
    return PauliTerm(coefficient, paulis)
