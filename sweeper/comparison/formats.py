"""Tables as text, CSV, Markdown, LaTeX or HTML."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from html import escape

import pandas as pd
from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from sweeper.comparison.display import DisplayTable
from sweeper.results.tables import to_csv

_NOTHING = "No jobs to compare."
_LEFT_OUT = "some columns are left out: a wider terminal or --format csv shows them"
_LATEX_SYMBOLS = {
    "∞": "$\\infty$",
    "≥": "$\\geq$",
    "≤": "$\\leq$",
    "±": "$\\pm$",
    "−": "$-$",
    "→": "$\\to$",
    "|": "$|$",
}
_WIDTH_OF_A_FILE = 240


def renderable(tables: Sequence[DisplayTable], console: Console) -> RenderableType:
    """The tables for a terminal. Optional columns that do not fit are left out, and a note says so."""
    parts: list[RenderableType] = []
    for table in tables:
        if table.title:
            parts.append(Text(table.title, style="bold"))
        names, notes = [str(name) for name in table.text], list(table.notes)
        for name in table.optional:
            if _width(_rich_table(table, names), console) <= console.width:
                break
            if name in names:
                names.remove(name)
                notes = [*table.notes, _LEFT_OUT]
        parts.append(_rich_table(table, names))
        parts += [Text(f"  {note}", style="dim") for note in notes]
        parts.append(Text())
    return Group(*parts[:-1]) if parts else Text(_NOTHING)


def _rich_table(table: DisplayTable, names: Sequence[str]) -> RichTable:
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        shown.add_column(str(name), justify="left" if name in table.left else "right", overflow="fold")
    styles = table.styles or ("",) * len(table.text)
    for row, style in zip(table.text[list(names)].itertuples(index=False), styles, strict=True):
        shown.add_row(*(Text(str(value)) for value in row), style=style)
    return shown


def _width(table: RichTable, console: Console) -> int:
    """Columns of text the table would like to have."""
    return Measurement.get(console, console.options.update(max_width=10_000), table).maximum


def as_text(tables: Sequence[DisplayTable]) -> str:
    """Plain text, as the terminal shows it."""
    text = io.StringIO()
    console = Console(file=text, width=_WIDTH_OF_A_FILE, highlight=False, markup=False, emoji=False)
    console.print(renderable(tables, console))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def as_csv(tables: Sequence[DisplayTable]) -> str:
    """Every column at full precision, all tables in one."""
    frames = [table.data for table in tables]
    return to_csv(pd.concat(frames, ignore_index=True)).rstrip("\n") if frames else ""


def as_markdown(tables: Sequence[DisplayTable]) -> str:
    """Markdown tables, each with its notes below it."""
    return _one_by_one(tables, _markdown_table, "### {}\n", "- {}")


def as_latex(tables: Sequence[DisplayTable]) -> str:
    """One `tabular` (package booktabs) for each table, with its notes as comments."""
    return _one_by_one(tables, _latex_table, "% {}\n", "% {}")


def as_html(tables: Sequence[DisplayTable]) -> str:
    """Tables as a notebook shows them."""
    parts = []
    for table in tables:
        if table.title:
            parts.append(f"<h4>{escape(table.title)}</h4>")
        parts.append(table.text.to_html(index=False, border=0))
        notes = "".join(f"<li>{escape(note)}</li>" for note in table.notes)
        parts.append(f"<ul style='opacity:.75;font-size:smaller'>{notes}</ul>" if notes else "")
    return "\n".join(parts) or f"<p>{_NOTHING}</p>"


FORMATS: Mapping[str, Callable[[Sequence[DisplayTable]], str]] = {
    "text": as_text,
    "csv": as_csv,
    "markdown": as_markdown,
    "latex": as_latex,
}


def _markdown_table(frame: pd.DataFrame) -> str:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(v).replace("|", "\\|") for v in row) + " |" for row in rows)


def _latex_table(frame: pd.DataFrame) -> str:
    styler = frame.style.format(escape="latex").format_index(escape="latex", axis=1).hide(axis=0)
    text = str(styler.to_latex(hrules=True))
    for symbol, command in _LATEX_SYMBOLS.items():
        text = text.replace(symbol, command)
    return text.rstrip()


def _one_by_one(
    tables: Sequence[DisplayTable], write: Callable[[pd.DataFrame], str], title: str, note: str
) -> str:
    parts = []
    for table in tables:
        if table.title:
            parts.append(title.format(table.title))
        parts += [write(table.text), "", *(note.format(text) for text in table.notes), ""]
    return "\n".join(parts).rstrip() or _NOTHING
