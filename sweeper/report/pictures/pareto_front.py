"""Cost against error, with the groups that no other group beats in both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from sweeper.comparison.display import key_text
from sweeper.comparison.faults import is_faulty
from sweeper.comparison.metric import Measure, completed, numbers
from sweeper.comparison.pareto import choose_cost, pareto
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture

PLACE = 40

_MOST_POINTS = 1500
_UNITS = {"cost_usd": "cost (USD)", "shots_total": "shots", "seconds": "time (s)"}


def draw(part: Part) -> Picture | None:
    """Groups as points, the front as a line, and single jobs faint behind them."""
    if not part.candidates:
        return None
    frame = pareto(part.rows, by=part.section.by, measure=part.measure)
    if len(frame) < 2:
        return None
    caption = (
        "Each point is the mean of a group of replicates, over all problems; the line joins those that no "
        "other beats in both. Faint: single jobs, whose luckiest ones are no evidence. Jobs that failed, or "
        "whose value is impossible, are not shown."
    )
    figures = {"": figure(part.rows, frame, part.section.by, part.measure)}
    return Picture("pareto", "Cost against error", caption, figures)


def figure(rows: pd.DataFrame, frame: pd.DataFrame, by: Sequence[str], measure: Measure) -> go.Figure:
    """The picture of the frame that `pareto` returned."""
    cost = choose_cost(rows) if choose_cost(rows) in frame else str(frame.columns[len(by)])
    losses, name = measure.loss(rows)
    shown = np.flatnonzero(completed(rows) & ~is_faulty(rows) & np.isfinite(losses))
    frame = frame[frame["eligible"]]
    shown = shown[_evenly(len(shown))]
    rest = np.flatnonzero(~frame["on_front"])
    frame = frame.iloc[np.sort(np.r_[np.flatnonzero(frame["on_front"]), rest[_evenly(len(rest))]])]
    labels = [
        ", ".join(f"{key}={key_text(value)}" for key, value in zip(by, values, strict=True))
        for values in frame[list(by)].itertuples(index=False)
    ]
    front = frame["on_front"].to_numpy()
    hover = f"%{{text}}<br>{_UNITS.get(cost, cost)} %{{x:.4g}}<br>{name} %{{y:.4g}}<extra></extra>"
    drawn = style.figure(
        go.Scatter(
            x=numbers(rows, cost)[shown],
            y=losses[shown],
            mode="markers",
            marker={"color": style.faint(4, 0.35), "size": 4},
            name="jobs",
            hoverinfo="skip",
        ),
        go.Scatter(
            x=frame[cost][~front],
            y=frame[name][~front],
            mode="markers",
            marker=style.marker(0),
            text=[label for label, on in zip(labels, front, strict=True) if not on],
            hovertemplate=hover,
            name="groups",
        ),
        go.Scatter(
            x=frame[cost][front],
            y=frame[name][front],
            mode="lines+markers",
            marker={**style.marker(2), "color": style.colour(1), "size": 11},
            line={"color": style.colour(1), "width": 2, "shape": "hv"},
            text=[label for label, on in zip(labels, front, strict=True) if on],
            hovertemplate=hover,
            name="Pareto front",
        ),
    )
    ends = {axis: (frame[column].min(), frame[column].max()) for axis, column in (("x", cost), ("y", name))}
    scale = {axis: "log" if style.spans_decades(*values) else "linear" for axis, values in ends.items()}
    drawn.update_layout(
        xaxis={"title": f"mean {_UNITS.get(cost, cost)} of a job", "type": scale["x"]},
        yaxis={"title": f"mean {name}", "type": scale["y"]},
    )
    return drawn


def _evenly(count: int) -> NDArray[np.int64]:
    """Evenly spaced positions of at most `_MOST_POINTS` of `count` points."""
    return np.linspace(0, count - 1, min(count, _MOST_POINTS)).astype(np.int64)
