"""The report's pictures for a notebook, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sweeper.comparison.compare import compare, sections_of
from sweeper.comparison.convergence import bands, curves
from sweeper.comparison.metric import choose_measure
from sweeper.comparison.pivot import pivot
from sweeper.comparison.sweep_tables import SweepTables
from sweeper.errors import ConfigError
from sweeper.report.part import Part
from sweeper.report.pictures import (
    convergence,
    dissociation,
    heat_map,
    landscape,
    main_effects,
    parallel,
    pareto_front,
)
from sweeper.results.selection import select_all


@dataclass(frozen=True)
class Plots:
    """Every method returns a plotly figure of the sweep's jobs.

    A sweep of several algorithms needs `where="algorithm=vqe"`, since they have no common scale; further
    conditions narrow the jobs down. A picture that the sweep has nothing for is a `ConfigError`.
    """

    sweep: SweepTables

    def convergence(
        self, by: str | Sequence[str] = (), metric: str | None = None, where: str | Sequence[str] = ()
    ) -> go.Figure:
        """Median and quartile band of a logged metric for each group."""
        rows = self._rows(where)
        keys = [by] if isinstance(by, str) else list(by)
        found = curves(rows, self.sweep.metrics, metric)
        if found is None:
            raise ConfigError(f"No completed job logged {metric or 'a metric'}.")
        return convergence.figure(bands(rows, found, keys), keys, found)

    def main_effect(self, key: str, metric: str | None = None, where: str | Sequence[str] = ()) -> go.Figure:
        """Mean of the metric at each value of a key."""
        rows = self._rows(where)
        return _there(
            main_effects.figure(rows, key, choose_measure(rows, metric)), f"values of {key} to compare"
        )

    def heat_map(
        self, down: str, across: str, metric: str | None = None, where: str | Sequence[str] = ()
    ) -> go.Figure:
        """Mean of the metric over two keys."""
        return heat_map.figure(pivot(self._rows(where), down, across, metric))

    def pareto(self, where: str | Sequence[str] = ()) -> go.Figure:
        """Cost against error with the Pareto front."""
        return self._drawn(pareto_front.draw, where, "groups to compare")

    def parallel(self, where: str | Sequence[str] = ()) -> go.Figure:
        """Parallel coordinates of every job."""
        return self._drawn(parallel.draw, where, "two swept keys")

    def dissociation(self, where: str | Sequence[str] = ()) -> go.Figure:
        """Energy over bond length."""
        return self._drawn(dissociation.draw, where, "swept bond lengths")

    def landscape(self, where: str | Sequence[str] = ()) -> go.Figure:
        """The objective over two parameters, of the first job that scanned it."""
        return self._drawn(landscape.draw, where, "scanned landscapes")

    def _rows(self, where: str | Sequence[str]) -> pd.DataFrame:
        rows = select_all(self.sweep.results, [where] if isinstance(where, str) else where)
        sections = sections_of(rows)
        if len(sections) != 1:
            titles = " or ".join(f'where="{title}"' for title, _ in sections)
            raise ConfigError(
                f"One algorithm at a time: {titles}." if sections else "There are no jobs to draw."
            )
        return sections[0][1]

    def _drawn(self, draw: Callable[[Part], Any], where: str | Sequence[str], needed: str) -> go.Figure:
        (section,) = compare(self._rows(where)).sections
        picture = draw(Part(section, self.sweep.metrics, self.sweep.folder))
        return _there(next(iter(picture.figures.values())) if picture else None, needed)


def _there(figure: go.Figure | None, needed: str) -> go.Figure:
    if figure is None:
        raise ConfigError(f"Nothing to draw: these jobs have no {needed}.")
    return figure
