"""Any Hamiltonian, given as Pauli strings with coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from sweeper.errors import ConfigError
from sweeper.problems.diagonalisation import MOST_QUBITS, ground_energy
from sweeper.problems.given_file import open_given
from sweeper.problems.hamiltonian_formats import (
    GivenTerm,
    QubitOrder,
    not_a_string,
    read_hamiltonian,
    read_string,
    summed,
)
from sweeper.problems.instance import Hamiltonian, Instance, Problem

_AGREES = 1e-3
"""Largest relative difference between a given reference and the exact energy, which replaces it."""


@dataclass
class Term:
    """One term: a coefficient in the Hamiltonian's unit, and one of I, X, Y, Z for each qubit, or `Z0 X2`."""

    coefficient: float
    string: str


def _ising() -> list[Term]:
    """The transverse-field Ising model of three spins at its critical point."""
    return [Term(-1.0, string) for string in ("ZZI", "IZZ", "XII", "IXI", "IIX")]


@dataclass
class Pauli(Problem):
    """A sum of Pauli strings: a file at `path`, or `terms` in the config, or else a small Ising model.

    `terms` is a list of `{coefficient: 0.5, string: ZZ}`. The format of a file is recognised by its content.
    `qubit_order` says which letter acts on qubit 0: the leftmost (`big`), the rightmost (`little`), or the
    one that the file's format defines (`auto`). `constant` is added to every energy (a molecule's nuclear
    repulsion). The reference is exact up to 14 qubits. Beyond, it is `reference` (None if unknown).
    """

    name: ClassVar[str] = "pauli"
    makes: ClassVar[type[Instance]] = Hamiltonian

    terms: list[Term] | None = None
    path: str | None = None
    qubit_order: Literal["auto", "big", "little"] = "auto"
    constant: float = 0.0
    reference: float | None = None

    def __post_init__(self) -> None:
        if self.terms is not None and self.path is not None:
            raise ConfigError("problem.terms and problem.path both give a Hamiltonian. Give one of them.")
        if self.terms is not None and not self.terms:
            raise ConfigError(
                "problem.terms has no terms: give some, such as 'problem.terms=[{coefficient: 1.0, "
                "string: ZZ}, {coefficient: 0.5, string: XI}]', or a file by problem.path."
            )
        for key, value in (("constant", self.constant), ("reference", self.reference)):
            if value is not None and not math.isfinite(value):
                raise ConfigError(f"problem.{key}={value} is not possible: it must be finite.")

    def make(self) -> Hamiltonian:
        """The Hamiltonian, equal strings added up.

        Raises:
            ConfigError: A term cannot be read, the terms have different lengths, or a constant or reference
                is given twice or contradicts the exact energy.
        """
        order: QubitOrder | None = None if self.qubit_order == "auto" else self.qubit_order
        if self.path is None:
            where = "problem.terms"
            given = [_given(term, at) for at, term in enumerate(self.terms or _ising(), 1)]
            return self._with_reference(summed(given, order, "big", where), self.constant, self.reference)
        file = open_given(self.path, "Hamiltonian")
        found = read_hamiltonian(file)
        terms = summed(found.terms, order, found.order, file.where)
        constant = self._one_of("constant", self.constant or None, found.constant)
        return self._with_reference(
            terms, constant or 0.0, self._one_of("reference", self.reference, found.reference)
        )

    def _one_of(self, key: str, here: float | None, there: float | None) -> float | None:
        if here is not None and there is not None:
            raise ConfigError(
                f"problem.{key}={here:g} is given, and problem.path={self.path} says {key}: {there:g} too. "
                "Leave one of them out."
            )
        return here if there is None else there

    def _with_reference(
        self, terms: tuple[tuple[float, str], ...], constant: float, reference: float | None
    ) -> Hamiltonian:
        if len(terms[0][1]) > MOST_QUBITS:
            return Hamiltonian(terms, constant, reference)
        exact = ground_energy(terms) + constant
        if reference is not None and not abs(reference - exact) <= _AGREES * max(1.0, abs(exact)):
            raise ConfigError(
                f"problem.reference={reference:g} is not the exact ground-state energy of these terms, which "
                f"is {exact:.9g} with the constant. Leave it out: up to {MOST_QUBITS} qubits it is computed."
            )
        return Hamiltonian(terms, constant, exact)


def _given(term: Term, at: int) -> GivenTerm:
    where = f"problem.terms, term {at}"
    string = read_string(term.string)
    if string is None:
        raise ConfigError(f"{where}: {not_a_string(term.string)}")
    if not math.isfinite(term.coefficient):
        raise ConfigError(f"{where}: the coefficient {term.coefficient} is not finite.")
    return GivenTerm(term.coefficient, string, f", term {at}")
