"""Writes `report.html`: one self-contained file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sweeper.comparison.sweep_tables import SweepTables
from sweeper.folder.layout import write_atomically
from sweeper.report import style
from sweeper.report.content import Content, read_content
from sweeper.report.pictures import Picture, kinds

_PAGE = Path(__file__).with_name("page")


def write_report(sweep: SweepTables) -> Path:
    """Write the report of a sweep, finished or running, into its folder."""
    content = read_content(sweep)
    pictures = [
        [picture for draw in kinds() if (picture := draw(part)) is not None] for part in content.parts
    ]
    write_atomically(sweep.folder.report, render(content, pictures).encode())
    return sweep.folder.report


def render(content: Content, pictures: Sequence[Sequence[Picture]]) -> str:
    """The page; `pictures` holds those of each part."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    drawn = any(pictures)
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = _for_script
    return environment.get_template("report.html.j2").render(
        content=content,
        pictures=pictures,
        figures=_figures(pictures),
        templates={
            theme: style.template(dark=theme == "dark").to_plotly_json() for theme in ("light", "dark")
        },
        table={
            **_columns(content.table),
            "outcome": [name in content.outcomes for name in content.table],
            "faulty": content.faulty,
        },
        css=(_PAGE / "report.css").read_text(encoding="utf-8"),
        scripts=[(_PAGE / name).read_text(encoding="utf-8") for name in ("pictures.js", "table.js")],
        plotly=get_plotlyjs() if drawn else "",
    )


def _figures(pictures: Sequence[Sequence[Picture]]) -> list[Any]:
    """Every figure's data and layout, numbered as the page numbers its places."""
    figures = []
    for of_part in pictures:
        for picture in of_part:
            for drawn in picture.figures.values():
                plain = json.loads(drawn.to_json())
                plain["layout"].pop("template", None)  # the page sets it by its theme
                figures.append(plain)
    return figures


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    """The results table by columns; numbers to six digits, as more would be noise."""
    return {
        "names": [str(name).removeprefix("result.") for name in table],
        "numeric": [
            pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
            for name in table
        ],
        "columns": [[_cell(value) for value in table[name]] for name in table],
    }


def _cell(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value if isinstance(value, int | str) else str(value)


def _for_script(value: Any) -> Any:
    """JSON inside of a script element, which only `<` could end."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - cannot leave the element
