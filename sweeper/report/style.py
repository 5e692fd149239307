"""The style of pictures: colours that colour-blind people can distinguish, on light and dark ground."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

# Okabe and Ito, "Color Universal Design" (2008), without black and yellow, which vanish on one ground.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star", "triangle-down")
SCALE = "Cividis"
MOST_SERIES = 8


def colour(place: int) -> str:
    """The colour of the series at this place."""
    return COLOURS[place % len(COLOURS)]


def faint(place: int, opacity: float = 0.18) -> str:
    """The colour of a series as a transparent band behind its line."""
    red, green, blue = (int(colour(place)[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def line(place: int) -> dict[str, Any]:
    """Line style: series differ in their dashes and in their colours."""
    return {"color": colour(place), "dash": _DASHES[place % len(_DASHES)], "width": 2}


def marker(place: int) -> dict[str, Any]:
    """Marker style: series differ in their shapes and in their colours."""
    return {"color": colour(place), "symbol": _SYMBOLS[place % len(_SYMBOLS)], "size": 8}


def template(*, dark: bool) -> go.layout.Template:
    """Text, axes and grid for a dark or a light ground; the ground itself is transparent."""
    text, grid, edge = ("#d7dde4", "#343c46", "#7b8794") if dark else ("#1f2933", "#e3e7eb", "#7b8794")
    axis = {
        "gridcolor": grid,
        "linecolor": edge,
        "zerolinecolor": edge,
        "tickcolor": edge,
        "automargin": True,
        "exponentformat": "power",
    }
    return go.layout.Template(
        layout={
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(COLOURS),
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0},
            "margin": {"l": 10, "r": 10, "t": 40, "b": 10},
            "hoverlabel": {"font": {"family": "system-ui, sans-serif"}},
        }
    )


def figure(*traces: Any, **layout: Any) -> go.Figure:
    """A figure in the light style."""
    drawn = go.Figure(data=list(traces))
    drawn.update_layout(template=template(dark=False), **layout)
    return drawn


def spans_decades(low: float, high: float) -> bool:
    """Whether the values suit a logarithmic axis."""
    return low > 0 and high / low > 12
