"""What a Hamiltonian's file says, and the rules that make Pauli strings of one length of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sweeper.errors import ConfigError
from sweeper.problems.given_file import quoted
from sweeper.problems.instance import LARGEST

QubitOrder = Literal["big", "little"]
"""`big`: the leftmost letter acts on qubit 0, as in Braket. `little`: the rightmost one, as in Qiskit."""

Factors = tuple[tuple[int, str], ...]
"""Qubits with the letter that acts on each, as `Z0 X2` says it."""

_LETTERS = re.compile(r"[IXYZ]+")
_FACTOR = re.compile(r"([IXYZ])_?([0-9]{1,9})")
_FACTORS = re.compile(r"\s*[IXYZ]_?[0-9]{1,9}(\s*[*@]?\s*[IXYZ]_?[0-9]{1,9})*\s*")
_ROUNDING = 1e-12
"""An imaginary part this small beside the real one is rounding."""


@dataclass(frozen=True)
class GivenTerm:
    """A term as it is written.

    Attributes:
        coefficient: In the Hamiltonian's unit.
        string: A letter for each qubit, or qubits with their letters.
        place: Where it stands: `, line 3` or `, term 3`.
    """

    coefficient: complex
    string: str | Factors
    place: str

    @property
    def is_identity(self) -> bool:
        """Whether it acts on no qubit."""
        letters = self.string if isinstance(self.string, str) else [letter for _, letter in self.string]
        return set(letters) <= {"I"}


@dataclass(frozen=True)
class GivenHamiltonian:
    """A Hamiltonian as it is written.

    Attributes:
        terms: In the file's order.
        order: Which letter of a string acts on qubit 0 in this format.
        constant: Energy that the file adds to every energy; None if it has none.
        reference: The exact energy that the file names; None if it names none.
    """

    terms: Sequence[GivenTerm]
    order: QubitOrder = "big"
    constant: float | None = None
    reference: float | None = None


def read_string(text: str) -> str | Factors | None:
    """A Pauli string: `IXZ`, or `X1 Z2`, `X1*Z2`, `X1 @ Z2` with numbers of qubits; None if it is neither."""
    text = " ".join(text.split())
    if _LETTERS.fullmatch(text):
        return text
    if _FACTORS.fullmatch(text):
        return tuple((int(qubit), letter) for letter, qubit in _FACTOR.findall(text))
    return None


def not_a_string(text: str) -> str:
    """What is wrong with a text that is no Pauli string."""
    hint = " (in capital letters)" if read_string(text.upper()) is not None else ""
    return (
        f"{quoted(text)} is not a Pauli string: one of the letters I, X, Y, Z for each qubit{hint}, or Z0 Z2."
    )


def summed(
    terms: Sequence[GivenTerm], order: QubitOrder | None, default: QubitOrder, where: str
) -> tuple[tuple[float, str], ...]:
    """The terms as (coefficient, string), equal strings added up, the leftmost letter acting on qubit 0.

    Args:
        terms: As they are written.
        order: The value of `problem.qubit_order`; None means the order of the format.
        default: The format's own.
        where: Names the config key in messages.

    Raises:
        ConfigError: No term, an imaginary coefficient, strings that do not fit each other, two letters on
            one qubit, too many qubits, or an order where the qubits are numbered.
    """
    if not terms:
        raise ConfigError(f"{where}: the Hamiltonian has no terms.")
    numbered = any(term.string and not isinstance(term.string, str) for term in terms)
    if numbered and order is not None:
        raise ConfigError(
            f"problem.qubit_order={order} is not possible: the terms of {where} number their "
            "qubits themselves."
        )
    first = next((term for term in terms if term.string), terms[0])
    length = _qubits(terms, where) if numbered else len(first.string)
    if length == 0:
        raise ConfigError(f"{where}: the Hamiltonian acts on no qubit.")
    if length > LARGEST:
        raise ConfigError(f"{where}: the Hamiltonian acts on {length} qubits; {LARGEST} are the most.")
    sums: dict[str, float] = {}
    for term in terms:
        string = _spread(term, length, where) if numbered else _fitting(term, first, where)
        if not numbered and (order or default) == "little":
            string = string[::-1]
        sums[string] = sums.get(string, 0.0) + _real(term, where)
    return tuple((coefficient, string) for string, coefficient in sums.items())


def _real(term: GivenTerm, where: str) -> float:
    real, imaginary = term.coefficient.real, term.coefficient.imag
    if abs(imaginary) > _ROUNDING * max(1.0, abs(real)):
        raise ConfigError(
            f"{where}{term.place}: the coefficient {term.coefficient} of {_shown(term)} has an imaginary "
            "part: a Hamiltonian is Hermitian, and a term's coefficient real."
        )
    return real


def _shown(term: GivenTerm) -> str:
    if isinstance(term.string, str):
        return quoted(term.string)
    return quoted(" ".join(f"{letter}{qubit}" for qubit, letter in term.string) or "the identity")


def _fitting(term: GivenTerm, first: GivenTerm, where: str) -> str:
    if not isinstance(term.string, str):
        return "I" * len(first.string)
    if len(term.string) != len(first.string):
        raise ConfigError(
            f"{where}{term.place}: {quoted(term.string)} acts on {len(term.string)} qubits, but "
            f"{_shown(first)} on {len(first.string)}."
        )
    return term.string


def _qubits(terms: Sequence[GivenTerm], where: str) -> int:
    """One more than the largest number of a qubit."""
    for term in terms:
        if isinstance(term.string, str) and not term.is_identity:
            raise ConfigError(
                f"{where}{term.place}: {_shown(term)} has a letter for each qubit, but other terms number "
                "their qubits. Write all terms in one way."
            )
    numbers = [qubit for term in terms if not isinstance(term.string, str) for qubit, _ in term.string]
    return max(numbers, default=-1) + 1


def _spread(term: GivenTerm, length: int, where: str) -> str:
    letters = ["I"] * length
    seen = set()
    for qubit, letter in term.string if not isinstance(term.string, str) else ():
        if qubit in seen:
            raise ConfigError(
                f"{where}{term.place}: {_shown(term)} acts twice on qubit {qubit}. Multiply it out."
            )
        seen.add(qubit)
        letters[qubit] = letter
    return "".join(letters)
