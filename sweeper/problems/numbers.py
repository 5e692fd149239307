"""Numbers as people and programs write them into files."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def real(value: object) -> float | None:
    """The number that `value` is or spells in decimal; none if it is no finite number.

    Python's own `float` also takes `1_000`, `nan`, other scripts' digits and `True`, which nobody means here.
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
    """The number 0, 1, 2 … that `text` spells; none if it spells something else."""
    return int(text) if _WHOLE.fullmatch(text) else None
