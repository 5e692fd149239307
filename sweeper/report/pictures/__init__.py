"""The kinds of pictures, each in a module of its own with a function `draw(part)`.

A kind returns none where the sweep varied nothing that it could show. Adding one is one file; its `PLACE`
says where among the others it stands in the report.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from sweeper.report.part import Part


@dataclass(frozen=True)
class Picture:
    """One kind of picture of a part.

    Attributes:
        name: For file names and links.
        title: The heading.
        caption: What is shown, and what was left out.
        figures: One or more figures by their label.
        side_by_side: Show them all; otherwise the reader chooses one.
    """

    name: str
    title: str
    caption: str
    figures: dict[str, go.Figure]
    side_by_side: bool = False


def kinds() -> list[Callable[[Part], Picture | None]]:
    """All kinds in the order of the report."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in sorted(names)]
    return [module.draw for module in sorted(modules, key=lambda module: module.PLACE)]
