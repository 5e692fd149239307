"""Whether the ledger still says what was written: a digest beside each of its rows.

SQLite notices a page that is no page. It does not notice a digit that has become another one, and a number of
which nobody knows that it is wrong is worse than none.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import groupby
from marshal import dumps
from operator import itemgetter
from typing import Any, Literal

from sweeper.contract.metric import Metric
from sweeper.ledger.record import Entry, JobRecord, UnreadableRowError

ENLISTED = ("number", *(column.name for column in fields(Entry)))
"""What a job is; written once."""
STANDING = tuple(column.name for column in fields(JobRecord) if column.name not in ENLISTED)
"""Where it stands and what it has brought; written at every change of its state."""

_OF_JOBS = {"enlisted": ENLISTED, "standing": STANDING}
_BY_JOB = ("metrics", "remarks")

MetricRow = tuple[int, int | None, float | None, str, float | None]
"""A row of the table `metrics`: job, iteration, timestamp, metric, value."""


def digest(*values: Any) -> str:
    """Sixteen digits that depend on every one of these values, as SQLite gives them."""
    # Version 2 of the format writes equal values alike, wherever they come from.
    return hashlib.blake2b(dumps(values, 2), digest_size=8).hexdigest()


def can_seal(db: sqlite3.Connection) -> None:
    """Let a connection that writes compute digests."""
    db.create_function("digest", -1, digest, deterministic=True)


def seal_jobs(db: sqlite3.Connection, kind: str, numbers: Iterable[int]) -> None:
    """Seal these rows of the table `jobs` as they are now; `kind` is `enlisted` or `standing`."""
    db.executemany(
        f"INSERT OR REPLACE INTO seals SELECT '{kind}', number, digest({', '.join(_OF_JOBS[kind])}) "  # noqa: S608 - our own names
        "FROM jobs WHERE number = ?",
        [(number,) for number in numbers],
    )


def seal_fact(db: sqlite3.Connection, key: str) -> None:
    """Seal a row of the table `sweep`."""
    db.execute(
        "INSERT OR REPLACE INTO seals SELECT 'fact', key, digest(value) FROM sweep WHERE key = ?", (key,)
    )


def seal_rows(db: sqlite3.Connection, table: str, job: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Seal all that a table has of a job, as SQLite gives it back: `metrics` (see `stored`) or `remarks`."""
    if rows:
        db.execute("INSERT OR REPLACE INTO seals VALUES (?, ?, ?)", (table, job, digest(*rows)))
    else:
        db.execute("DELETE FROM seals WHERE kind = ? AND name = ?", (table, job))


def stored(job: int, metrics: Iterable[Metric]) -> list[MetricRow]:
    """Rows of the table `metrics` as SQLite gives them back: it knows neither NaN nor a negative zero."""
    return [
        (job, m.iteration, _stored(m.timestamp), m.metric, None if math.isnan(m.value) else m.value + 0.0)
        for m in metrics
    ]


def check_job(
    row: sqlite3.Row, seals: dict[tuple[str, Any], str] | None, *kinds: Literal["enlisted", "standing"]
) -> None:
    """See that a row of the table `jobs` is what was written.

    Args:
        row: All columns of these kinds.
        seals: As `read_seals` gives them; the row's are taken out.
        kinds: What of the row is there: what the job is, where it stands; both by default.

    Raises:
        UnreadableRowError: It is not.
    """
    if seals is None:
        return
    for kind in kinds or _OF_JOBS:
        if seals.pop((kind, row["number"]), None) != digest(*(row[column] for column in _OF_JOBS[kind])):
            raise UnreadableRowError(f"job {row['number']} is not as it was written")


def check_fact(db: sqlite3.Connection, key: str, value: Any) -> None:
    """See that a fact about the sweep is what was written; none if there is no such row.

    Raises:
        UnreadableRowError: It is not.
    """
    if not has_seals(db):
        return
    row = db.execute("SELECT digest FROM seals WHERE kind = 'fact' AND name = ?", (key,)).fetchone()
    if (row and row[0]) != (None if value is None else digest(value)):
        raise UnreadableRowError(f"the fact {key!r} is not as it was written")


def check_seals(db: sqlite3.Connection) -> None:
    """See that every seal belongs to something, where it is not taken out as its row is read.

    Raises:
        UnreadableRowError: One does not.
    """
    for kind, name in read_seals(db, None) or ():
        if kind not in {*_OF_JOBS, *_BY_JOB, "fact"}:
            raise UnreadableRowError(f"there is a seal of {kind} {name}")
        if kind == "fact":
            row = db.execute("SELECT value FROM sweep WHERE key = ?", (name,)).fetchone()
            check_fact(db, name, row and row[0])


def checked_rows(
    db: sqlite3.Connection, table: str, jobs: Collection[int] | None = None
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of `metrics` or `remarks`, of one job after the other, each seen to be what was written.

    Args:
        db: The ledger.
        table: One of these two.
        jobs: The jobs whose rows are wanted; none for all.

    Raises:
        UnreadableRowError: Some are not.
    """
    seals = read_seals(db, jobs, table)
    cursor = db.cursor()
    cursor.row_factory = None  # plain tuples: there may be millions
    these = "" if jobs is None else "WHERE job IN (SELECT value FROM json_each(?))"
    rows = cursor.execute(
        f"SELECT * FROM {table} {these} ORDER BY job, rowid",  # noqa: S608 - one of our own names
        () if jobs is None else (json.dumps(list(jobs)),),
    )
    for job, of_job in groupby(rows, key=itemgetter(0)):
        found = list(of_job)
        if not all(map(_fits, found)) if seals is None else seals.pop((table, job), None) != digest(*found):
            raise UnreadableRowError(f"the {table} of job {job} are not as they were written")
        yield found
    expect_none(seals)


def read_seals(
    db: sqlite3.Connection, names: Collection[Any] | None, *kinds: str
) -> dict[tuple[str, Any], str] | None:
    """The digests of these kinds, or of all, by kind and name; none if an earlier version wrote the ledger.

    Args:
        db: The ledger.
        names: The names that are wanted; none for all.
        kinds: The kinds that are wanted; none for all.
    """
    if not has_seals(db):
        return None
    if names is not None:
        query = "SELECT * FROM seals WHERE kind = ? AND name IN (SELECT value FROM json_each(?))"
        wanted = json.dumps(list(names))
        found = [row for kind in kinds for row in db.execute(query, (kind, wanted))]
    else:
        found = [row for row in db.execute("SELECT * FROM seals") if not kinds or row[0] in kinds]
    return {(kind, name): seal for kind, name, seal in found}


def expect_none(seals: dict[tuple[str, Any], str] | None) -> None:
    """See that every seal had its row.

    Raises:
        UnreadableRowError: Some had not.
    """
    for kind, name in seals or ():
        raise UnreadableRowError(f"a row is missing: {kind} {name}")


def has_seals(db: sqlite3.Connection) -> bool:
    """Whether the ledger has digests."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seals'"
    return db.execute(query).fetchone() is not None


def _fits(row: MetricRow) -> bool:
    """Whether a row of the table `metrics` has the types of one."""
    job, iteration, timestamp, metric, value = row
    names = isinstance(job, int) and isinstance(iteration, int | None) and isinstance(metric, str)
    return names and isinstance(timestamp, float | None) and isinstance(value, float | None)


def _stored(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value + 0.0
