"""Means over any two swept keys."""

from __future__ import annotations

from itertools import combinations

import plotly.graph_objects as go

from sweeper.comparison.display import key_text
from sweeper.comparison.pivot import Pivot, pivot
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture

PLACE = 50

_MOST_VALUES = 80
_MOST_PAIRS = 45  # of ten keys


def draw(part: Part) -> Picture | None:
    """One figure for each pair of keys."""
    usable = [key for key in part.keys if 2 <= len(part.rows[key].drop_duplicates()) <= _MOST_VALUES]
    figures = {
        f"{down} × {across}": figure(pivot(part.rows, down, across, measure=part.measure))
        for down, across in list(combinations(usable, 2))[:_MOST_PAIRS]
    }
    if not figures:
        return None
    better = "less" if part.measure.lower_is_better else "more"
    caption = (
        f"Mean {part.metric} for two keys, over everything else, each problem weighing the same; {better} "
        "is better. Empty cells were not run or have no value, or one that cannot be, or lack problems that "
        "others have solved."
    )
    return Picture("heat-map", "Two keys together", caption, figures)


def figure(found: Pivot) -> go.Figure:
    """The picture of a pivot; every cell on axes of categories, as values need not be evenly spaced."""
    rows = [key_text(value) for value in found.mean.index]
    trace = go.Heatmap(
        x=[key_text(value) for value in found.mean.columns],
        y=rows,
        z=found.mean.where(found.eligible).to_numpy(),
        customdata=found.n.to_numpy(),
        colorscale=style.SCALE,
        colorbar={"title": {"text": found.measure.name}, "thickness": 14},
        hoverongaps=False,
        xgap=1,
        ygap=1,
        hovertemplate=(
            f"{found.row} %{{y}}<br>{found.column} %{{x}}<br>%{{z:.5g}} (n = %{{customdata}})<extra></extra>"
        ),
    )
    return style.figure(
        trace,
        xaxis={"title": found.column, "type": "category", "showgrid": False},
        yaxis={"title": found.row, "type": "category", "showgrid": False},
        height=max(320, min(900, 140 + 34 * len(rows))),
    )
