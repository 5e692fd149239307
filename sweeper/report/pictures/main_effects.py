"""The mean of the measure at every value of each swept key."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sweeper.comparison.display import key_text
from sweeper.comparison.metric import Measure
from sweeper.comparison.pivot import ordered
from sweeper.comparison.ranking import Section, rank
from sweeper.comparison.verdicts import FAULT, INCOMPLETE, WORSE
from sweeper.report import style
from sweeper.report.part import Part
from sweeper.report.pictures import Picture

PLACE = 20

_MOST_VALUES = 60


def draw(part: Part) -> Picture | None:
    """A small figure for each key."""
    figures, verdicts = {}, []
    for key in part.keys:
        if len(part.rows[key].drop_duplicates()) > _MOST_VALUES:
            continue
        section = rank(part.rows, [key], part.measure)
        drawn = _figure(section, key)
        if drawn is not None:
            figures[key] = drawn
            verdicts.append(_verdict(section, key, key in part.candidates))
    if not figures:
        return None
    better = "less" if part.measure.lower_is_better else "more"
    caption = " ".join(
        [
            f"Mean {part.metric} at each value, over everything else, each problem weighing the same, with "
            f"its 95 % confidence interval; {better} is better.",
            *verdicts,
        ]
    )
    return Picture("main-effects", "What each key does", caption, figures, side_by_side=True)


def _verdict(section: Section, key: str, is_candidate: bool) -> str:
    """Which values of a key are significantly worse than its best one."""
    if not is_candidate:
        return f"{key}: problems, which are not ranked."
    best = section.best
    if best is None:
        return f"{key}: no best value, see the ranking's notes."
    worse = section.table.loc[section.table["verdict"] == WORSE, key]
    if worse.empty:
        return f"{key}: no significant difference."
    names = ", ".join(key_text(value) for value in worse)
    return f"{key}: {names} significantly worse than {key_text(best[key])}."


def figure(rows: pd.DataFrame, key: str, measure: Measure) -> go.Figure | None:
    """Means with intervals; None if fewer than two values of the key have a mean, or there are too many."""
    if len(rows[key].drop_duplicates()) > _MOST_VALUES:
        return None
    return _figure(rank(rows, [key], measure), key)


def _figure(section: Section, key: str) -> go.Figure | None:
    table = section.table[section.table["n"] > 0]
    if len(table) < 2:
        return None
    by_key = {key_text(row[key]): row for row in table.to_dict("records")}
    levels = ordered(table[key])
    numeric = pd.api.types.is_numeric_dtype(table[key]) and not pd.api.types.is_bool_dtype(table[key])
    chosen = pd.DataFrame([by_key[key_text(level)] for level in levels])
    sound = ~chosen["verdict"].isin([FAULT, INCOMPLETE]).to_numpy()
    x = np.array([level if numeric else key_text(level) for level in levels], dtype=object)
    drawn = style.figure(yaxis={"title": f"mean {section.metric}"}, height=320, showlegend=not sound.all())
    for place, (name, of_it) in enumerate((("", sound), ("not comparable", ~sound))):
        part = chosen[of_it]
        if part.empty:
            continue
        drawn.add_scatter(
            x=x[of_it],
            y=part["mean"],
            mode="lines+markers" if numeric and not name else "markers",
            marker={**style.marker(place), **({"symbol": "x"} if name else {})},
            line=style.line(place),
            error_y={
                "array": np.nan_to_num(part["ci_high"] - part["mean"]),
                "arrayminus": np.nan_to_num(part["mean"] - part["ci_low"]),
                "thickness": 1.5,
            },
            customdata=part["n"],
            hovertemplate=f"%{{x}}: %{{y:.5g}} (n = %{{customdata}}) {name}<extra></extra>",
            name=name,
            showlegend=bool(name),
        )
    scale = "-"
    if numeric and all(isinstance(level, int | float) for level in levels):
        scale = "log" if style.spans_decades(float(min(levels)), float(max(levels))) else "linear"
    drawn.update_xaxes(title=key, type=scale if numeric else "category")
    return drawn
