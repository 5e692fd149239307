"""A ledger in which anything is not as it was written is damaged, and is rebuilt; no number is wrong."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.cli import run_subcommand
from sweeper.errors import DamagedLedgerError, FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.opening import open_ledger
from sweeper.ledger.reader import read_jobs, read_metrics, reading, recall
from sweeper.ledger.record import JobRecord
from sweeper.ledger.seals import STANDING, can_seal, seal_fact

from .made import COMPLETED, LAUNCHER, make_sweep

Said = tuple[list[JobRecord], list[tuple[Any, ...]], dict[str, Any] | None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    return make_sweep(tmp_path_factory.mktemp("made") / "sweep")


@pytest.fixture(scope="module")
def right(made: SweepFolder) -> Said:
    return read(made)


@pytest.fixture(scope="module")
def rebuilt(made: SweepFolder, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What a ledger says that has been rebuilt."""
    copy = SweepFolder(tmp_path_factory.mktemp("rebuilt") / "sweep")
    shutil.copytree(made.root, copy.root)
    copy.ledger.unlink()
    open_ledger(copy).close()
    return read(copy)


@pytest.fixture
def folder(made: SweepFolder, tmp_path: Path) -> SweepFolder:
    shutil.copytree(made.root, tmp_path / "sweep")
    return SweepFolder(tmp_path / "sweep")


def read(folder: SweepFolder) -> Said:
    with reading(folder.ledger) as db:
        return read_jobs(db), read_metrics(db), recall(db, "launcher")


def see_that_it_is_right_or_rebuilt(folder: SweepFolder, right: Said, rebuilt: Said) -> bool:
    """What the commands make of a ledger that may be damaged; whether it was found to be."""
    with suppress(FolderError):  # the message that a person gets
        assert read(folder) == right
    assert run_subcommand(["status", str(folder.root)]) in {0, 1}
    with closing(open_ledger(folder)) as ledger:
        identity = ledger.sweep_id
        said = ledger.jobs(), ledger.metrics(), ledger.recall("launcher")
    damaged = any(folder.root.glob("sweep.db.damaged-*"))
    assert said == (rebuilt if damaged else right)
    assert identity == json.loads(folder.facts.read_text())["sweep"]
    return damaged


@pytest.mark.parametrize("seed", range(60))
def test_bytes_flipped_anywhere_are_harmless_or_damage(
    folder: SweepFolder, right: Said, rebuilt: Said, seed: int
) -> None:
    rng = random.Random(seed)
    content = bytearray(folder.ledger.read_bytes())
    text = [place for place, byte in enumerate(content) if 32 <= byte < 127]
    for _ in range(rng.choice([1, 1, 1, 3, 20])):
        place = rng.choice(text) if rng.random() < 0.8 else rng.randrange(len(content))
        content[place] ^= 1 << rng.randrange(8)
    folder.ledger.write_bytes(content)
    see_that_it_is_right_or_rebuilt(folder, right, rebuilt)


def cells(path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for column in db.execute(f"PRAGMA table_info({table})"):
                yield table, column[1]


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(max_size=8),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["{}", "[]", "[1]", "null", '{"a": {}}', "COMPLETED", "DONE", "1.5", "-1", "[" * 10**5]),
)


@given(st.data())
def test_any_value_in_any_cell_is_harmless_or_damage(
    made: SweepFolder,
    right: Said,
    rebuilt: Said,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    folder = SweepFolder(tmp_path_factory.mktemp("cell") / "sweep")
    shutil.copytree(made.root, folder.root)
    table, column = data.draw(st.sampled_from(list(cells(folder.ledger))))
    value = data.draw(VALUES)
    with closing(sqlite3.connect(folder.ledger)) as db, db:
        db.execute("PRAGMA ignore_check_constraints = 1")
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
        row = data.draw(st.integers(0, count - 1))
        of = "kind || '/' || name" if table == "seals" else "key" if table == "sweep" else "rowid"
        chosen = db.execute(f"SELECT {of} FROM {table} LIMIT 1 OFFSET ?", (row,)).fetchone()
        before = db.execute(f"SELECT * FROM {table}").fetchall()
        try:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE {of} = ?", (value, *chosen))
        except (sqlite3.IntegrityError, sqlite3.DataError):
            return  # not even by hand
        try:
            changed = repr(before) != repr(db.execute(f"SELECT * FROM {table}").fetchall())
        except sqlite3.OperationalError:
            changed = True
    damaged = see_that_it_is_right_or_rebuilt(folder, right, rebuilt)
    if table != "transitions":
        assert damaged == changed


def test_a_row_that_is_lost_or_too_many_is_damage(folder: SweepFolder, right: Said, rebuilt: Said) -> None:
    content = folder.ledger.read_bytes()
    for harm in (
        "DELETE FROM jobs WHERE number = 2",
        "DELETE FROM metrics",
        "DELETE FROM seals",
        "DELETE FROM sweep WHERE key = 'launcher'",
        "INSERT INTO metrics SELECT 1, iteration, timestamp, metric, value FROM metrics",
        "INSERT INTO jobs SELECT 7, 'k', overrides, config, choices, spec, state, 0, NULL, NULL, 0, NULL, "
        "NULL, NULL, NULL, NULL, NULL, NULL, '', 0 FROM jobs WHERE number = 0",
        "UPDATE jobs SET cost_usd = 0.35 WHERE number = 0",
        "UPDATE metrics SET value = -1.0000000001",
        "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, 'REAL', 'RFAL')",
    ):
        with closing(sqlite3.connect(folder.ledger)) as db, db:
            db.executescript(harm)
        assert see_that_it_is_right_or_rebuilt(folder, right, rebuilt), harm
        folder.ledger.write_bytes(content)
        for aside in folder.root.glob("sweep.db.damaged-*"):
            aside.unlink()


def first_layout(folder: SweepFolder) -> None:
    """Make the ledger what the first version would have written."""
    with closing(sqlite3.connect(folder.ledger)) as db, db:
        db.execute("DROP TABLE seals")
        db.execute("DROP TABLE remarks")
        in_one_text(db)
        db.execute("UPDATE sweep SET value = '1' WHERE key = 'layout'")


def second_layout(folder: SweepFolder) -> None:
    """Make the ledger what the second version would have written."""
    with closing(sqlite3.connect(folder.ledger)) as db, db:
        in_one_text(db)
        db.execute("UPDATE sweep SET value = '2' WHERE key = 'layout'")
        can_seal(db)
        seal_fact(db, "layout")
        columns = ", ".join(name for name in STANDING if name not in {"log_tail", "passing"})
        db.execute(f"INSERT OR REPLACE INTO seals SELECT 'standing', number, digest({columns}) FROM jobs")


def in_one_text(db: sqlite3.Connection) -> None:
    """Put the ends of the logs behind the reasons, as the first two versions did."""
    db.execute("UPDATE jobs SET reason = reason || char(10) || log_tail WHERE log_tail != ''")
    for table, column in (("jobs", "log_tail"), ("jobs", "passing"), ("transitions", "handle")):
        db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


@pytest.mark.parametrize("layout", [first_layout, second_layout])
def test_a_ledger_of_an_earlier_version_is_read_and_brought_up_to_date_when_it_is_written_to(
    folder: SweepFolder, right: Said, layout: Callable[[SweepFolder], None]
) -> None:
    layout(folder)
    assert read(folder) == right
    for _ in range(2):
        with closing(open_ledger(folder)) as ledger:
            assert (ledger.jobs(), ledger.metrics(), ledger.recall("launcher")) == right
        assert not list(folder.root.glob("sweep.db.damaged-*"))
    with closing(sqlite3.connect(folder.ledger)) as db, db:
        db.execute("UPDATE jobs SET objective = objective * 2")
    with pytest.raises(DamagedLedgerError):
        Ledger(folder.ledger)


def test_a_flipped_digit_in_a_ledger_of_the_second_layout_is_not_sealed_as_right(
    folder: SweepFolder, rebuilt: Said
) -> None:
    second_layout(folder)
    with closing(sqlite3.connect(folder.ledger)) as db, db:
        db.execute("UPDATE jobs SET cost_usd = 0.35 WHERE number = 0")
    see_it_rebuilt(folder, rebuilt)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("overrides", '{"a": 1}'),
        ("overrides", "[1]"),
        ("config", "[]"),
        ("config", 7),
        ("choices", '{"device": []}'),
        ("spec", "null"),
        ("state", "DONE"),
        ("state", 3),
        ("attempts", -1),
        ("attempts", "many"),
        ("cost_usd", "much"),
        ("cost_usd", -0.5),
        ("started_at", "soon"),
        ("ended_at", float("inf")),
        ("reserved_usd", "x"),
        ("objective", b"\x00"),
        ("key", b"\xff"),
        ("reason", b"\xff\xfe"),
        ("result", "[1]"),
    ],
)
def test_without_seals_what_does_not_fit_is_damage(
    folder: SweepFolder, rebuilt: Said, column: str, value: Any
) -> None:
    first_layout(folder)
    with closing(sqlite3.connect(folder.ledger)) as db, db:
        if isinstance(value, bytes):
            db.execute(f"UPDATE jobs SET {column} = CAST(? AS TEXT) WHERE number = 1", (value,))
        else:
            db.execute(f"UPDATE jobs SET {column} = ? WHERE number = 1", (value,))
    see_it_rebuilt(folder, rebuilt)


@pytest.mark.parametrize("column", ["job", "iteration", "timestamp", "metric", "value"])
def test_without_seals_a_metric_that_is_none_is_damage(
    folder: SweepFolder, rebuilt: Said, column: str
) -> None:
    first_layout(folder)
    with closing(sqlite3.connect(folder.ledger)) as db, db:
        db.execute(f"UPDATE metrics SET {column} = ?", (b"\xff",))
    see_it_rebuilt(folder, rebuilt)


def see_it_rebuilt(folder: SweepFolder, rebuilt: Said) -> None:
    with pytest.raises(DamagedLedgerError):
        read(folder)
    with closing(open_ledger(folder)) as ledger:
        assert (ledger.jobs(), ledger.metrics(), ledger.recall("launcher")) == rebuilt
        assert ledger.recall("launcher") == LAUNCHER


def test_a_record_with_a_flipped_digit_is_not_taken_for_what_happened(
    folder: SweepFolder, right: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.ledger.unlink()
    record = folder.job(COMPLETED).record
    text = record.read_text()
    assert '"objective": -1.0' in text
    record.write_text(text.replace('"objective": -1.0', '"objective": -9.0'))
    with closing(open_ledger(folder)) as ledger:
        assert ledger.job(COMPLETED).state is JobState.PENDING
    assert "1 records could not be read (jobs/0/job.json)" in capsys.readouterr().err
    # As earlier versions wrote it.
    record.write_text(text[: text.rindex(', "digest"')] + "}")
    folder.ledger.unlink()
    with closing(open_ledger(folder)) as ledger:
        assert ledger.job(COMPLETED) == right[0][COMPLETED]


def test_a_listing_with_a_flipped_digit_is_not_believed(folder: SweepFolder) -> None:
    listing = folder.listing.read_bytes()
    folder.listing.write_bytes(listing.replace(b'"seed": 5', b'"seed": 4'))
    folder.ledger.unlink()
    with closing(open_ledger(folder)) as ledger:
        assert 5 not in [job.number for job in ledger.jobs()]
