"""A sweep's results for a notebook or a script."""

from __future__ import annotations

import json
import os
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sweeper.comparison.sweep_tables import SweepTables
from sweeper.errors import ConfigError
from sweeper.folder.layout import SweepFolder

if TYPE_CHECKING:
    from sweeper.comparison import Comparison
    from sweeper.comparison.metric import Direction
    from sweeper.report.plots import Plots


@dataclass(frozen=True, repr=False)
class Sweep(SweepTables):
    """A sweep's folder, read-only; it may still be running. Its tables are those of `SweepTables`."""

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Commands, versions, machine, devices and prices of the sweep's runs."""
        return dict(json.loads(self.folder.provenance.read_bytes()))

    def best(self, count: int = 1) -> pd.DataFrame:
        """The `count` best completed jobs of every problem of each algorithm, best first.

        The best is the one with the smallest |error|, or the largest ratio; without a reference with the best
        objective in its stated direction. `tied_with` names the jobs that its standard error does not tell
        from it. Single jobs: the best of many noisy ones is also the luckiest. `compare` weighs groups of
        replicates. A value that cannot be is never among them; see `faults`.
        """
        from sweeper.comparison.best import best_jobs

        if faults := self.faults:
            warnings.warn("; ".join(faults), stacklevel=2)
        return best_jobs(self.results, count)

    @cached_property
    def faults(self) -> list[str]:
        """A sentence for each job whose value cannot be, such as an energy below the exact minimum."""
        from sweeper.comparison.faults import fault_sentences

        return fault_sentences(self.results)

    def compare(
        self,
        by: str | Sequence[str] | None = None,
        metric: str | None = None,
        where: str | Sequence[str] = (),
        *,
        success_error: float | None = None,
        success_ratio: float | None = None,
        direction: Direction | None = None,
    ) -> Comparison:
        """Rank groups of replicates, with intervals, tests, success rates and costs.

        Args:
            by: The grouping keys; every swept key but seeds and problems by default.
            metric: A numeric column; the approximation ratio, |error|, value or objective by default.
            where: Conditions such as `shots>=1000`; all must hold.
            success_error: Largest |error| of a success, Ha; chemical accuracy by default.
            success_ratio: Smallest approximation ratio of a success; 0.9 by default.
            direction: Which way the metric is better, where its name does not say so.

        Raises:
            ConfigError: A key, metric or condition does not fit the sweep.
        """
        from sweeper.comparison import compare
        from sweeper.comparison.success import Success

        given = {"max_error": success_error, "min_ratio": success_ratio}
        success = Success(**{name: value for name, value in given.items() if value is not None})
        conditions = [where] if isinstance(where, str) else where
        return compare(
            self.results,
            by=_keys(by),
            metric=metric,
            where=conditions,
            success=success,
            direction=direction,
        )

    def pareto(
        self, by: str | Sequence[str] | None = None, metric: str | None = None, cost: str | None = None
    ) -> pd.DataFrame:
        """Mean cost and loss of every group, a front for each algorithm; see `sweeper.comparison.pareto`."""
        from sweeper.comparison.metric import choose_measure
        from sweeper.comparison.pareto import pareto

        return self._of_each_algorithm(
            lambda rows: pareto(rows, by=_keys(by), measure=choose_measure(rows, metric), cost=cost),
            _keys(by) or (),
        )

    def convergence(self, by: str | Sequence[str] = (), metric: str | None = None) -> pd.DataFrame:
        """Median and quartiles of a logged metric over the iterations, for each group of each algorithm.

        Args:
            by: The grouping keys; all jobs are one group by default.
            metric: A logged metric; by default what the jobs optimise, if that is their value as its distance
                from the reference (or its ratio to it) where there is one.

        Raises:
            ConfigError: No job logged such a metric.
        """
        from sweeper.comparison.convergence import bands, curves
        from sweeper.results.selection import check_columns

        keys = _keys(by) or []
        check_columns(self.results, keys)

        def of(rows: pd.DataFrame) -> pd.DataFrame | None:
            found = curves(rows, self.metrics, metric)
            return None if found is None else bands(rows, found, keys)

        found = self._of_each_algorithm(of, keys)
        if found.empty:
            logged = ", ".join(sorted(self.metrics["metric"].unique())) or "none"
            raise ConfigError(f"No completed job logged {metric or 'a metric'}; logged were: {logged}.")
        return found

    def _of_each_algorithm(
        self, of: Callable[[pd.DataFrame], pd.DataFrame | None], by: Sequence[str]
    ) -> pd.DataFrame:
        """What is found of each algorithm's jobs: they have no common scale (`sections_of`)."""
        from sweeper.comparison.ranking import sections_of

        sections = sections_of(self.results, by)
        frames = []
        for _, rows in sections:
            frame = of(rows)
            if frame is not None and len(sections) > 1:
                frame.insert(0, "algorithm", rows["algorithm"].iloc[0])
            frames.append(frame)
        whole = [frame for frame in frames if frame is not None]
        return pd.concat(whole, ignore_index=True) if whole else pd.DataFrame()

    @property
    def plot(self) -> Plots:
        """The pictures of the report, as plotly figures: `sweep.plot.convergence(by="optimizer")`."""
        from sweeper.report.plots import Plots

        return Plots(self)

    def job_folder(self, number: int) -> Path:
        """Folder of job `number`: config, hyperparameters, log, results, checkpoints."""
        return self.folder.job(number).root

    def __repr__(self) -> str:
        return f"<Sweep {self.folder.root.resolve().name}: {self._standing()}>"

    def _repr_html_(self) -> str:
        html: str = self.compare()._repr_html_()
        return f"<h3>{escape(self.folder.root.resolve().name)}</h3><p>{escape(self._standing())}</p>{html}"

    def _standing(self) -> str:
        count = Counter(self.results["status"])
        return ", ".join(f"{n} {state}" for state, n in count.most_common()) or "no jobs"


def load_sweep(
    folder: str | os.PathLike[str],
    *,
    direction: Direction | None = None,
    problem_keys: Sequence[str] = (),
) -> Sweep:
    """Open the folder of a sweep, finished or running.

    Args:
        folder: The folder.
        direction: Which way the objective is better (`minimize`, `maximize`), if its config does not say so.
        problem_keys: Further swept keys that say which problem is solved.

    Raises:
        FolderError: It is not the folder of a sweep.
        ConfigError: There is no such direction.
    """
    if direction not in (None, "minimize", "maximize"):
        raise ConfigError(f"direction={direction!r}: the objective is to minimize or to maximize.")
    return Sweep(SweepFolder(Path(folder)), direction, tuple(problem_keys))


def _keys(by: str | Sequence[str] | None) -> list[str] | None:
    if by is None:
        return None
    return [by] if isinstance(by, str) else list(by)
