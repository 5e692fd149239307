"""Exact ground-state energies of sums of Pauli strings."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MOST_QUBITS = 14
"""Largest Hamiltonian that is diagonalised: 2^14 amplitudes, some seconds."""

_DENSE_QUBITS = 6


@cache
def ground_energy(terms: tuple[tuple[float, str], ...]) -> float:
    """Smallest eigenvalue of `Σ coefficient · string`, the leftmost letter acting on qubit 0.

    Args:
        terms: At most `MOST_QUBITS` letters in each string, all of the same length.
    """
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import eigsh

    qubits = len(terms[0][1])
    states = np.arange(2**qubits)
    matrix = csr_array((len(states), len(states)), dtype=complex)
    for flips, amplitudes in _by_flips(terms, states).items():
        # A string takes |k⟩ to a phase times |k xor flips⟩.
        matrix = matrix + csr_array((amplitudes, (states ^ flips, states)), shape=matrix.shape)
    if qubits <= _DENSE_QUBITS:
        return float(np.linalg.eigvalsh(matrix.toarray())[0])
    start = np.random.default_rng(0).normal(size=len(states)).astype(complex)
    (energy,) = eigsh(matrix, k=1, which="SA", v0=start, tol=0, return_eigenvectors=False)
    return float(energy)


def _by_flips(
    terms: tuple[tuple[float, str], ...], states: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> dict[int, np.ndarray[tuple[int], np.dtype[np.complex128]]]:
    """For each set of flipped qubits (a bit mask) what every basis state is multiplied with, summed."""
    import numpy as np

    sums: dict[int, np.ndarray[tuple[int], np.dtype[np.complex128]]] = {}
    for coefficient, paulis in terms:
        flips = int("".join("1" if letter in "XY" else "0" for letter in paulis), 2)
        signs = int("".join("1" if letter in "ZY" else "0" for letter in paulis), 2)
        parity = sum((states & signs) >> bit & 1 for bit in range(len(paulis))) % 2
        # Y = i X Z.
        phases = coefficient * 1j ** paulis.count("Y") * (1.0 - 2.0 * parity)
        sums[flips] = sums.get(flips, np.zeros(len(states), dtype=complex)) + phases
    return sums
