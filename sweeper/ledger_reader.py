"""What a ledger says, to whoever looks at it while somebody else may be writing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sweeper.errors import FolderError
from sweeper.job_record import JobRecord, job_of_row
from sweeper.ledger_file import damage_told, open_to_read
from sweeper.states import JobState


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger to read from, whether or not somebody writes to it; also in a folder that is read-only.

    Raises:
        DamagedLedgerError: It cannot be read.
        FolderError: There is no ledger, or one of a newer version.
    """
    if not path.is_file():
        raise FolderError(f"{path.parent} is not the folder of a sweep: it has no {path.name}.")
    with damage_told(path), open_to_read(path) as db:
        yield db


def read_jobs(db: sqlite3.Connection) -> list[JobRecord]:
    """All jobs by number."""
    return [job_of_row(row) for row in db.execute("SELECT * FROM jobs ORDER BY number")]


def read_version(db: sqlite3.Connection) -> str:
    """Differs whenever a job has been added or has changed its state."""
    query = (
        "SELECT (SELECT value FROM sweep WHERE key = 'id'), (SELECT count(*) FROM jobs), "
        "(SELECT max(rowid) FROM transitions), (SELECT max(at) FROM transitions)"
    )
    return "/".join(str(value) for value in db.execute(query).fetchone())


def read_standing(db: sqlite3.Connection) -> dict[str, JobState]:
    """The state of each job by its key."""
    return {key: JobState(state) for key, state in db.execute("SELECT key, state FROM jobs ORDER BY number")}


def read_states(db: sqlite3.Connection) -> dict[int, JobState]:
    """The state of each job by its number."""
    rows = db.execute("SELECT number, state FROM jobs ORDER BY number")
    return {number: JobState(state) for number, state in rows}


def read_launcher(db: sqlite3.Connection) -> dict[str, Any] | None:
    """The launcher with which the sweep was last run: its name, options and budget."""
    return recall(db, "launcher")


def read_place(db: sqlite3.Connection) -> dict[str, Any] | None:
    """Where its jobs were handed over, in the executor's own words."""
    return recall(db, "place")


def read_changed_at(db: sqlite3.Connection) -> float:
    """When a job last changed its state, in seconds since the epoch; 0 if none ever did."""
    (moment,) = db.execute("SELECT coalesce(max(at), 0) FROM transitions").fetchone()
    return float(moment)


def read_metrics(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """All metrics as (job, iteration, timestamp, metric, value), in the order they were logged."""
    query = "SELECT job, iteration, timestamp, metric, value FROM metrics ORDER BY job, rowid"
    cursor = db.cursor()
    cursor.row_factory = None  # plain tuples: there may be millions
    return cursor.execute(query).fetchall()


def recall(db: sqlite3.Connection, key: str) -> dict[str, Any] | None:
    """A fact about the sweep as a whole."""
    row = db.execute("SELECT value FROM sweep WHERE key = ?", (key,)).fetchone()
    return None if row is None else dict(json.loads(row[0]))
