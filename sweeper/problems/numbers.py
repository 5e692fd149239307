"""Numbers as people and programs write them into files."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LONGEST = 200
_COMPLEX = re.compile(r"[0-9eEjJ.+-]+")
_WRAPPED = re.compile(r"(?:np|numpy)\.\w+\((.*)\)", re.DOTALL)
_AROUND_SIGN = re.compile(r"\s*([+-])\s*")


def real(value: object) -> float | None:
    """The number that `value` is, or spells in decimal; None if it is not a finite number.

    Python's `float` would also accept `1_000`, `nan`, digits of other scripts and `True`.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value.strip()):
            return None
        value = value.strip()
    elif not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) < float("inf") else None


def whole(text: str) -> int | None:
    """The number 0, 1, 2 … that `text` spells; None if it spells something else."""
    return int(text) if _WHOLE.fullmatch(text) else None


def complex_number(text: str) -> complex | None:
    """The number that `text` spells, as Python prints it: `0.5`, `(0.39+0j)`, `np.complex128(1-2j)`.

    None if it is no finite number.
    """
    if len(text) > _LONGEST:
        return None
    text = _WRAPPED.sub(r"\1", text.strip())
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    text = _AROUND_SIGN.sub(r"\1", text)
    if not _COMPLEX.fullmatch(text):
        return None
    try:
        number = complex(text)
    except ValueError:
        return None
    return number if abs(number.real) < float("inf") and abs(number.imag) < float("inf") else None
