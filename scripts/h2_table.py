"""Make `sweeper/problems/data/h2_sto3g.csv`: molecular hydrogen in STO-3G at every tabulated bond length.

Needs the extra `chemistry` (PySCF): `python scripts/h2_table.py`. The integrals are PySCF's; the mapping is
written out here. With one electron of each spin in the orbitals g and u, the determinants gg, uu, gu, ug have
the diagonal energies below, and the exchange integral K couples gg with uu and gu with ug. The parity mapping
with two-qubit reduction (Bravyi et al., arXiv:1701.08213) writes these four as 01, 10, 00, 11.
Every row is checked against PySCF's own full-CI solver before the table is written.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from pyscf import ao2mo, fci, gto, scf

TABLE = Path(__file__).parents[1] / "sweeper" / "problems" / "data" / "h2_sto3g.csv"
COLUMNS = ("bond_length", "nuclear_repulsion", "c0", "cz", "czz", "cxx", "hartree_fock", "full_ci")
BOND_LENGTHS = sorted({0.735, *(hundredth / 100 for hundredth in range(30, 301))})
"""Å."""


def row(bond_length: float) -> dict[str, float]:
    """Coefficients and energies in Ha at a bond length in Å.

    Raises:
        RuntimeError: The two-qubit form disagrees with PySCF's Hartree-Fock or full-CI energy.
    """
    atoms = f"H 0 0 0; H 0 0 {bond_length}"
    molecule = gto.M(atom=atoms, basis="sto-3g", unit="Angstrom", symmetry=True, verbose=0)
    # g is the symmetric combination of the atoms' orbitals, u the antisymmetric one: symmetry leaves no
    # choice, so no self-consistent iteration (which can go astray at long bonds) is needed.
    overlap = molecule.intor("int1e_ovlp")[0, 1]
    orbitals = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2.0 * (1.0 + np.array([overlap, -overlap])))
    one = orbitals.T @ scf.hf.get_hcore(molecule) @ orbitals
    two = ao2mo.restore(1, ao2mo.kernel(molecule, orbitals), 2)

    gg = 2 * one[0, 0] + two[0, 0, 0, 0]
    uu = 2 * one[1, 1] + two[1, 1, 1, 1]
    gu = one[0, 0] + one[1, 1] + two[0, 0, 1, 1]
    exchange = two[0, 1, 0, 1]
    nuclear_repulsion = molecule.energy_nuc()
    electronic = (gg + uu) / 2 - math.hypot((uu - gg) / 2, exchange)

    energy, _ = fci.direct_spin0.kernel(one, two, 2, (1, 1), tol=1e-13)
    if abs(energy - electronic) > 1e-9:
        raise RuntimeError(f"{bond_length} Å: full CI gives {energy}, the two-qubit form {electronic}.")
    hartree_fock = scf.RHF(molecule).run(conv_tol=1e-12).e_tot
    if abs(hartree_fock - gg - nuclear_repulsion) > 1e-8:
        raise RuntimeError(f"{bond_length} Å: Hartree-Fock gives {hartree_fock}, the determinant {gg}.")
    return {
        "bond_length": bond_length,
        "nuclear_repulsion": nuclear_repulsion,
        "c0": (gg + uu + 2 * gu) / 4,
        "cz": (uu - gg) / 4,
        "czz": (2 * gu - gg - uu) / 4,
        "cxx": exchange,
        "hartree_fock": gg + nuclear_repulsion,
        "full_ci": electronic + nuclear_repulsion,
    }


def main() -> None:
    """Write the table."""
    TABLE.parent.mkdir(exist_ok=True)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for bond_length in BOND_LENGTHS:
            values = row(bond_length)
            writer.writerow([f"{bond_length:g}", *(f"{values[name]:.12f}" for name in COLUMNS[1:])])


if __name__ == "__main__":
    main()
