"""Convergence curves with a band for each group."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sweeper.comparison.convergence import Curves, bands
from sweeper.comparison.display import key_text
from sweeper.comparison.groups import split
from sweeper.comparison.verdicts import FAULT, INCOMPLETE
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture

PLACE = 10

_MOST_VALUES = 100


def draw(part: Part) -> Picture | None:
    """One figure for each swept key and one of the best combinations; without swept keys, one of all jobs."""
    found = part.curves
    if found is None or len(found.iterations) < 2:
        return None
    figures = {}
    for key in part.keys:
        if len(part.rows[key].drop_duplicates()) > _MOST_VALUES:
            continue
        groups = split(part.rows, [key], part.measure).groups
        marked = {key_text(group.keys[0]) for group in groups if not group.eligible}
        figures[f"by {key}"] = figure(bands(part.rows, found, [key]), [key], found, marked)
    if len(part.candidates) > 1:
        by = list(part.section.by)
        ranked = part.section.table[~part.section.table["verdict"].isin([FAULT, INCOMPLETE])]
        best = ranked[by].head(style.MOST_SERIES)
        chosen = part.rows[by].merge(best, how="left", indicator=True)["_merge"].eq("both").to_numpy()
        of_best = replace(found, of_jobs=found.of_jobs[chosen])
        figures["best combinations"] = figure(bands(part.rows[chosen], of_best, by), by, of_best)
    if not figures:
        figures["all jobs"] = figure(bands(part.rows, found, []), [], found)
    caption = (
        f"{found.name} as logged at every evaluation: median over the completed jobs of a group, all "
        "problems together, with its quartiles as a band. A job that stopped counts with its last value."
    )
    return Picture("convergence", "Convergence", caption, figures)


def figure(frame: pd.DataFrame, by: Sequence[str], found: Curves, marked: Collection[str] = ()) -> go.Figure:
    """Median and quartile band of every group; at most `style.MOST_SERIES` of them, evenly chosen.

    Those in `marked` are said not to be comparable: they have an impossible value, or lack problems.
    """
    groups = list(frame.groupby(list(by), sort=False, dropna=False)) if by else [((), frame)]
    if by and len(by) == 1 and pd.api.types.is_numeric_dtype(frame[by[0]]):
        groups.sort(key=lambda item: item[0])
    drawn = style.figure()
    for place, at in enumerate(_evenly(len(groups), style.MOST_SERIES)):
        keys, group = groups[at]
        name = ", ".join(key_text(key) for key in keys) or "all jobs"
        name += " (not comparable)" if name in marked else ""
        x = group["iteration"].to_numpy()
        low, high = group["low"].to_numpy(), group["high"].to_numpy()
        drawn.add_scatter(
            x=np.r_[x, x[::-1]],
            y=np.r_[high, low[::-1]],
            fill="toself",
            fillcolor=style.faint(place),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=name,
        )
        drawn.add_scatter(
            x=x,
            y=group["median"].to_numpy(),
            name=name,
            legendgroup=name,
            mode="lines",
            line=style.line(place),
            customdata=group["n"].to_numpy(),
            hovertemplate="%{y:.5g} (n = %{customdata})",
        )
    positive = frame["low"].min(), frame["high"].max()
    drawn.update_layout(
        xaxis={"title": "evaluation"},
        yaxis={"title": found.name, "type": "log" if style.spans_decades(*positive) else "linear"},
        hovermode="x unified",
    )
    return drawn


def _evenly(count: int, most: int) -> list[int]:
    if count <= most:
        return list(range(count))
    return [int(at) for at in np.linspace(0, count - 1, most).round()]
