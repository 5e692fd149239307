"""The mean of the metric at every value of each swept key."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sweeper.comparison.blocks import key_text
from sweeper.comparison.compare import WORSE, compare
from sweeper.comparison.groups import split
from sweeper.comparison.pivot import ordered
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture
from sweeper.statistics.intervals import mean_interval

_MOST_VALUES = 60


def draw(part: Part) -> Picture | None:
    """A small figure for each key."""
    figures = {}
    for key in part.keys:
        drawn = figure(part.rows, key, part.metric)
        if drawn is not None:
            figures[key] = drawn
    if not figures:
        return None
    verdicts = [words for key in figures if (words := _verdict(part.rows, key, part.metric))]
    caption = " ".join(
        [
            f"Mean {part.metric} at each value, over everything else, with its 95 % confidence interval.",
            *verdicts,
        ]
    )
    return Picture("main-effects", "What each key does", caption, figures, side_by_side=True)


def _verdict(rows: pd.DataFrame, key: str, metric: str) -> str:
    """Which values of a key are significantly worse than its best one."""
    table = compare(rows, by=[key], metric=metric).table
    best, worse = key_text(table[key].iloc[0]), table.loc[table["verdict"] == WORSE, key]
    if worse.empty:
        return f"{key}: no significant difference."
    return f"{key}: {', '.join(key_text(value) for value in worse)} significantly worse than {best}."


def figure(rows: pd.DataFrame, key: str, metric: str) -> go.Figure | None:
    """Means with intervals; none where fewer than two values of the key have any, or there are too many."""
    if len(rows[key].drop_duplicates()) > _MOST_VALUES:
        return None
    points = []
    for group in split(rows, [key], [], metric):
        values = group.replicates.numbers
        if len(values):
            interval = mean_interval(values)
            points.append((group.keys[0], values.mean(), interval.low, interval.high, len(values)))
    if len(points) < 2:
        return None
    by_key = {key_text(point[0]): point for point in points}
    levels = ordered(pd.Series([point[0] for point in points]))
    numeric = pd.api.types.is_numeric_dtype(rows[key]) and not pd.api.types.is_bool_dtype(rows[key])
    chosen = [by_key[key_text(level)] for level in levels]
    mean, low, high = (np.array([point[i] for point in chosen], dtype=float) for i in (1, 2, 3))
    trace = go.Scatter(
        x=[level if numeric else key_text(level) for level in levels],
        y=mean,
        mode="lines+markers" if numeric else "markers",
        marker=style.marker(0),
        line=style.line(0),
        error_y={
            "array": np.nan_to_num(high - mean),
            "arrayminus": np.nan_to_num(mean - low),
            "thickness": 1.5,
        },
        customdata=[point[4] for point in chosen],
        hovertemplate="%{x}: %{y:.5g} (n = %{customdata})<extra></extra>",
    )
    scale = "-"
    if numeric and all(isinstance(level, int | float) for level in levels):
        scale = "log" if style.spans_decades(float(min(levels)), float(max(levels))) else "linear"
    return style.figure(
        trace,
        xaxis={"title": key, "type": scale if numeric else "category"},
        yaxis={"title": f"mean {metric}"},
        height=320,
    )
