"""Measuring all qubits of a state vector many times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from qulacs import QuantumState


@dataclass(frozen=True)
class Counts:
    """How often each outcome was measured.

    Attributes:
        outcomes: Different indices of basis states in rising order, shape (outcomes,).
        counts: Of each, shape (outcomes,).
    """

    outcomes: NDArray[np.int64]
    counts: NDArray[np.int64]

    def of_bits(self, places: list[int]) -> Counts:
        """Of some of the bits alone: the first place of the result is its most significant bit."""
        indices = np.zeros_like(self.outcomes)
        for place in places:
            indices = indices << 1 | self.outcomes >> place & 1
        outcomes, inverse = np.unique(indices, return_inverse=True)
        counts = np.zeros(len(outcomes), dtype=np.int64)
        np.add.at(counts, inverse, self.counts)
        return Counts(outcomes, counts)


def sample(state: QuantumState, shots: int, rng: np.random.Generator) -> Counts:
    """Draw shots from a state, all by one generator."""
    dimension = 1 << state.get_qubit_count()
    if dimension <= shots:
        probabilities = probabilities_of(state)
        counts = rng.multinomial(shots, probabilities / probabilities.sum())
        outcomes = counts.nonzero()[0]
        return Counts(outcomes, counts[outcomes])
    drawn = np.fromiter(state.sampling(shots, _seed(rng)), np.uint64, shots)
    # Rounding can put the sum of all probabilities below a random number close to one.
    np.minimum(drawn, dimension - 1, out=drawn)
    return Counts(*np.unique(drawn.astype(np.int64), return_counts=True))


def probabilities_of(state: QuantumState) -> NDArray[np.float64]:
    """Of every basis state, shape (2**qubits,)."""
    amplitudes = state.get_vector()
    probabilities: NDArray[np.float64] = amplitudes.real**2 + amplitudes.imag**2
    return probabilities


def _seed(rng: np.random.Generator) -> int:
    return int(rng.bit_generator.random_raw()) >> 33  # qulacs takes 31 bits
