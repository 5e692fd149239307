"""Records as a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any


def table(records: Sequence[Any]) -> str:
    """One row for each record, a dataclass whose field names head the columns; floats to three digits."""
    rows = [asdict(record) for record in records]
    heads = [name.replace("_", " ") for name in rows[0]]
    lines = [heads, ["---"] * len(heads), *([_cell(value) for value in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
