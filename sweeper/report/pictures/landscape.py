"""The landscape of a two-parameter objective, where a job scanned a grid of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from sweeper.comparison.display import key_text
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture

PLACE = 70

_FEWEST_VALUES = 4
_MOST = 12


def draw(part: Part) -> Picture | None:
    """The scans among the jobs: those whose saved trajectory is a full grid of two parameters."""
    figures: dict[str, go.Figure] = {}
    candidates = part.rows[
        (part.rows["status"] == "COMPLETED") & (part.rows["evaluations"] >= _FEWEST_VALUES**2)
    ]
    for row in candidates[["job", *part.section.by]].to_dict("records"):
        scanned = read_scan(part.folder.job(row["job"]).results)
        if scanned is None:
            continue
        words = ", ".join(f"{key}={key_text(row[key])}" for key in part.section.by)
        figures[f"job {row['job']}" + (f" ({words})" if words else "")] = figure(scanned)
        if len(figures) == _MOST:
            break
    if not figures:
        return None
    caption = (
        "The objective over two parameters, as scanned; the optimizer minimises it. The cross is the least "
        "value of the scan: with shots the luckiest one, and no result."
    )
    return Picture("landscape", "Landscape", caption, figures)


def read_scan(results: Path) -> pd.DataFrame | None:
    """The objective on a grid, second parameter down and first across; None if no grid was scanned."""
    try:
        points = np.load(results / "parameter_trajectory.npy", mmap_mode="r", allow_pickle=False)
        if points.ndim != 2 or points.shape[1] != 2:
            return None
        values = np.load(results / "objective_trajectory.npy", allow_pickle=False)
    except (OSError, ValueError):
        return None
    if values.shape != points.shape[:1]:
        return None
    # A grid computed in two ways differs by rounding.
    rounded = np.round(np.asarray(points, dtype=float), 9)
    return _as_grid(rounded, values)


def figure(scanned: pd.DataFrame) -> go.Figure:
    """The picture of a scan."""
    z = scanned.to_numpy()
    row, column = divmod(int(np.nanargmin(z)), z.shape[1])
    return style.figure(
        go.Heatmap(
            x=scanned.columns,
            y=scanned.index,
            z=z,
            colorscale=style.SCALE,
            colorbar={"title": {"text": "objective"}, "thickness": 14},
            hovertemplate="%{x:.4g}, %{y:.4g}: %{z:.5g}<extra></extra>",
        ),
        go.Scatter(
            x=[scanned.columns[column]],
            y=[scanned.index[row]],
            mode="markers",
            marker={"symbol": "x", "size": 12, "color": "#D55E00", "line": {"color": "white", "width": 1}},
            name="minimum",
            hoverinfo="skip",
        ),
        xaxis={"title": "parameter 0 (rad)", "showgrid": False},
        yaxis={"title": "parameter 1 (rad)", "showgrid": False},
        height=480,
    )


def _as_grid(points: NDArray[np.float64], values: NDArray[np.float64]) -> pd.DataFrame | None:
    first, second = np.unique(points[:, 0]), np.unique(points[:, 1])
    small = min(len(first), len(second)) < _FEWEST_VALUES
    if small or len(np.unique(points, axis=0)) != len(first) * len(second):
        return None
    frame = pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "z": values})
    return frame.pivot_table(index="y", columns="x", values="z", aggfunc="mean")
