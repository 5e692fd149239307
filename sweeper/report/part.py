"""The data of the pictures: the jobs of one algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from sweeper.comparison.convergence import Curves, curves
from sweeper.comparison.metric import Measure
from sweeper.comparison.ranking import Section
from sweeper.folder.layout import SweepFolder
from sweeper.results.selection import design_keys, problem_keys, seeds_randomness, varies


@dataclass(frozen=True)
class Part:
    """The jobs of one algorithm of a sweep.

    Attributes:
        section: The ranking of these jobs.
        metrics: All metrics of the sweep.
        folder: The sweep's folder, with the files that jobs saved.
    """

    section: Section
    metrics: pd.DataFrame
    folder: SweepFolder

    @property
    def rows(self) -> pd.DataFrame:
        """The jobs, as rows of `results_frame`."""
        return self.section.rows

    @property
    def measure(self) -> Measure:
        """The measure of the ranking."""
        return self.section.measure

    @property
    def metric(self) -> str:
        """Name of the measure."""
        return self.section.metric

    @cached_property
    def candidates(self) -> list[str]:
        """The swept keys that vary among these jobs and distinguish candidates."""
        return [key for key in design_keys(self.rows) if varies(self.rows, key)]

    @cached_property
    def keys(self) -> list[str]:
        """The swept keys but seeds that vary among these jobs: first candidates', then problems'."""
        problems = (key for key in problem_keys(self.rows) if not seeds_randomness(key))
        return [*self.candidates, *(key for key in problems if varies(self.rows, key))]

    @cached_property
    def curves(self) -> Curves | None:
        """The convergence of every job; None if nothing was logged."""
        return curves(self.rows, self.metrics, measure=self.measure)
