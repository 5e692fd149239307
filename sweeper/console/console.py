"""The console on which everything is shown."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from sweeper.terminal import visible

_WIDTH_OF_A_FILE = 240


class _PlainConsole(Console):
    """A console that shows control characters as text, because jobs may write anything."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does, but with control characters made visible."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text), style)


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for whole tables if the output is not a terminal.

    It prints plain text, without markup and without control sequences.
    """
    console = _PlainConsole(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH_OF_A_FILE
    return console
