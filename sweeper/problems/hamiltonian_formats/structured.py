"""Hamiltonians as lists and mappings: our own, Qiskit's `to_list` and `to_sparse_list`, labels."""

from __future__ import annotations

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, quoted
from sweeper.problems.hamiltonian_formats.given_terms import (
    GivenHamiltonian,
    GivenTerm,
    QubitOrder,
    not_a_string,
    read_string,
)
from sweeper.problems.hamiltonian_formats.nodes import Node, read_nodes
from sweeper.problems.numbers import complex_number, whole

_BESIDE = ("constant", "reference")
"""Keys that may stand beside the terms."""
_NOTHING = {"", "~", "null", "Null", "NULL", "None"}


def structured(file: GivenFile) -> GivenHamiltonian:
    """The Hamiltonian of a YAML or JSON file, or of a list as Python prints it.

    Raises:
        ConfigError: Something in it is no term, or a key means nothing here.
    """
    root = read_nodes(file)
    if root is None:
        raise _expected(file)
    if not isinstance(root.value, dict):
        terms, order = _terms(file, root)
        return GivenHamiltonian(terms, order)
    beside = {key: node for key, node in root.value.items() if key in _BESIDE}
    rest = {key: node for key, node in root.value.items() if key not in _BESIDE}
    if set(rest) == {"terms"} or set(rest) == {"paulis"}:
        terms, order = _terms(file, next(iter(rest.values())))
    else:
        _refuse_unknown(file, rest)
        terms, order = _terms(file, Node(rest, root.line))
    return GivenHamiltonian(terms, order, *(_number_beside(file, key, beside.get(key)) for key in _BESIDE))


def _expected(file: GivenFile) -> ConfigError:
    return ConfigError(
        f"{file.where}: expected a list of {{coefficient: …, string: …}}, `terms:` with one, a mapping "
        "{ZZ: 0.5, …}, or what Qiskit, OpenFermion and PennyLane write."
    )


def _refuse_unknown(file: GivenFile, keys: dict[str, Node]) -> None:
    for key, node in keys.items():
        if key in {"terms", "paulis"} or not key or read_string(key) is not None:
            continue
        if "terms" in keys or "paulis" in keys:
            raise ConfigError(
                f"{file.where}{node.place}: the key {quoted(key)} means nothing here: beside the terms there "
                f"may be {' and '.join(_BESIDE)}."
            )
        raise ConfigError(f"{file.where}{node.place}: {not_a_string(key)}")
    if "terms" in keys or "paulis" in keys:
        raise ConfigError(
            f"{file.where}: terms are given under `terms` and beside it. Write them in one place."
        )


def _number_beside(file: GivenFile, key: str, node: Node | None) -> float | None:
    if node is None or (isinstance(node.value, str) and node.value in _NOTHING):
        return None
    number = _coefficient(node)
    if number is None or number.imag:
        raise ConfigError(f"{file.where}{node.place}: {key}: {node} is no finite number.")
    return number.real


def _terms(file: GivenFile, node: Node) -> tuple[list[GivenTerm], QubitOrder]:
    """The terms, and which letter acts on qubit 0 in the format that they have."""
    if isinstance(node.value, dict):
        return [_labelled(file, label, value) for label, value in node.value.items()], "big"
    if isinstance(node.value, str) or not node.value:
        raise _expected(file)
    terms, orders = [], []
    for at, item in enumerate(node.value, 1):
        term, order = _term(file, item, at)
        terms.append(term)
        orders.append(order)
        if order != orders[0]:
            raise ConfigError(
                f"{file.where}{term.place}: {item} is written in another way than the terms before it."
            )
    return terms, orders[0]


def _term(file: GivenFile, item: Node, at: int) -> tuple[GivenTerm, QubitOrder]:
    place = item.place or f", term {at}"
    if isinstance(item.value, dict):
        # `label` and `coeff` are the words of Qiskit, with its order.
        for words, order in ((("string", "coefficient"), "big"), (("label", "coeff"), "little")):
            if set(item.value) == set(words):
                text, number = (item.value[word] for word in words)
                return _made(file, text, number, place, item), "big" if order == "big" else "little"
    elif isinstance(item.value, list) and len(item.value) == 2:
        first, second = item.value
        # Qiskit's `to_list` has the label first; the number first is how everybody else says it.
        if isinstance(first.value, str) and _coefficient(first) is None:
            return _made(file, first, second, place, item), "little"
        return _made(file, second, first, place, item), "big"
    elif isinstance(item.value, list) and len(item.value) == 3 and isinstance(item.value[1].value, list):
        return _sparse(file, item, place), "big"
    raise ConfigError(
        f"{file.where}{place}: {item} is not a term such as {{coefficient: 0.5, string: ZZ}} or [ZZ, 0.5]."
    )


def _labelled(file: GivenFile, label: str, value: Node) -> GivenTerm:
    return _made(file, Node(label, value.line), value, value.place or f", term {quoted(label)}", value)


def _made(file: GivenFile, text: Node, number: Node, place: str, item: Node) -> GivenTerm:
    if not isinstance(text.value, str):
        raise ConfigError(
            f"{file.where}{place}: {item} is not a term such as {{coefficient: 0.5, string: ZZ}}."
        )
    # An empty label is the identity where terms number their qubits.
    string = read_string(text.value) if text.value else ()
    coefficient = _coefficient(number)
    if string is None:
        raise ConfigError(f"{file.where}{place}: {not_a_string(text.value)}")
    if coefficient is None:
        raise ConfigError(
            f"{file.where}{place}: the coefficient {number} of {quoted(text.value)} is no finite number."
        )
    return GivenTerm(coefficient, string, place)


def _sparse(file: GivenFile, item: Node, place: str) -> GivenTerm:
    """Qiskit's `to_sparse_list`: the first letter acts on the first qubit of the list."""
    assert isinstance(item.value, list)
    letters, listed, number = item.value
    qubits = listed.value if isinstance(listed.value, list) else []
    numbers = [whole(qubit.value) if isinstance(qubit.value, str) else None for qubit in qubits]
    coefficient = _coefficient(number)
    known = [qubit for qubit in numbers if qubit is not None]
    if not isinstance(letters.value, str) or len(letters.value) != len(known) or len(known) < len(numbers):
        raise ConfigError(f"{file.where}{place}: {item} has not one number of a qubit for each letter.")
    if coefficient is None or not set(letters.value) <= set("IXYZ"):
        raise ConfigError(f"{file.where}{place}: {item} is not a term such as [ZZ, [0, 2], 0.5].")
    return GivenTerm(coefficient, tuple(zip(known, letters.value, strict=True)), place)


def _coefficient(node: Node) -> complex | None:
    """A number, or its two parts as `[real, imaginary]` or `{real: …, imag: …}`."""
    if isinstance(node.value, str):
        return complex_number(node.value)
    parts = node.value
    if isinstance(parts, dict):
        if set(parts) not in ({"real", "imag"}, {"re", "im"}):
            return None
        real, imaginary = parts.get("real", parts.get("re")), parts.get("imag", parts.get("im"))
    elif len(parts) == 2:
        real, imaginary = parts
    else:
        return None
    numbers = [
        complex_number(part.value) if part is not None and isinstance(part.value, str) else None
        for part in (real, imaginary)
    ]
    if numbers[0] is None or numbers[1] is None or numbers[0].imag or numbers[1].imag:
        return None
    return complex(numbers[0].real, numbers[1].real)
