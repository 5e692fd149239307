"""Figures between two markers of a page in `docs/`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    first, *others = (f"| {' | '.join(map(str, row))} |\n" for row in (head, *rows))
    return "".join([first, f"{'|---' * len(head)}|\n", *others])


def write(page: str, name: str, figures: str) -> None:
    """Put figures between the lines `<!-- name: begin -->` and `<!-- name: end -->` of a page.

    Raises:
        ValueError: The page has no such lines.
    """
    path = ROOT / "docs" / page
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    text = path.read_text(encoding="utf-8")
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise ValueError(f"{path} has no lines {begin!r} and {end!r}")
    path.write_text(f"{before}{begin}{figures}{end}{after}", encoding="utf-8")
