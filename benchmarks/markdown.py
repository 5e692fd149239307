"""Tables as Markdown, the language of `RESULTS.md`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table: the first column aligned left, the others right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def records(rows: Sequence[Any]) -> str:
    """A table of dataclasses, headed by the names of their fields; floats to three digits."""
    values = [asdict(row) for row in rows]
    return table(
        [name.replace("_", " ") for name in values[0]], [[*map(_cell, row.values())] for row in values]
    )


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
