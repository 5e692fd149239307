"""A sweep's results for a notebook or a script."""

from __future__ import annotations

import json
import os
import sqlite3
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sweeper.contract.remarks import Remark, sentences
from sweeper.errors import ConfigError, FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.ledger.reader import read_jobs, read_metrics, read_remarks, read_version, reading
from sweeper.results.selection import OBJECTIVES
from sweeper.results.tables import metrics_frame, read_table, remarks_on, results_frame

if TYPE_CHECKING:
    from sweeper.comparison import Comparison
    from sweeper.comparison.metric import Direction
    from sweeper.report.plots import Plots


@dataclass(frozen=True, repr=False)
class Sweep:
    """A sweep's folder, read-only; it may still be running.

    Attributes:
        folder: The folder.
        direction: Which way the objective is better, if its config (`algorithm.direction`) does not say so.
        problem_keys: Further swept keys that say which problem is solved, beside `problem` and those that its
            config names (`algorithm.problem_keys`).
    """

    folder: SweepFolder
    direction: Direction | None = None
    problem_keys: tuple[str, ...] = ()

    @cached_property
    def results(self) -> pd.DataFrame:
        """One row for each job; see `sweeper.results.tables.results_frame` for the columns."""
        table = self._table(self.folder.results, lambda db: results_frame(read_jobs(db)))
        if self.direction is None and not self.problem_keys:
            return table
        from sweeper.comparison.reading import read_as

        return read_as(table, self.direction, self.problem_keys)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Every metric in long form: `job`, `iteration`, `timestamp`, `metric`, `value`."""
        return self._table(self.folder.metrics, lambda db: metrics_frame(read_metrics(db)))

    @cached_property
    def remarks(self) -> list[str]:
        """What there is to know of these numbers: names that Braket reads in part, what tables leave out."""
        found: list[tuple[int, Remark]] = []
        if os.access(self.folder.ledger, os.R_OK):
            with reading(self.folder.ledger) as db:
                found = read_remarks(db)
        return [*sentences(found), *remarks_on(self.results)]

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
        from sweeper.comparison.faults import fault_words

        return fault_words(self.results)

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
        from sweeper.comparison.compare import sections_of

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

    def _table(self, written: Path, read: Callable[[sqlite3.Connection], pd.DataFrame]) -> pd.DataFrame:
        """A table as the ledger has it; the written one, which is faster to read, if it shows the same.

        Where the ledger is missing, or is somebody else's, the written one is all there is.
        """
        if os.access(self.folder.ledger, os.R_OK):
            with reading(self.folder.ledger) as db:
                table = read_table(written, read_version(db))
                # Earlier versions wrote tables that do not say how they are to be read.
                says_how = table is not None and (OBJECTIVES in table.attrs or written != self.folder.results)
                return table if table is not None and says_how else read(db)
        table = read_table(written)
        if table is None:
            raise FolderError(f"{self.folder.ledger} cannot be read, and {written.name} is no table either.")
        return table

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
    found = SweepFolder(Path(folder))
    if not found.ledger.is_file() and not found.results.is_file():
        raise FolderError(f"{found.root} is not the folder of a sweep: it has no {found.ledger.name}.")
    return Sweep(found, direction, tuple(problem_keys))


def _keys(by: str | Sequence[str] | None) -> list[str] | None:
    if by is None:
        return None
    return [by] if isinstance(by, str) else list(by)
