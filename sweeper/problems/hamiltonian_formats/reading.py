"""Which format a Hamiltonian's file has."""

from __future__ import annotations

from functools import lru_cache

from sweeper.problems.given_file import GivenFile
from sweeper.problems.hamiltonian_formats import expressions
from sweeper.problems.hamiltonian_formats.given_terms import GivenHamiltonian
from sweeper.problems.hamiltonian_formats.structured import structured

_TEXTS = (
    (expressions.is_qiskit, expressions.qiskit),
    (expressions.is_openfermion, expressions.openfermion),
    (expressions.is_pennylane, expressions.pennylane),
    (expressions.is_lines, expressions.lines),
)
"""What recognises and what reads a text that is neither YAML nor JSON."""


@lru_cache(8)
def read_hamiltonian(file: GivenFile) -> GivenHamiltonian:
    """The Hamiltonian of a file, read once for each content.

    Raises:
        ConfigError: The file holds none; the message names the line.
    """
    file.refuse_too_many_pieces()
    if file.text.lstrip()[:1] not in {"[", "{"}:
        for recognises, read in _TEXTS:
            if recognises(file):
                expressions.refuse_dashes(file)
                return read(file)
    return structured(file)
