"""What a ledger says, to whoever looks at it while somebody else may be writing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sweeper.contract.remarks import Remark
from sweeper.errors import FolderError
from sweeper.job.state import JobState
from sweeper.ledger.file import damage_told, open_to_read
from sweeper.ledger.record import JobRecord, UnreadableRowError, job_of_row, state_of
from sweeper.ledger.seals import (
    STANDING,
    MetricRow,
    check_fact,
    check_job,
    check_seals,
    checked_rows,
    expect_none,
    has_seals,
    read_seals,
)

_END_OF_TIME = 2.0**36
"""Seconds since the epoch, in the year 4147: what is later was not written by us."""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger to read from, whether or not somebody writes to it; also in a folder that is read-only.

    All that is read is of one moment.

    Raises:
        DamagedLedgerError: It cannot be read.
        FolderError: There is no ledger, or one of a newer version.
    """
    if not path.is_file():
        raise FolderError(f"{path.parent} is not the folder of a sweep: it has no {path.name}.")
    with damage_told(path), open_to_read(path) as db:
        db.execute("BEGIN")
        yield db


def read_jobs(db: sqlite3.Connection, numbers: Collection[int] | None = None) -> list[JobRecord]:
    """All jobs by number, or these.

    Raises:
        UnreadableRowError: A row is not what was written.
    """
    return list(map(job_of_row, _checked_rows(db, numbers)))


def read_again(
    db: sqlite3.Connection, known: Mapping[int, JobRecord], numbers: Collection[int]
) -> list[JobRecord]:
    """These jobs as they stand now; what they are is taken from `known`, as it never changes in between.

    Raises:
        UnreadableRowError: A row is not what was written.
    """
    seals = read_seals(db, numbers, "standing")
    query = f"SELECT number, {', '.join(STANDING)} FROM jobs WHERE number IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own names
    rows = db.execute(f"{query} ORDER BY number", (json.dumps(list(numbers)),)).fetchall()
    for row in rows:
        check_job(row, seals, "standing")
    expect_none(seals)
    return [job_of_row(row, known[row["number"]]) for row in rows]


def changed_jobs(db: sqlite3.Connection, since: int = 0) -> tuple[int, list[int], int]:
    """What has changed since an earlier look.

    Args:
        db: The ledger.
        since: What the earlier look returned first.

    Returns:
        A mark for the next look, the numbers of the jobs that have changed their state, and how many jobs
        there are.
    """
    (last,) = db.execute("SELECT coalesce(max(rowid), 0) FROM transitions").fetchone()
    jobs = db.execute("SELECT DISTINCT job FROM transitions WHERE rowid > ?", (since,)).fetchall()
    (count,) = db.execute("SELECT count(*) FROM jobs").fetchone()
    return last, [job for (job,) in jobs], count


def check_all(db: sqlite3.Connection) -> None:
    """See that every row is what was written: cheaper than making something of it.

    Raises:
        UnreadableRowError: One is not.
    """
    for _ in _checked_rows(db):
        pass
    for key, value in db.execute("SELECT key, value FROM sweep").fetchall():
        check_fact(db, key, value)
    check_seals(db)
    for table in ("metrics", "remarks"):
        for _ in checked_rows(db, table):
            pass


def _checked_rows(db: sqlite3.Connection, numbers: Collection[int] | None = None) -> Iterator[sqlite3.Row]:
    seals = read_seals(db, numbers, "enlisted", "standing")
    query = "SELECT * FROM jobs ORDER BY number"
    if numbers is not None:
        query = "SELECT * FROM jobs WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number"
    for row in db.execute(query, () if numbers is None else (json.dumps(list(numbers)),)):
        check_job(row, seals)
        yield row
    expect_none(seals)


def read_version(db: sqlite3.Connection) -> str:
    """Differs whenever a job has been added or has changed its state."""
    query = (
        "SELECT (SELECT value FROM sweep WHERE key = 'id'), (SELECT count(*) FROM jobs), "
        "(SELECT max(rowid) FROM transitions), (SELECT max(at) FROM transitions)"
    )
    return "/".join(str(value) for value in db.execute(query).fetchone())


def read_standing(db: sqlite3.Connection) -> dict[str, JobState]:
    """The state of each job by its key."""
    return {key: state_of(state) for key, state in db.execute("SELECT key, state FROM jobs ORDER BY number")}


def read_states(db: sqlite3.Connection) -> dict[int, JobState]:
    """The state of each job by its number."""
    rows = db.execute("SELECT number, state FROM jobs ORDER BY number")
    return {number: state_of(state) for number, state in rows}


def read_launcher(db: sqlite3.Connection) -> dict[str, Any] | None:
    """The launcher with which the sweep was last run: its name, options and budget."""
    return recall(db, "launcher")


def read_place(db: sqlite3.Connection) -> dict[str, Any] | None:
    """Where its jobs were handed over, in the executor's own words."""
    return recall(db, "place")


def read_changed_at(db: sqlite3.Connection) -> float:
    """When a job last changed its state, in seconds since the epoch; 0 if none ever did.

    Raises:
        UnreadableRowError: What stands there is no time.
    """
    (moment,) = db.execute("SELECT coalesce(max(at), 0) FROM transitions").fetchone()
    if not isinstance(moment, int | float) or not 0 <= moment < _END_OF_TIME:
        raise UnreadableRowError("the time at which a job changed its state is none")
    return float(moment)


def read_metrics(db: sqlite3.Connection) -> list[MetricRow]:
    """All metrics as (job, iteration, timestamp, metric, value), in the order they were logged.

    Raises:
        UnreadableRowError: A row is not what was written.
    """
    return [row for of_job in metrics_by_job(db) for row in of_job]


def metrics_by_job(
    db: sqlite3.Connection, numbers: Collection[int] | None = None
) -> Iterator[list[MetricRow]]:
    """The same for one job after the other, or for these: there may be millions.

    Raises:
        UnreadableRowError: A row is not what was written.
    """
    return checked_rows(db, "metrics", numbers)


def read_remarks(db: sqlite3.Connection) -> list[tuple[int, Remark]]:
    """What there is to say of the jobs' numbers, each with its job's; nothing in an old ledger."""
    if not has_seals(db):
        return []
    rows = (row for of_job in checked_rows(db, "remarks") for row in of_job)
    return [(job, Remark(kind, detail)) for job, kind, detail in rows]


def recall(db: sqlite3.Connection, key: str) -> dict[str, Any] | None:
    """A fact about the sweep as a whole.

    Raises:
        UnreadableRowError: It is not what was written.
    """
    row = db.execute("SELECT value FROM sweep WHERE key = ?", (key,)).fetchone()
    check_fact(db, key, row and row[0])
    if row is None:
        return None
    try:
        return dict(json.loads(row[0]))
    except (TypeError, ValueError, RecursionError) as error:
        raise UnreadableRowError(f"the fact {key!r}: {error}") from error
