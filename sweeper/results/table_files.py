"""The tables as files, kept up to date while a sweep runs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd

from sweeper.folder.layout import SweepFolder, write_atomically
from sweeper.ledger.reader import changed_jobs, metrics_by_job, read_again, read_jobs, read_version, reading
from sweeper.ledger.record import JobRecord, Standing
from sweeper.ledger.seals import MetricRow
from sweeper.results.tables import METRIC_COLUMNS, Swept, frame_of, parquet, swept_by, to_csv


class Tables:
    """The tables of a sweep; what was in them before is neither read nor converted again."""

    def __init__(self, folder: SweepFolder) -> None:
        self._folder = folder
        self._seen = 0
        self._jobs: dict[int, JobRecord] = {}
        self._swept = Swept({}, {})
        self._metrics: dict[int, _Logged] = {}
        self._names: dict[str, int] = {}

    def write(self) -> None:
        """Write all that the ledger says now.

        Raises:
            DamagedLedgerError: It is not what was written.
            DiskError: The disk is full, read-only or failing.
        """
        with reading(self._folder.ledger) as db:
            version = read_version(db)
            self._take_in(db)
        results = frame_of(list(self._jobs.values()), self._swept)
        write_atomically(self._folder.results, parquet(results, version))
        write_atomically(self._folder.results_csv, to_csv(results).encode(errors="replace"))
        write_atomically(self._folder.metrics, parquet(self._metrics_frame(), version))

    def _take_in(self, db: sqlite3.Connection) -> None:
        """Read what has changed since the last time."""
        seen, changed, count = changed_jobs(db, self._seen)
        if self._seen and count == len(self._jobs):
            self._jobs |= {job.number: job for job in read_again(db, self._jobs, changed)}
            metrics = metrics_by_job(db, changed)
        else:
            jobs = read_jobs(db)
            self._swept = swept_by(jobs)
            self._jobs = {job.number: _without_config(job) for job in jobs}
            metrics = metrics_by_job(db)
        for number in changed:
            self._metrics.pop(number, None)
        for rows in metrics:
            self._metrics[rows[0][0]] = _logged(rows, self._names)
        self._seen = seen

    def _metrics_frame(self) -> pd.DataFrame:
        """As `sweeper.results.tables.metrics_frame` makes it, from the arrays of each job."""
        numbers = sorted(self._metrics)
        logged = [self._metrics[number] for number in numbers]
        met = _joined([one.metric for one in logged], np.int64)
        used = np.bincount(met, minlength=len(self._names)) > 0
        names = sorted(name for name, at in self._names.items() if used[at])
        # From the order in which the names were met to the alphabet's.
        place = np.zeros(len(self._names), dtype=np.int64)
        for at, name in enumerate(names):
            place[self._names[name]] = at
        iteration = _joined([one.iteration for one in logged], np.int64)
        without = _joined([one.without_iteration for one in logged], np.bool_)
        columns = {
            "job": np.repeat(np.array(numbers, dtype=np.int64), [len(one.value) for one in logged]),
            "iteration": pd.arrays.IntegerArray(iteration, without),
            "timestamp": _joined([one.timestamp for one in logged], np.float64),
            "metric": pd.Categorical.from_codes(place[met], pd.Index(names)),
            "value": _joined([one.value for one in logged], np.float64),
        }
        return pd.DataFrame(columns, columns=pd.Index(METRIC_COLUMNS))


class TableWriter:
    """Keeps the files up to date while a sweep runs, in a thread beside it, in a small share of the time."""

    _LEAST_PAUSE = 2.0
    _SHARE = 0.05

    def __init__(self, folder: SweepFolder) -> None:
        self._tables = Tables(folder)
        self._thread = ThreadPoolExecutor(1, "tables")
        self._writing: Future[float] | None = None
        self._news = False
        self._not_before = 0.0

    def changed(self, job: Standing) -> None:
        """Remember that there is something to write."""
        self._news = self._news or job.state.finished

    def tick(self) -> None:
        """Have them written if there is news and the last time is long enough ago.

        Raises:
            DamagedLedgerError: As `Tables.write`.
            DiskError: The same.
        """
        now = time.monotonic()
        if self._writing is not None and self._writing.done():
            took = self._writing.result()
            self._writing = None
            self._not_before = now + max(self._LEAST_PAUSE, took / self._SHARE)
        if self._news and self._writing is None and now >= self._not_before:
            self._news = False
            self._writing = self._thread.submit(self._write)

    def _write(self) -> float:
        """Seconds that it took."""
        begun = time.monotonic()
        self._tables.write()
        return time.monotonic() - begun

    def __enter__(self) -> Self:
        """Follow a sweep."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what the ledger says in the end, however the sweep ended."""
        self._thread.shutdown()
        self._tables.write()


@dataclass(frozen=True)
class _Logged:
    """The metrics of one job; `metric` holds places in the list of all names."""

    iteration: np.ndarray[Any, Any]
    without_iteration: np.ndarray[Any, Any]
    timestamp: np.ndarray[Any, Any]
    metric: np.ndarray[Any, Any]
    value: np.ndarray[Any, Any]


def _logged(rows: Sequence[MetricRow], names: dict[str, int]) -> _Logged:
    """The metrics of one job as arrays; names that are new are added to `names`."""
    _, iterations, timestamps, metrics, values = zip(*rows, strict=True)
    return _Logged(
        np.array([iteration or 0 for iteration in iterations], dtype=np.int64),
        np.array([iteration is None for iteration in iterations], dtype=np.bool_),
        np.array(timestamps, dtype=np.float64),
        np.array([names.setdefault(name, len(names)) for name in metrics], dtype=np.int32),
        np.array(values, dtype=np.float64),
    )


def _joined(arrays: Sequence[np.ndarray[Any, Any]], kind: type) -> np.ndarray[Any, Any]:
    return np.concatenate(arrays) if arrays else np.array([], dtype=kind)


def _without_config(job: JobRecord) -> JobRecord:
    """A job without what is large and never changes."""
    return replace(job, config={}, overrides=[], spec={"objective": job.wanted})
