"""Molecular hydrogen in the minimal STO-3G basis.

The two-qubit form is the parity mapping with two-qubit reduction:
`H = c0 II + cz (IZ - ZI) + czz ZZ + cxx XX`, the electronic part; the nuclear repulsion 1/R is added
to give a total energy. Coefficients and energies in Ha, recomputed from the basis set's integrals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sweeper.errors import ConfigError
from sweeper.problems.instance import Hamiltonian, Instance, Problem


@dataclass(frozen=True)
class _Row:
    """One bond length: nuclear repulsion, Pauli coefficients and the full-CI total energy, in Ha."""

    nuclear_repulsion: float
    c0: float
    cz: float
    czz: float
    cxx: float
    fci: float


_ROWS = {
    0.50: _Row(1.05835442, -0.94770789, 0.58307962, -0.01251643, 0.16887023, -1.05515979),
    0.70: _Row(0.75596744, -1.04391253, 0.42045568, -0.01150740, 0.17900058, -1.13618945),
    0.735: _Row(0.71996899, -1.05237325, 0.39793742, -0.01128010, 0.18093120, -1.13730604),
    0.75: _Row(0.70556961, -1.05540304, 0.38874758, -0.01117714, 0.18177154, -1.13711707),
    1.00: _Row(0.52917721, -1.06924350, 0.26752865, -0.00901493, 0.19679058, -1.10115033),
    2.00: _Row(0.26458861, -0.92855635, 0.06062801, -0.00143110, 0.25913847, -0.94864111),
}


@dataclass
class H2(Problem):
    """H2 at `bond_length` (Å): one of the tabulated lengths."""

    name: ClassVar[str] = "h2"
    makes: ClassVar[type[Instance]] = Hamiltonian

    bond_length: float = 0.735

    def __post_init__(self) -> None:
        if self.bond_length not in _ROWS:
            raise ConfigError(
                f"problem.bond_length={self.bond_length} is not tabulated: choose one of "
                f"{', '.join(f'{length:g}' for length in _ROWS)} (Å)."
            )

    def instance(self) -> Hamiltonian:
        """The two-qubit Hamiltonian with its full-CI energy as the reference."""
        row = _ROWS[self.bond_length]
        terms = ((row.c0, "II"), (row.cz, "IZ"), (-row.cz, "ZI"), (row.czz, "ZZ"), (row.cxx, "XX"))
        return Hamiltonian(terms, row.nuclear_repulsion, row.fci)
