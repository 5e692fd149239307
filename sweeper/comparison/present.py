"""Tables as text, CSV, Markdown, LaTeX or HTML."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from html import escape

import pandas as pd
from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sweeper.comparison.blocks import Block
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


def renderable(blocks: Sequence[Block], console: Console) -> RenderableType:
    """For a terminal; what it is too narrow for is left out, and that is said."""
    parts: list[RenderableType] = []
    for block in blocks:
        if block.title:
            parts.append(Text(block.title, style="bold"))
        names, notes = [str(name) for name in block.shown], list(block.notes)
        for name in block.optional:
            if _width(_table(block, names), console) <= console.width:
                break
            if name in names:
                names.remove(name)
                notes = [*block.notes, _LEFT_OUT]
        parts.append(_table(block, names))
        parts += [Text(f"  {note}", style="dim") for note in notes]
        parts.append(Text())
    return Group(*parts[:-1]) if parts else Text(_NOTHING)


def _table(block: Block, names: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(str(name), justify="left" if name in block.left else "right", overflow="fold")
    styles = block.styles or ("",) * len(block.shown)
    for row, style in zip(block.shown[list(names)].itertuples(index=False), styles, strict=True):
        table.add_row(*(Text(str(value)) for value in row), style=style)
    return table


def _width(table: Table, console: Console) -> int:
    """Columns of text the table would like to have."""
    return Measurement.get(console, console.options.update(max_width=10_000), table).maximum


def as_text(blocks: Sequence[Block]) -> str:
    """Plain text, as the terminal shows it."""
    text = io.StringIO()
    console = Console(file=text, width=_WIDTH_OF_A_FILE, highlight=False, markup=False, emoji=False)
    console.print(renderable(blocks, console))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def as_csv(blocks: Sequence[Block]) -> str:
    """Every column at full precision; the tables one below the other where their columns agree."""
    frames = [block.full for block in blocks]
    return to_csv(pd.concat(frames, ignore_index=True)).rstrip("\n") if frames else ""


def as_markdown(blocks: Sequence[Block]) -> str:
    """One Markdown table for each block, its notes below."""
    return _one_by_one(blocks, _markdown_table, "### {}\n", "- {}")


def as_latex(blocks: Sequence[Block]) -> str:
    """One `tabular` (package booktabs) for each block, its notes as comments."""
    return _one_by_one(blocks, _latex_table, "% {}\n", "% {}")


def as_html(blocks: Sequence[Block]) -> str:
    """Tables as a notebook shows them."""
    parts = []
    for block in blocks:
        if block.title:
            parts.append(f"<h4>{escape(block.title)}</h4>")
        parts.append(block.shown.to_html(index=False, border=0))
        notes = "".join(f"<li>{escape(note)}</li>" for note in block.notes)
        parts.append(f"<ul style='opacity:.75;font-size:smaller'>{notes}</ul>" if notes else "")
    return "\n".join(parts) or f"<p>{_NOTHING}</p>"


FORMATS: Mapping[str, Callable[[Sequence[Block]], str]] = {
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


def _one_by_one(blocks: Sequence[Block], table: Callable[[pd.DataFrame], str], title: str, note: str) -> str:
    parts = []
    for block in blocks:
        if block.title:
            parts.append(title.format(block.title))
        parts += [table(block.shown), "", *(note.format(text) for text in block.notes), ""]
    return "\n".join(parts).rstrip() or _NOTHING
