"""The ledger's SQLite file: made whole, opened to write or to read, judged sound or damaged."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sweeper.errors import DamagedLedgerError, FolderError
from sweeper.folder import disk
from sweeper.ledger.record import UnreadableRowError, job_of_row
from sweeper.ledger.seals import can_seal, check_fact, checked_rows, seal_fact, seal_jobs, seal_rows

LAYOUT = 3
"""Version of the tables below; a ledger of a newer one is refused. The first had no remarks and no seals, the
second kept the end of a failed job's log in the reason."""

_SEALED = 2
"""The first layout with seals."""

_NEEDS_TO_WRITE = ("SQLITE_CANTOPEN", "SQLITE_READONLY")
_DISK_TROUBLE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")

_NO_TEXT = "Could not decode to UTF-8"
"""How Python's sqlite3 says that a text is none; SQLite itself does not mind."""

_TABLES = """
CREATE TABLE IF NOT EXISTS sweep (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    overrides TEXT NOT NULL,
    config TEXT NOT NULL,
    choices TEXT NOT NULL,
    spec TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    batch TEXT,
    handle TEXT,
    reserved_usd REAL NOT NULL DEFAULT 0,
    reason TEXT,
    started_at REAL,
    ended_at REAL,
    cost_usd REAL,
    job_arn TEXT,
    result TEXT,
    objective REAL,
    log_tail TEXT NOT NULL DEFAULT '',
    passing INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS transitions (
    job INTEGER NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL, at REAL NOT NULL, reason TEXT,
    handle TEXT
);
CREATE TABLE IF NOT EXISTS metrics (
    job INTEGER NOT NULL, iteration INTEGER, timestamp REAL, metric TEXT NOT NULL, value REAL
);
CREATE INDEX IF NOT EXISTS metrics_of_job ON metrics (job);
CREATE TABLE IF NOT EXISTS remarks (job INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seals (
    kind TEXT NOT NULL, name NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
"""
_SINCE_LAYOUT_2 = ("remarks", "seals")
_SINCE_LAYOUT_3 = {
    "jobs": ("log_tail TEXT NOT NULL DEFAULT ''", "passing INTEGER NOT NULL DEFAULT 0"),
    "transitions": ("handle TEXT",),
}
"""The columns, each the last of its table."""


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file that exists; `mode` as SQLite's URIs have it (`rw`, `ro`)."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    db = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


@contextmanager
def open_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger to read from, also where nothing may be written."""
    with closing(connect(path, "ro")) as db:
        try:
            check_layout(db, path)
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith(_NEEDS_TO_WRITE) or os.access(path.parent, os.W_OK):
                raise
        else:
            yield db
            return
    # A reader of a WAL database keeps an index beside it, which cannot be made here. So nobody can be
    # writing either, and a file that nobody writes can be read without.
    log = path.with_name(f"{path.name}-wal")
    with tempfile.TemporaryDirectory() as scratch:
        if log.exists() and log.stat().st_size:  # left by a process that was killed
            for file in (path, log):
                shutil.copy(file, scratch)
            copied = connect(Path(scratch) / path.name, "rw")
        else:
            copied = connect(path, "ro&immutable=1")
        with closing(copied) as db:
            check_layout(db, path)
            yield db


def create(path: Path, identity: str) -> None:
    """Make an empty ledger under another name first, so that nobody ever sees half of one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    _remove(draft)
    try:
        # Private, as it holds account numbers; SQLite gives its other files the same mode.
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL, 0o600))
        with damage_told(path), closing(connect(draft, "rw")) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("BEGIN")
            _make_tables(db)
            can_seal(db)
            for key, value in (("layout", str(LAYOUT)), ("id", identity)):
                db.execute("INSERT INTO sweep VALUES (?, ?)", (key, value))
                seal_fact(db, key)
            db.execute("COMMIT")
        _remove(path)  # the log of a ledger that somebody deleted: SQLite would apply it to this one
        draft.replace(path)
    except BaseException:
        _remove(draft)
        raise


def upgrade(db: sqlite3.Connection, layout: int) -> None:
    """Give a ledger of an earlier layout what this one has, within the caller's transaction.

    Args:
        db: The ledger, of which the caller has seen that its seals are whole, if it has any.
        layout: Its layout.

    Raises:
        UnreadableRowError: It holds what no version has written.
    """
    metrics = list(checked_rows(db, "metrics")) if layout < _SEALED else []
    _make_tables(db)
    jobs = [job_of_row(row) for row in db.execute("SELECT * FROM jobs")]
    for table, columns in _SINCE_LAYOUT_3.items():
        for column in columns:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    db.executemany(
        "UPDATE jobs SET reason = ?, log_tail = ? WHERE number = ?",
        [(job.reason, job.log_tail, job.number) for job in jobs if job.log_tail],
    )
    for kind in ("enlisted", "standing"):
        seal_jobs(db, kind, [job.number for job in jobs])
    for of_job in metrics:
        seal_rows(db, "metrics", of_job[0][0], of_job)
    db.execute("UPDATE sweep SET value = ? WHERE key = 'layout'", (str(LAYOUT),))
    for (key,) in db.execute("SELECT key FROM sweep").fetchall():
        seal_fact(db, key)


def _make_tables(db: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        db.execute(statement)


def _remove(ledger: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{ledger}{suffix}").unlink(missing_ok=True)


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Tell apart a damaged ledger, a disk that is full, and our own mistakes, which pass."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "").startswith(_DISK_TROUBLE):
            raise disk.DiskError(
                f"{path} cannot be written or read: {error}. Nothing that was recorded is lost: free some "
                f"space, see that the disk is well, and go on with sweeper resume "
                f"{shlex.quote(str(path.parent))}"
            ) from error
        if str(error).startswith(_NO_TEXT):
            raise DamagedLedgerError(path, str(error).partition(" with text")[0]) from error
        raise
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if isinstance(error, UnreadableRowError) or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise DamagedLedgerError(path, str(error)) from error
        raise


def check_layout(db: sqlite3.Connection, path: Path) -> int:
    """The layout of a ledger; refuses what this version cannot read.

    Raises:
        DamagedLedgerError: It does not say its layout, or does not have the tables of it.
        FolderError: A newer version has written it.
    """
    try:
        (text,) = db.execute("SELECT value FROM sweep WHERE key = 'layout'").fetchone()
        check_fact(db, "layout", text)
        layout = int(text)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_ERROR":
            raise
        raise DamagedLedgerError(path, str(error)) from error
    except (TypeError, ValueError) as error:
        raise DamagedLedgerError(path, "it does not say its layout") from error
    if layout > LAYOUT:
        raise FolderError(
            f"{path} was written by a newer braket-sweeper (layout {layout}): upgrade to use it. It has been "
            "left as it is."
        )
    for table, columns in _columns().items():
        if layout < _SEALED and table in _SINCE_LAYOUT_2:
            continue
        later = len(_SINCE_LAYOUT_3.get(table, ())) if layout < LAYOUT else 0
        if _columns_of(db, table) != columns[: len(columns) - later]:
            raise DamagedLedgerError(path, f"its table {table} is not what it was")
    return layout


@cache
def _columns() -> dict[str, list[tuple[Any, ...]]]:
    """The columns of each table, as SQLite describes them."""
    with closing(sqlite3.connect(":memory:")) as db:
        _make_tables(db)
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: _columns_of(db, name) for (name,) in names}


def _columns_of(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return [tuple(column) for column in db.execute("SELECT * FROM pragma_table_info(?)", (table,))]
