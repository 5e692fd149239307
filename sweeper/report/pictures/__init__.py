"""The kinds of pictures, each in a module of its own with a function `draw(part)`.

`draw` returns None if the sweep has nothing that the picture could show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from sweeper.report.part import Part


@dataclass(frozen=True)
class Picture:
    """A picture of the jobs of one algorithm.

    Attributes:
        name: Name for file names and links.
        title: The heading.
        caption: Sentences that say what the picture shows and what it leaves out.
        figures: One or more figures, each under its label.
        side_by_side: Whether all figures are shown; otherwise the reader chooses one.
    """

    name: str
    title: str
    caption: str
    figures: dict[str, go.Figure]
    side_by_side: bool = False


def kinds() -> list[Callable[[Part], Picture | None]]:
    """All kinds in the order of the report."""
    from sweeper.report.pictures import (
        convergence,
        dissociation,
        heat_map,
        landscape,
        main_effects,
        parallel,
        pareto_front,
    )

    modules = (convergence, main_effects, dissociation, pareto_front, heat_map, parallel, landscape)
    return [module.draw for module in modules]
