"""A sweep's results for a notebook or a script."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from sweeper.errors import FolderError
from sweeper.folder import SweepFolder
from sweeper.ledger import read_jobs, read_metrics, reading
from sweeper.tables import metrics_frame, results_frame


@dataclass(frozen=True)
class Sweep:
    """A sweep's folder, read-only; it may still be running."""

    folder: SweepFolder

    @cached_property
    def results(self) -> pd.DataFrame:
        """One row for each job; see `sweeper.tables.results_frame` for the columns."""
        if self.folder.results.is_file():
            return pd.read_parquet(self.folder.results)
        with reading(self.folder.ledger) as db:
            return results_frame(read_jobs(db))

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Every metric in long form: `job`, `iteration`, `timestamp`, `metric`, `value`."""
        if self.folder.metrics.is_file():
            return pd.read_parquet(self.folder.metrics)
        with reading(self.folder.ledger) as db:
            return metrics_frame(read_metrics(db))

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Commands, versions, machine, devices and prices of the sweep's runs."""
        return dict(json.loads(self.folder.provenance.read_bytes()))

    def best(self, count: int = 1) -> pd.DataFrame:
        """The `count` completed jobs with the lowest objective, best first."""
        completed = self.results[self.results["status"] == "COMPLETED"]
        return completed.nsmallest(count, "objective")

    def job_folder(self, number: int) -> Path:
        """Folder of job `number`: config, hyperparameters, log, results, checkpoints."""
        return self.folder.job(number).root


def load_sweep(folder: str | os.PathLike[str]) -> Sweep:
    """Open the folder of a sweep, finished or running.

    Raises:
        FolderError: It is not the folder of a sweep.
    """
    found = SweepFolder(Path(folder))
    if not found.ledger.is_file() and not found.results.is_file():
        raise FolderError(f"{found.root} is not the folder of a sweep: it has no {found.ledger.name}.")
    return Sweep(found)
