"""Parallel coordinates: one line for each job through everything that was swept and what came out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sweeper.comparison.display import key_text
from sweeper.comparison.faults import is_faulty
from sweeper.comparison.metric import Measure, completed, numbers
from sweeper.comparison.pareto import choose_cost
from sweeper.comparison.pivot import ordered
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture

PLACE = 60

_MOST_JOBS = 3000


def draw(part: Part) -> Picture | None:
    """All swept keys, the cost and the metric; drag along an axis to filter."""
    known = np.isfinite(part.measure.of(part.rows))
    usable = np.flatnonzero(completed(part.rows) & ~is_faulty(part.rows) & known)
    if len(part.keys) < 2 or len(usable) < 2:
        return None
    shown = usable[np.linspace(0, len(usable) - 1, min(len(usable), _MOST_JOBS)).astype(int)]
    left_out = f" {len(shown)} of {len(usable)} jobs are shown." if len(shown) < len(usable) else ""
    caption = (
        f"One line for each job, coloured by {part.metric}. Drag along an axis to keep a range.{left_out}"
    )
    drawn = figure(part.rows.iloc[shown], part.keys, part.measure)
    return Picture("parallel", "Everything at once", caption, {"": drawn})


def figure(rows: pd.DataFrame, keys: list[str], measure: Measure) -> go.Figure:
    """The picture of these jobs, all of which have the metric."""
    values = measure.of(rows)
    low, high = np.quantile(values, [0.02, 0.98])
    cost = choose_cost(rows)
    outcomes = [{"label": cost, "values": numbers(rows, cost)}, {"label": measure.name, "values": values}]
    trace = go.Parcoords(
        dimensions=[*(_dimension(rows, key) for key in keys), *outcomes],
        line={
            "color": values,
            "colorscale": style.SCALE,
            "cmin": low,
            "cmax": high if high > low else low + 1,
            "showscale": True,
            "colorbar": {"title": {"text": measure.name}, "thickness": 14},
        },
    )
    drawn = style.figure(trace, height=440)
    drawn.update_layout(margin={"l": 110, "r": 30, "t": 60, "b": 30})
    return drawn


def _dimension(rows: pd.DataFrame, key: str) -> dict[str, Any]:
    """An axis of evenly spaced values: swept values are few and chosen."""
    levels = ordered(rows[key])
    place = {key_text(level): at for at, level in enumerate(levels)}
    codes = [place[key_text(value)] for value in rows[key]]
    if len(levels) > 20 and pd.api.types.is_numeric_dtype(rows[key]):
        return {"label": key, "values": numbers(rows, key)}
    return {
        "label": key,
        "values": codes,
        "tickvals": list(range(len(levels))),
        "ticktext": [key_text(level) for level in levels],
    }
