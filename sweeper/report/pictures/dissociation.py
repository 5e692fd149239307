"""The dissociation curve of a molecule: total energy over bond length, against the exact one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sweeper.comparison.blocks import key_text
from sweeper.comparison.groups import split
from sweeper.comparison.metric import CHEMICAL_ACCURACY, numbers
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture
from sweeper.statistics.intervals import mean_interval

_LENGTH = "bond_length"


def draw(part: Part) -> Picture | None:
    """One figure for each other swept key; one of all jobs where only bond lengths were swept."""
    lengths = [key for key in part.keys if key.rpartition(".")[2] == _LENGTH]
    if not lengths or not np.isfinite(numbers(part.rows, "value")).any():
        return None
    length = lengths[0]
    figures = {f"by {key}": figure(part.rows, length, key) for key in part.keys if key != length}
    figures = figures or {"all jobs": figure(part.rows, length, None)}
    caption = (
        "Mean total energy over bond length, and below its distance from the exact energy, with 95 % "
        f"confidence intervals. The dotted lines are chemical accuracy, ±{1000 * CHEMICAL_ACCURACY:g} mHa."
    )
    return Picture("dissociation", "Dissociation curve", caption, figures)


def figure(rows: pd.DataFrame, length: str, by: str | None) -> go.Figure:
    """Energies in Ha above, errors in mHa below."""
    drawn = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.06)
    drawn.update_layout(template=style.template(dark=False), height=560)
    exact = rows.dropna(subset=["reference"]).groupby(length)["reference"].first()
    if len(exact):
        line = {"color": "#7b8794", "width": 2}
        drawn.add_scatter(x=exact.index, y=exact, mode="lines", line=line, name="exact", row=1, col=1)
    series: dict[str, list[pd.DataFrame]] = {}
    if by is None:
        series["mean"] = [rows]
    else:
        for value, group in rows.groupby(by, sort=False, dropna=False):
            series[key_text(value)] = [group]
    for place, (name, (group_rows,)) in enumerate(list(series.items())[: style.MOST_SERIES]):
        for row, metric, factor in ((1, "value", 1.0), (2, "error", 1000.0)):
            found = _means(group_rows, length, metric, factor)
            drawn.add_scatter(
                x=found["x"],
                y=found["mean"],
                mode="lines+markers",
                name=name,
                legendgroup=name,
                showlegend=row == 1,
                marker=style.marker(place),
                line={**style.line(place), "width": 1},
                error_y={"array": found["up"], "arrayminus": found["down"], "thickness": 1},
                row=row,
                col=1,
            )
    for level in (-1000 * CHEMICAL_ACCURACY, 1000 * CHEMICAL_ACCURACY):
        drawn.add_hline(y=level, line={"dash": "dot", "width": 1, "color": "#7b8794"}, row=2, col=1)
    drawn.update_xaxes(title="bond length (Å)", row=2, col=1)
    drawn.update_yaxes(title="total energy (Ha)", row=1, col=1)
    drawn.update_yaxes(title="error (mHa)", row=2, col=1)
    return drawn


def _means(rows: pd.DataFrame, length: str, metric: str, factor: float) -> pd.DataFrame:
    points = []
    for group in split(rows, [length], [], metric):
        values = group.replicates.numbers * factor
        if len(values):
            interval = mean_interval(values)
            mean = values.mean()
            points.append((group.keys[0], mean, interval.high - mean, mean - interval.low))
    frame = pd.DataFrame(points, columns=["x", "mean", "up", "down"]).sort_values("x")
    return frame.fillna({"up": 0.0, "down": 0.0})
