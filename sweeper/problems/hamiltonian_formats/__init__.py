"""Hamiltonian files. The format is recognised by the content, and defines the order of the qubits."""

from sweeper.problems.hamiltonian_formats.given_terms import (
    GivenTerm,
    QubitOrder,
    not_a_string,
    read_string,
    summed,
)
from sweeper.problems.hamiltonian_formats.reading import read_hamiltonian

__all__ = ["GivenTerm", "QubitOrder", "not_a_string", "read_hamiltonian", "read_string", "summed"]
