"""Molecular hydrogen in the minimal STO-3G basis.

The two-qubit form is the parity mapping with two-qubit reduction:
`H = c0 II + cz (IZ - ZI) + czz ZZ + cxx XX`, the electronic part; the nuclear repulsion 1/R is added
to give a total energy. `scripts/h2_table.py` computes the table, energies in Ha.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import ClassVar

from sweeper.errors import ConfigError
from sweeper.problems.diagonalisation import ground_energy
from sweeper.problems.instance import Hamiltonian, Instance, Problem

_SAME_LENGTH = 1e-6
"""Å: bond lengths this close are one (0.1 + 0.2 is not 0.3 in floating point)."""


@dataclass(frozen=True)
class H2Row:
    """One bond length (Å): nuclear repulsion, Pauli coefficients and total energies, all in Ha."""

    bond_length: float
    nuclear_repulsion: float
    c0: float
    cz: float
    czz: float
    cxx: float
    hartree_fock: float
    full_ci: float


@cache
def h2_table() -> tuple[H2Row, ...]:
    """Every tabulated bond length, in rising order: 0.30 to 3.00 Å in steps of 0.01 Å, and 0.735 Å."""
    table = files("sweeper.problems") / "data" / "h2_sto3g.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return tuple(H2Row(**{name: float(text) for name, text in row.items()}) for row in rows)


def _row_at(bond_length: float) -> H2Row:
    nearest = min(h2_table(), key=lambda row: abs(row.bond_length - bond_length))
    if not abs(nearest.bond_length - bond_length) <= _SAME_LENGTH:  # nan is near nothing
        raise ConfigError(
            f"problem.bond_length={bond_length} is not tabulated: H2 is tabulated from 0.30 to 3.00 Å in "
            f"steps of 0.01 Å, and at 0.735 Å. The nearest tabulated length is {nearest.bond_length:g} Å."
        )
    return nearest


@dataclass
class H2(Problem):
    """H2 at `bond_length` (Å): 0.30 to 3.00 in steps of 0.01, or 0.735."""

    name: ClassVar[str] = "h2"
    makes: ClassVar[type[Instance]] = Hamiltonian

    bond_length: float = 0.735

    def __post_init__(self) -> None:
        _row_at(self.bond_length)

    def make(self) -> Hamiltonian:
        """The two-qubit Hamiltonian with its full-CI energy as the reference."""
        row = _row_at(self.bond_length)
        terms = ((row.c0, "II"), (row.cz, "IZ"), (-row.cz, "ZI"), (row.czz, "ZZ"), (row.cxx, "XX"))
        return Hamiltonian(terms, row.nuclear_repulsion, row.full_ci)


@dataclass
class H2Tutorial(Problem):
    """H2 at 0.735 Å with the Braket tutorial's coefficients, which are rounded to four decimals.

    The tutorial compares this electronic Hamiltonian with a total energy of -1.1373 Ha. Here the nuclear
    repulsion is added, and the reference is the exact ground state of the rounded terms themselves.
    """

    name: ClassVar[str] = "h2_tutorial"
    makes: ClassVar[type[Instance]] = Hamiltonian

    def make(self) -> Hamiltonian:
        """The two-qubit Hamiltonian with its own exact ground-state energy (-1.137233 Ha)."""
        terms = ((-1.0523, "II"), (0.3979, "IZ"), (-0.3979, "ZI"), (-0.0112, "ZZ"), (0.1809, "XX"))
        repulsion = _row_at(0.735).nuclear_repulsion
        return Hamiltonian(terms, repulsion, ground_energy(terms) + repulsion)
