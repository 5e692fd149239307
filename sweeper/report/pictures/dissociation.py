"""The dissociation curve of a molecule: total energy over bond length, against the exact one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sweeper.comparison.display import key_text
from sweeper.comparison.groups import split
from sweeper.comparison.metric import Measure, completed, numbers
from sweeper.comparison.success import CHEMICAL_ACCURACY
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture

PLACE = 30

_LENGTH = "bond_length"


def draw(part: Part) -> Picture | None:
    """One figure for each other swept key; one of all jobs if only bond lengths were swept."""
    lengths = [key for key in part.keys if key.rpartition(".")[2] == _LENGTH]
    if not lengths or not np.isfinite(numbers(part.rows[completed(part.rows)], "value")).any():
        return None
    length = lengths[0]
    figures = {f"by {key}": figure(part.rows, length, key) for key in part.keys if key != length}
    figures = figures or {"all jobs": figure(part.rows, length, None)}
    caption = (
        "Mean total energy over bond length, and below the mean distance of a job's energy from the exact "
        f"one, with 95 % confidence intervals. The dotted line is chemical accuracy, "
        f"{1000 * CHEMICAL_ACCURACY:g} mHa."
    )
    return Picture("dissociation", "Dissociation curve", caption, figures)


def figure(rows: pd.DataFrame, length: str, by: str | None) -> go.Figure:
    """Mean energies in Ha above; below, mean |error| in mHa, which is the measure of the ranking."""
    drawn = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.06)
    drawn.update_layout(template=style.template(dark=False), height=560)
    exact = rows[completed(rows)].dropna(subset=["reference"]).groupby(length)["reference"].first()
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
        for row, measure, factor in ((1, Measure("value"), 1.0), (2, Measure("error", of_size=True), 1000.0)):
            found = _means(group_rows, length, measure, factor)
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
    level = 1000 * CHEMICAL_ACCURACY
    drawn.add_hline(y=level, line={"dash": "dot", "width": 1, "color": "#7b8794"}, row=2, col=1)
    drawn.update_xaxes(title="bond length (Å)", row=2, col=1)
    drawn.update_yaxes(title="total energy (Ha)", row=1, col=1)
    drawn.update_yaxes(title="mean |error| (mHa)", row=2, col=1)
    return drawn


def _means(rows: pd.DataFrame, length: str, measure: Measure, factor: float) -> pd.DataFrame:
    points = []
    for group in split(rows, [length], measure).groups:
        if len(group.replicates) and not group.faults:
            mean, interval = group.replicates.mean, group.interval
            ends = (factor * (interval.high - mean), factor * (mean - interval.low))
            points.append((group.keys[0], factor * mean, *ends))
    frame = pd.DataFrame(points, columns=["x", "mean", "up", "down"]).sort_values("x")
    return frame.fillna({"up": 0.0, "down": 0.0})
