"""The tables of a sweep's folder, read from its ledger."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from sweeper.comparison.compare import Comparison, compare
from sweeper.comparison.metric import Direction
from sweeper.comparison.reading import read_as
from sweeper.contract.remarks import Remark, sentences
from sweeper.errors import FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.reader import read_jobs, read_metrics, read_remarks, read_version, reading
from sweeper.ledger.record import JobRecord
from sweeper.results.selection import OBJECTIVES
from sweeper.results.tables import metrics_frame, read_table, remarks_on, results_frame


@dataclass(frozen=True, repr=False)
class SweepTables:
    """The results, metrics and remarks of a sweep, finished or running.

    Attributes:
        folder: The folder.
        direction: Which way the objective is better, if its config (`algorithm.direction`) does not say so.
        problem_keys: Further swept keys that say which problem is solved, beside `problem` and those that its
            config names (`algorithm.problem_keys`).

    Raises:
        FolderError: It is not the folder of a sweep.
    """

    folder: SweepFolder
    direction: Direction | None = None
    problem_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.folder.ledger.is_file() and not self.folder.results.is_file():
            raise FolderError(
                f"{self.folder.root} is not the folder of a sweep: it has no {self.folder.ledger.name}."
            )

    @cached_property
    def results(self) -> pd.DataFrame:
        """One row for each job; see `sweeper.results.tables.results_frame` for the columns."""
        table = self._table(self.folder.results, lambda db: results_frame(read_jobs(db)))
        if self.direction is None and not self.problem_keys:
            return table
        return read_as(table, self.direction, self.problem_keys)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Every metric in long form: `job`, `iteration`, `timestamp`, `metric`, `value`."""
        return self._table(self.folder.metrics, lambda db: metrics_frame(read_metrics(db)))

    @cached_property
    def remarks(self) -> list[str]:
        """What there is to know of these numbers: names that Braket reads in part, what tables leave out."""
        _, remarks = self._ledger or (None, [])
        return [*sentences(remarks), *remarks_on(self.results)]

    @cached_property
    def comparison(self) -> Comparison:
        """All jobs, compared by every swept key that makes a candidate."""
        return compare(self.results)

    @cached_property
    def failed(self) -> list[JobRecord]:
        """The jobs that have failed, as far as the ledger can be read."""
        numbers = self.results["job"][self.results["status"] == JobState.FAILED].tolist()
        if not numbers or self._ledger is None:
            return []
        with reading(self.folder.ledger) as db:
            return [job for job in read_jobs(db, numbers) if job.state is JobState.FAILED]

    @cached_property
    def _ledger(self) -> tuple[str, list[tuple[int, Remark]]] | None:
        """The ledger's version and the remarks on its jobs; none where it is missing, or somebody else's."""
        if not os.access(self.folder.ledger, os.R_OK):
            return None
        with reading(self.folder.ledger) as db:
            return read_version(db), read_remarks(db)

    def _table(self, written: Path, read: Callable[[sqlite3.Connection], pd.DataFrame]) -> pd.DataFrame:
        """A table as the ledger has it; the written one, which is faster to read, if it shows the same.

        Where the ledger is missing, or is somebody else's, the written one is all there is.
        """
        if self._ledger is None:
            if (table := read_table(written)) is None:
                raise FolderError(
                    f"{self.folder.ledger} cannot be read, and {written.name} is no table either."
                )
            return table
        version, _ = self._ledger
        table = read_table(written, version)
        # Earlier versions wrote tables that do not say how they are to be read.
        if table is not None and (OBJECTIVES in table.attrs or written != self.folder.results):
            return table
        with reading(self.folder.ledger) as db:
            return read(db)
