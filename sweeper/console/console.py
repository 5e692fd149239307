"""The console on which everything is shown."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from sweeper.terminal import visible

_WIDTH_OF_A_FILE = 240


class _PlainConsole(Console):
    """Shows control characters instead of obeying them: what a job wrote may be anything."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich renders it, but for control characters in texts."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text), style)


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; wide enough for whole tables where the output is no terminal.

    What is printed on it is text: no markup, and no control sequence of a terminal.
    """
    console = _PlainConsole(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH_OF_A_FILE
    return console
