"""Whether the ledger still says what was written: a digest beside each of its rows.

SQLite notices a page that is no page. It does not notice a digit that has become another one, and a number of
which nobody knows that it is wrong is worse than none.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import groupby
from marshal import dumps
from typing import Any

from sweeper.job_record import Entry, JobRecord, Metric, UnreadableRowError

ENLISTED = ("number", *(column.name for column in fields(Entry)))
"""What a job is; written once."""
STANDING = tuple(column.name for column in fields(JobRecord) if column.name not in ENLISTED)
"""Where it stands and what it has brought; written at every change of its state."""

_OF_JOBS = {"enlisted": ENLISTED, "standing": STANDING}

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


def seal_metrics(db: sqlite3.Connection, job: int, rows: Sequence[MetricRow]) -> None:
    """Seal a job's metrics: all of them, as `stored` makes them."""
    if rows:
        db.execute("INSERT OR REPLACE INTO seals VALUES ('metrics', ?, ?)", (job, digest(*rows)))
    else:
        db.execute("DELETE FROM seals WHERE kind = 'metrics' AND name = ?", (job,))


def stored(job: int, metrics: Iterable[Metric]) -> list[MetricRow]:
    """Rows of the table `metrics` as SQLite gives them back: it knows neither NaN nor a negative zero."""
    return [
        (job, m.iteration, _stored(m.timestamp), m.metric, None if math.isnan(m.value) else m.value + 0.0)
        for m in metrics
    ]


def check_job(row: sqlite3.Row, seals: dict[tuple[str, Any], str] | None) -> None:
    """See that a row of the table `jobs` is what was written.

    Args:
        row: All its columns.
        seals: As `read_seals` gives them; the row's are taken out.

    Raises:
        UnreadableRowError: It is not.
    """
    if seals is None:
        return
    for kind, columns in _OF_JOBS.items():
        if seals.pop((kind, row["number"]), None) != digest(*(row[column] for column in columns)):
            raise UnreadableRowError(f"job {row['number']} is not as it was written")


def check_fact(db: sqlite3.Connection, key: str, value: Any) -> None:
    """See that a row of the table `sweep` is what was written.

    Raises:
        UnreadableRowError: It is not.
    """
    if has_seals(db):
        row = db.execute("SELECT digest FROM seals WHERE kind = 'fact' AND name = ?", (key,)).fetchone()
        if row is None or row[0] != digest(value):
            raise UnreadableRowError(f"the fact {key!r} is not as it was written")


def checked_metrics(db: sqlite3.Connection, rows: Iterable[MetricRow]) -> Iterator[list[MetricRow]]:
    """The metrics of one job after the other, each seen to be what was written.

    Args:
        db: The ledger.
        rows: All rows of the table `metrics`, by job and in the order of their making.

    Raises:
        UnreadableRowError: Some are not.
    """
    seals = read_seals(db, "metrics")
    for job, of_job in groupby(rows, key=lambda row: row[0]):
        found = list(of_job)
        if seals is not None and seals.pop(("metrics", job), None) != digest(*found):
            raise UnreadableRowError(f"the metrics of job {job} are not as they were written")
        yield found
    expect_none(seals)


def read_seals(db: sqlite3.Connection, *kinds: str) -> dict[tuple[str, Any], str] | None:
    """The digests of these kinds, by kind and name; none if an earlier version wrote the ledger."""
    if not has_seals(db):
        return None
    return {
        (kind, name): seal for kind, name, seal in db.execute("SELECT * FROM seals") if kind in set(kinds)
    }


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


def _stored(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value + 0.0
