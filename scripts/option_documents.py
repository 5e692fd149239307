"""Writes what is made from the options: the tables in docs/algorithms.md, and the schemas for editors.

python -m algorithms.describe && python -m scripts.option_documents
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scripts import editor_schemas
from sweeper.config.algorithm import QaoaMaxcut, Script, Vqe
from sweeper.config.described import FromSource, Option
from sweeper.config.device import Device, Noise
from sweeper.config.execution import ShotsSchedule, Stop, Tasks, Warmup
from sweeper.config.instance import Instance
from sweeper.config.optimizer import OPTIMIZERS
from sweeper.config.root import SweepConfig
from sweeper.problems import PROBLEMS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "algorithms.md"
SCHEMAS = ROOT / "conf" / "schemas"

_TABLES: Mapping[str, Iterable[type[FromSource]]] = {
    "vqe": [Vqe],
    "qaoa_maxcut": [QaoaMaxcut],
    "optimizers": OPTIMIZERS.values(),
    "execution": [Stop, ShotsSchedule, Tasks, Warmup, Noise],
}


def files() -> dict[Path, str]:
    """Every file with the content that it should have."""
    page = DOCS.read_text(encoding="utf-8")
    for name, schemas in _TABLES.items():
        marks = f"<!-- options of {name}: begin -->\n", f"<!-- options of {name}: end -->"
        pattern = re.compile(f"({re.escape(marks[0])}).*?({re.escape(marks[1])})", re.DOTALL)
        if not pattern.search(page):
            raise ValueError(f"{DOCS} has no place for the options of {name}: {marks[0].strip()}")
        table = _table(schemas)
        page = pattern.sub(lambda found, table=table: f"{found[1]}{table}{found[2]}", page)
    groups: dict[str, Iterable[type]] = {
        "config": [SweepConfig],
        "algorithm": [Vqe, QaoaMaxcut, Script],
        "device": [Device],
        "instance": [Instance],
        "optimizer": OPTIMIZERS.values(),
        "problem": PROBLEMS.values(),
    }
    made = {SCHEMAS / f"{group}.json": editor_schemas.of_file(schemas) for group, schemas in groups.items()}
    return {
        DOCS: page,
        **{path: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for path, schema in made.items()},
    }


def _table(schemas: Iterable[type[FromSource]]) -> str:
    lines = ["| key | default | values | what it is |", "|---|---|---|---|"]
    for schema in schemas:
        owner = getattr(schema, "method", "")
        if owner:
            lines.append(f"| **`optimizer={owner}`** | | | {schema.__doc__} |")
        for key, option in schema.options.items():
            default = "null" if option.default is None else str(option.default).lower()
            values = _values(option)
            lines.append(f"| `{schema.prefix}{key}` | `{default}` | {values} | {option.text} |")
    return "\n".join(lines) + "\n"


def _values(option: Option) -> str:
    if option.choices:
        return ", ".join(f"`{each}`{f' ({text})' if text else ''}" for each, text in option.choices.items())
    parts: list[Any] = [
        option.bounds or option.expected or "",
        option.unit,
        "null" if option.nullable else "",
    ]
    return "; ".join(str(part) for part in parts if part)


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
