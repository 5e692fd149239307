"""Hamiltonians as text: what `print` shows of OpenFermion's, PennyLane's and Qiskit's operators."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, quoted
from sweeper.problems.hamiltonian_formats.given_terms import (
    Factors,
    GivenHamiltonian,
    GivenTerm,
    not_a_string,
    read_string,
)
from sweeper.problems.numbers import complex_number, whole

_NUMBER = r"[0-9.]+(?:[eE][+-]?[0-9]+)?j?"
_COEFFICIENT = rf"\([^()\[\]]*\)|{_NUMBER}(?:[+-]{_NUMBER})?"
_BRACKETED = re.compile(rf"\s*((?:[+-]\s*)*)({_COEFFICIENT})\s*(?:\*\s*)?\[([^\[\]]*)\]\s*")
_OPERATOR = re.compile(r"\s*QubitOperator:\s*")
_TITLE = re.compile(r"\s*(Qubit|Fermion|Majorana|Boson|Quad)\w*Operator:")
_CALL = re.compile(r"\b(I|X|Y|Z|Identity|Pauli[XYZ])\s*\(")
_QISKIT = re.compile(r"\s*SparsePauliOp\s*\(\s*(\[.*?\])\s*,\s*coeffs\s*=\s*\[(.*?)\]\s*\)\s*", re.DOTALL)
_WORD = re.compile(rf"{_NUMBER}|\w+|\s+|.", re.DOTALL)
_JOINT = re.compile(r"[\s+]*")
_COMMENT = re.compile(r"(^|\s)#.*", re.MULTILINE)
_LINE_OF_STRING = re.compile(
    rf"([+-]?) ?({_COEFFICIENT})? ?\*? ?([IXYZ][IXYZ0-9_*@ ]*?)(?: ([+-]?(?:{_COEFFICIENT})))?"
)

_LETTERS = {"Identity": "I", "PauliX": "X", "PauliY": "Y", "PauliZ": "Z", **{p: p for p in "IXYZ"}}


def is_openfermion(file: GivenFile) -> bool:
    """Whether the text begins with a coefficient and operators in brackets."""
    return bool(_TITLE.match(file.text) or _BRACKETED.match(_code(file)))


def openfermion(file: GivenFile) -> GivenHamiltonian:
    """What `str` shows of OpenFermion's QubitOperator, and of PennyLane's Hamiltonian before version 0.36.

    `-1.05 [] + 0.39 [Z0] + (0.1+0j) [X0 Y2]`: the numbers are those of the qubits.

    Raises:
        ConfigError: Something is no such term, or an operator of fermions.
    """
    text = _code(file)
    if _TITLE.match(text) and not _OPERATOR.match(text):
        raise _fermions(file, 1)
    place_of = _Places(text)
    position = found.end() if (found := _OPERATOR.match(text)) else 0
    text = text.rstrip()
    terms: list[GivenTerm] = []
    while position < len(text):
        match = _BRACKETED.match(text, position)
        place = place_of(position)
        if match is None or (terms and not match.group(1)):
            raise ConfigError(
                f"{file.where}{place}: {quoted(text[position : position + 60])} is not a term such as "
                "0.5 [X0 Z2], with + before the next one."
            )
        terms.append(_bracketed(file, match, place))
        position = match.end()
    return GivenHamiltonian(terms)


def _bracketed(file: GivenFile, match: re.Match[str], place: str) -> GivenTerm:
    signs, number, operators = match.groups()
    coefficient = complex_number(number)
    if coefficient is None:
        raise ConfigError(f"{file.where}{place}: {quoted(number)} is no finite number.")
    if "^" in operators or (operators.strip() and all(whole(word) is not None for word in operators.split())):
        raise _fermions(file, int(place.removeprefix(", line ")))
    string = read_string(operators) if operators.strip() else ()
    if string is None or isinstance(string, str):
        raise ConfigError(
            f"{file.where}{place}: {quoted('[' + operators + ']')} are no operators such as [X0 Z2]."
        )
    return GivenTerm(-coefficient if signs.count("-") % 2 else coefficient, string, place)


def _fermions(file: GivenFile, line: int) -> ConfigError:
    return file.refusal(line, "an operator of fermions. Map it to qubits first (jordan_wigner).")


def is_pennylane(file: GivenFile) -> bool:
    """Whether operators on wires are called in the text, which is no mapping."""
    code = _code(file)
    return bool(_CALL.search(code)) and ":" not in code


def pennylane(file: GivenFile) -> GivenHamiltonian:
    """What `print` shows of PennyLane's operators: `0.39 * Z(0) + -0.01 * (Z(0) @ Z(1))`; wires are qubits.

    Raises:
        ConfigError: A term is no product of a number and Pauli operators on numbered wires.
    """
    text = _code(file)
    place_of = _Places(text)
    terms = []
    for sign, position, term in _addends(text):
        place = place_of(position)
        try:
            coefficient, factors = _product(ast.parse(term.strip(), mode="eval").body)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            fault = str(error) if type(error) is ValueError else "it cannot be read"
            raise ConfigError(
                f"{file.where}{place}: {quoted(term)} is not a term such as 0.5 * (X(0) @ Z(2)): {fault}."
            ) from None
        terms.append(GivenTerm(sign * coefficient, factors, place))
    return GivenHamiltonian(terms)


def _addends(text: str) -> Iterator[tuple[int, int, str]]:
    """The terms of a sum, each with its sign and where it begins."""
    start, stripped = 0, text.strip()
    if stripped.startswith("(") and _closing(stripped) == len(stripped) - 1:
        # `repr` wraps the whole sum.
        start = text.index("(") + 1
        text = text[:start].replace("(", " ") + text.rstrip()[start:-1]
    deep, sign, began, last = 0, 1, start, ""
    for match in _WORD.finditer(text, start):
        word = match.group()
        deep += (word == "(") - (word == ")")
        # Behind an operator or at the beginning a sign belongs to the number that follows.
        if word in {"+", "-"} and deep == 0 and last not in {"*", "@", "+", "-", ""}:
            yield sign, _begin(text, began), text[began : match.start()]
            sign, began, last = (-1 if word == "-" else 1), match.end(), ""
        elif not word.isspace():
            last = word
    yield sign, _begin(text, began), text[began:]


def _closing(text: str) -> int:
    """Where the parenthesis closes that the text begins with."""
    deep = 0
    for at, letter in enumerate(text):
        deep += (letter == "(") - (letter == ")")
        if deep == 0:
            return at
    return -1


def _begin(text: str, position: int) -> int:
    """Where a term begins, behind blanks and the sign that joins it to the one before."""
    found = _JOINT.match(text, position)
    return found.end() if found else position


def _product(tree: ast.expr) -> tuple[complex, Factors]:
    """A number and the operators it multiplies; ValueError says what else is there."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.MatMult)):
        left, right = _product(tree.left), _product(tree.right)
        return left[0] * right[0], left[1] + right[1]
    number = complex_number(ast.unparse(tree)) if not isinstance(tree, (ast.Name, ast.Call)) else None
    if number is not None:
        return number, ()
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, (ast.USub, ast.UAdd)):
        coefficient, factors = _product(tree.operand)
        return -coefficient if isinstance(tree.op, ast.USub) else coefficient, factors
    if isinstance(tree, ast.Name) and tree.id in {"I", "Identity"}:
        return 1.0, ()
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        keywords = [word.value for word in tree.keywords if word.arg == "wires"]
        if len(keywords) < len(tree.keywords):
            raise ValueError("an operator has its wires and nothing else")
        return 1.0, _operator(tree.func.id, tree.args + keywords)
    is_sum = isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub))
    raise ValueError(
        "there is a sum inside it, which PennyLane's simplify() multiplies out"
        if is_sum
        else "it is no product of a number and Pauli operators"
    )


def _operator(name: str, wires: list[ast.expr]) -> Factors:
    letter = _LETTERS.get(name)
    if letter is None:
        raise ValueError(f"{name} is no Pauli operator")
    if letter == "I":
        return ()
    number = whole(ast.unparse(wires[0]).strip("[]")) if len(wires) == 1 else None
    if number is None or number >= 10**9:
        raise ValueError("a wire is a number, 0, 1, 2 …")
    return ((number, letter),)


def is_qiskit(file: GivenFile) -> bool:
    """Whether this is what Qiskit prints of an operator."""
    return file.text.lstrip().startswith("SparsePauliOp")


def qiskit(file: GivenFile) -> GivenHamiltonian:
    """What `print` shows of Qiskit's SparsePauliOp, rounded to eight digits; the rightmost letter is qubit 0.

    Raises:
        ConfigError: It is cut short, or labels and coefficients do not match.
    """
    whole_text = "..." not in file.text and file.text.count("coeffs") == 1
    match = _QISKIT.fullmatch(file.text) if whole_text else None
    if match is None:
        raise ConfigError(
            f"{file.where}: this SparsePauliOp is not complete. Write json.dumps of its terms: "
            "[[label, coefficient.real] for label, coefficient in op.to_list()]."
        )
    labels = re.findall(r"'([^']*)'", match.group(1))
    numbers = [number.strip() for number in match.group(2).replace("\n", " ").split(",") if number.strip()]
    if len(labels) != len(numbers):
        raise ConfigError(f"{file.where}: {len(labels)} labels have {len(numbers)} coefficients.")
    terms = []
    for at, (label, number) in enumerate(zip(labels, numbers, strict=True), 1):
        string, coefficient = read_string(label), complex_number(number)
        if string is None:
            raise ConfigError(f"{file.where}, term {at}: {not_a_string(label)}")
        if coefficient is None:
            raise ConfigError(f"{file.where}, term {at}: {quoted(number)} is no finite number.")
        terms.append(GivenTerm(coefficient, string, f", term {at}"))
    return GivenHamiltonian(terms, "little")


def is_lines(file: GivenFile) -> bool:
    """Whether the first line that is no comment begins with a number and a Pauli string, or the reverse."""
    first = next((line for line in _code(file).split("\n") if line.strip()), "")
    match = next(_matches(first), (None, ""))[0] if ":" not in first else None
    return match is not None and bool(match.group(2) or match.group(4))


def lines(file: GivenFile) -> GivenHamiltonian:
    """Terms on lines, between commas or in a sum: `-1.05 II`, `0.39 * Z0 Z2 + 0.3 X1`, or `II -1.05`.

    Raises:
        ConfigError: A line has something else.
    """
    terms = []
    for number, line in enumerate(_code(file).split("\n"), start=1):
        for match, piece in _matches(line):
            string = read_string(match.group(3)) if match else None
            found = [text for text in (match.group(2), match.group(4)) if text] if match else []
            coefficient = complex_number(found[0]) if len(found) == 1 else None
            if match is None or string is None or coefficient is None:
                raise file.refusal(number, f"{quoted(piece)} is not a term such as 0.5 ZZ or 0.5 Z0 Z2.")
            terms.append(
                GivenTerm(-coefficient if match.group(1) == "-" else coefficient, string, f", line {number}")
            )
    return GivenHamiltonian(terms)


def refuse_dashes(file: GivenFile) -> None:
    """Refuse `- 0.5 ZZ` on every line: a list of texts in YAML, a sum of negative terms elsewhere.

    Raises:
        ConfigError: Each line is one term behind a dash and a blank.
    """
    lines = [(number, line) for number, line in enumerate(_code(file).split("\n"), 1) if line.strip()]
    if all(re.match(r"\s*-\s", line) and len(list(_matches(line))) == 1 for _, line in lines):
        number, line = lines[0]
        bare = line.strip().removeprefix("-").strip()
        raise file.refusal(
            number,
            f"{quoted(line)} has two readings, as every line begins with a dash: a list in YAML, or terms "
            f"with a minus. Write '{bare}' for the one, '-{bare}' without the blank for the other.",
        )


def _matches(line: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """The terms of a line as they match, each with its text."""
    for piece in line.split(","):
        text = _plain(piece)
        match = _LINE_OF_STRING.fullmatch(text)
        if match or not text:
            # The number may also stand behind its string, where its sign joins no terms.
            yield from [(match, text)] if text else []
            continue
        for sign, _, addend in _addends(text):
            signed = ("-" if sign < 0 else "") + _plain(addend)
            yield _LINE_OF_STRING.fullmatch(signed), signed


def _code(file: GivenFile) -> str:
    """The text without comments, its lines where they were."""
    return _COMMENT.sub("", file.text)


def _plain(piece: str) -> str:
    """A term with single blanks, without the sign that joins it to the next one."""
    return " ".join(piece.split()).rstrip(" +")


class _Places:
    """Lines of positions in a text, found without counting from its beginning each time."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def __call__(self, position: int) -> str:
        """`, line 3` of the term that begins at a position or behind it."""
        return f", line {bisect_right(self._ends, _begin(self._text, position) - 1) + 1}"
