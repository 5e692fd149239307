"""Hamiltonians as problems: H2 against independent numbers, Pauli sums against dense matrices."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import ConfigError
from sweeper.problems.diagonalisation import ground_energy
from sweeper.problems.h2 import H2, H2Tutorial, h2_table
from sweeper.problems.pauli import Pauli, Term

MATRICES = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}
# R, E_nuc, c0, cz, czz, cxx, E_FCI, E_HF: own integrals, confirmed with PySCF and OpenFermion's files.
REFERENCE = [
    (0.50, 1.05835442, -0.94770789, 0.58307962, -0.01251643, 0.16887023, -1.05515979, -1.04299627),
    (0.70, 0.75596744, -1.04391253, 0.42045568, -0.01150740, 0.17900058, -1.13618945, -1.11734903),
    (0.735, 0.71996899, -1.05237325, 0.39793742, -0.01128010, 0.18093120, -1.13730604, -1.11699900),
    (0.75, 0.70556961, -1.05540304, 0.38874758, -0.01117714, 0.18177154, -1.13711707, -1.11615145),
    (1.00, 0.52917721, -1.06924350, 0.26752865, -0.00901493, 0.19679058, -1.10115033, -1.06610865),
    (2.00, 0.26458861, -0.92855635, 0.06062801, -0.00143110, 0.25913847, -0.94864111, -0.78379265),
]


def dense(terms: tuple[tuple[float, str], ...]) -> np.ndarray[tuple[int, int], np.dtype[np.complex128]]:
    return sum(c * reduce(np.kron, [MATRICES[letter] for letter in string]) for c, string in terms)


class TestH2Table:
    @pytest.mark.parametrize("row", REFERENCE, ids=lambda row: f"{row[0]} Å")
    def test_agrees_with_independent_numbers(self, row: tuple[float, ...]) -> None:
        (found,) = [found for found in h2_table() if found.bond_length == row[0]]
        values = (found.nuclear_repulsion, found.c0, found.cz, found.czz, found.cxx)
        # They agree to 1.3e-8, which is what the digits of the Bohr radius make.
        assert (*values, found.full_ci, found.hartree_fock) == pytest.approx(row[1:], abs=1.5e-8)

    def test_covers_the_dissociation_curve(self) -> None:
        lengths = [row.bond_length for row in h2_table()]
        assert lengths == sorted({0.735, *(n / 100 for n in range(30, 301))})

    def test_energies_are_those_of_the_coefficients_in_every_row(self) -> None:
        for row in h2_table():
            hamiltonian = H2(row.bond_length).instance()
            matrix = dense(hamiltonian.terms)
            assert np.linalg.eigvalsh(matrix)[0] + row.nuclear_repulsion == pytest.approx(
                row.full_ci, abs=5e-12
            )
            assert matrix.diagonal().real.min() + row.nuclear_repulsion == pytest.approx(
                row.hartree_fock, abs=5e-12
            )
            assert row.nuclear_repulsion == pytest.approx(0.529177210903 / row.bond_length, abs=1e-8)
            assert hamiltonian.reference == row.full_ci < row.hartree_fock

    def test_has_one_minimum_and_dissociates(self) -> None:
        rows = [row for row in h2_table() if row.bond_length != 0.735]
        lowest = min(rows, key=lambda row: row.full_ci)
        assert lowest.bond_length in {0.73, 0.74}
        slopes = np.sign(np.diff([row.full_ci for row in rows]))
        assert np.count_nonzero(np.diff(slopes)) == 1
        # Two hydrogen atoms in STO-3G: 2 · -0.46658 Ha.
        assert rows[-1].full_ci == pytest.approx(-0.9332, abs=1e-3)

    def test_is_what_the_script_computes(self) -> None:
        pytest.importorskip("pyscf", reason="needs the extra chemistry")
        import runpy

        script = Path(__file__).parents[2] / "scripts" / "h2_table.py"
        row = runpy.run_path(str(script))["row"](1.23)
        (found,) = [found for found in h2_table() if found.bond_length == 1.23]
        for name, value in row.items():
            assert getattr(found, name) == pytest.approx(value, abs=1e-9)


class TestH2:
    @pytest.mark.parametrize("length", [0.1 + 0.2, 0.3, 1.1 * 3 - 0.3, 3.0])
    def test_takes_lengths_as_floating_point_makes_them(self, length: float) -> None:
        assert H2(length).instance() == H2(round(length, 2)).instance()

    @pytest.mark.parametrize("length", [0.29, 3.01, 0.7345, 0.736, -1.0, float("nan"), float("inf")])
    def test_refuses_a_length_off_the_grid(self, length: float) -> None:
        with pytest.raises(ConfigError, match=r"problem.bond_length=.* is not tabulated: .* 0.30 to 3.00 Å"):
            H2(length)

    def test_of_the_tutorial_has_the_reference_of_its_own_terms(self) -> None:
        instance = H2Tutorial().instance()
        assert ground_energy(instance.terms) == pytest.approx(-1.857202, abs=5e-7)
        assert instance.reference == pytest.approx(-1.137233, abs=5e-7)


class TestGroundEnergy:
    @given(st.integers(1, 3), st.data())
    def test_is_the_smallest_eigenvalue(self, qubits: int, data: st.DataObject) -> None:
        strings = st.text("IXYZ", min_size=qubits, max_size=qubits)
        terms = tuple(data.draw(st.lists(st.tuples(st.floats(-9, 9), strings), min_size=1, max_size=12)))
        assert ground_energy(terms) == pytest.approx(np.linalg.eigvalsh(dense(terms))[0], abs=1e-9)

    def test_of_a_chain_too_long_for_dense_matrices(self) -> None:
        """Critical transverse-field Ising ring: E0 = -2 / sin(π / 2n) (Pfeuty 1970)."""
        n = 10
        bonds = ["".join("Z" if k in {i, (i + 1) % n} else "I" for k in range(n)) for i in range(n)]
        fields = ["".join("X" if k == i else "I" for k in range(n)) for i in range(n)]
        terms = tuple((-1.0, string) for string in bonds + fields)
        assert ground_energy(terms) == pytest.approx(-2 / np.sin(np.pi / (2 * n)), abs=1e-9)


class TestPauli:
    def test_takes_terms_and_adds_up_equal_strings(self) -> None:
        problem = Pauli(terms=[Term(0.5, "ZZ"), Term(1.0, "XI"), Term(0.25, "ZZ")], constant=2.0)
        instance = problem.instance()
        assert instance.terms == ((0.75, "ZZ"), (1.0, "XI"))
        assert instance.reference == pytest.approx(2.0 - 1.25)

    def test_leaves_large_ones_without_reference(self) -> None:
        assert Pauli(terms=[Term(1.0, "Z" * 15)]).instance().reference is None
        assert Pauli(terms=[Term(1.0, "Z" * 15)], reference=-1.0).instance().reference == -1.0

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ([Term(1.0, "ZQ")], "problem.terms, term 1: 'ZQ' is not a Pauli string"),
            ([Term(1.0, "zz")], "'zz' is not a Pauli string"),
            ([Term(1.0, "")], "'' is not a Pauli string"),
            ([Term(1.0, "ZZ"), Term(1.0, "Z")], "term 2: 'Z' acts on 1 qubits, but 'ZZ' on 2"),
            ([Term(float("nan"), "Z")], "coefficient nan is not finite"),
        ],
    )
    def test_refuses_malformed_terms(self, terms: list[Term], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            Pauli(terms=terms).instance()

    def test_is_a_small_ising_model_unless_terms_or_a_path_are_given(self) -> None:
        assert len(Pauli().instance().terms[0][1]) == 3
        with pytest.raises(ConfigError, match=r"problem\.terms and problem\.path both give"):
            Pauli(terms=[Term(1.0, "Z")], path="h.yaml")
        with pytest.raises(ConfigError, match=r"problem\.terms has no terms"):
            Pauli(terms=[])

    def test_takes_numbered_qubits(self) -> None:
        assert Pauli(terms=[Term(1.0, "Z0 X2")]).instance().terms == ((1.0, "ZIX"),)

    def test_takes_either_order_of_qubits(self) -> None:
        terms = [Term(1.0, "ZI")]
        assert Pauli(terms=terms).instance() == Pauli(terms=terms, qubit_order="big").instance()
        assert Pauli(terms=terms, qubit_order="little").instance().terms == ((1.0, "IZ"),)
        with pytest.raises(ConfigError, match=r"problem\.qubit_order=big .* number their qubits themselves"):
            Pauli(terms=[Term(1.0, "Z1")], qubit_order="big").instance()

    def test_holds_a_given_reference_against_the_exact_one(self) -> None:
        terms = [Term(1.0, "ZZ"), Term(0.5, "XI")]
        exact = -(1.25**0.5)
        assert Pauli(terms=terms, reference=-1.118).instance().reference == pytest.approx(exact)
        with pytest.raises(ConfigError, match=r"problem\.reference=-1 is not the exact .* is -1\.11803399"):
            Pauli(terms=terms, reference=-1.0).instance()
        with pytest.raises(ConfigError, match=r"problem\.reference=nan is not possible"):
            Pauli(terms=terms, reference=float("nan"))
