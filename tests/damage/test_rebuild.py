"""A ledger that is damaged or lost comes back from the jobs' folders; nothing is lost, nothing paid twice."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.cli import run_subcommand
from sweeper.errors import DamagedLedgerError, FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.job.failure import Failure
from sweeper.job.state import JobState
from sweeper.ledger.file import LAYOUT
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.opening import open_ledger
from sweeper.ledger.reader import reading
from sweeper.ledger.record import Entry
from sweeper.ledger.seals import can_seal, seal_fact

from .made import (
    ANNOUNCED,
    CANCELLED,
    COMPLETED,
    FAILED,
    HANDED_OVER,
    LAUNCHER,
    RETRIED,
    in_child,
    make_sweep,
    read_all,
)


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return make_sweep(tmp_path / "sweep")


def garbage(path: Path) -> None:
    path.write_bytes(b"\xff" * 10_000)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def page_lost(path: Path) -> None:
    content = bytearray(path.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    content[2 * page : 4 * page] = b"\xa5" * (2 * page)
    path.write_bytes(content)


def row_lost(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE jobs SET config = '{\"seed\": ' WHERE number = 2")


def table_lost(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE sweep")


def deleted(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [garbage, emptied, halved, page_lost, row_lost, table_lost, deleted])
def test_every_job_comes_back_as_it_was(
    folder: SweepFolder, harm: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    identity, before, metrics = read_all(folder)
    harm(folder.ledger)
    damaged = folder.ledger.read_bytes() if folder.ledger.exists() else None
    with closing(open_ledger(folder)) as ledger:
        assert ledger.sweep_id == identity
        assert ledger.recall("launcher") == LAUNCHER
        assert ledger.metrics() == metrics
        after = ledger.jobs()
    ended = [COMPLETED, FAILED]
    assert [after[n] for n in ended] == [before[n] for n in ended]
    # It is looked for by its handle, so that it is not paid twice.
    handed_over = replace(before[HANDED_OVER], state=JobState.QUEUED, started_at=None)
    assert after[HANDED_OVER] == handed_over
    # Its second submission may have arrived: as the first is known, so is the second's token.
    assert (after[RETRIED].state, after[RETRIED].attempts) == (JobState.FAILED, 1)
    assert (after[ANNOUNCED].state, after[ANNOUNCED].attempts) == (JobState.PENDING, 0)
    assert after[CANCELLED].state is JobState.PENDING
    assert [(job.key, job.config, job.spec) for job in after] == [
        (job.key, job.config, job.spec) for job in before
    ]
    said = capsys.readouterr().err
    assert "rebuilt from the jobs' folders: 7 jobs, 3 of them have ended, 1 are looked for" in said
    kept = [path for path in folder.root.glob("sweep.db.damaged-*") if "Z" in path.name[-1]]
    assert [path.read_bytes() for path in kept] == ([] if damaged is None else [damaged])
    assert all(path.name in said for path in kept)


def test_a_reader_says_what_to_do_and_touches_nothing(
    folder: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    for harm in (row_lost, page_lost, garbage, emptied):
        harm(folder.ledger)
        content = folder.ledger.read_bytes()
        assert run_subcommand(["status", str(folder.root)]) == 1
        said = capsys.readouterr().err
        assert "sweep.db is damaged or no ledger of a sweep (" in said
        assert f"sweeper resume {folder.root}" in said
        assert folder.ledger.read_bytes() == content


def test_a_killed_rebuild_is_done_again(folder: SweepFolder) -> None:
    folder.ledger.unlink()
    folder.ledger.with_name(".sweep.db.rebuilt").write_bytes(b"half a ledger")
    with closing(open_ledger(folder)) as ledger:
        assert len(ledger.jobs()) == 7


@pytest.mark.parametrize("records", [True, False])
def test_changes_to_a_deleted_ledger_are_not_applied_to_the_new_one(
    folder: SweepFolder, records: bool
) -> None:
    def change_and_die() -> None:
        Ledger(folder.ledger).enlist([Entry("of the deleted one", [], {}, {})])
        os._exit(0)

    in_child(change_and_die)
    assert Path(f"{folder.ledger}-wal").stat().st_size
    folder.ledger.unlink()
    if not records:
        shutil.rmtree(folder.root / "jobs")
        folder.listing.unlink()
    with closing(open_ledger(folder)) as ledger:
        assert len(ledger.jobs()) == (7 if records else 0)
        assert ledger.enlist([Entry("of the new one", [], {}, {})]) == [7 if records else 0]
    open_ledger(folder).close()


def test_a_damaged_record_costs_that_job_alone(
    folder: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.ledger.unlink()
    good = json.loads(folder.job(FAILED).record.read_text())
    harms: list[str] = [
        "",
        "{",
        "[" * 100_000,
        "[]",
        json.dumps(good | {"number": 10**30}),
        json.dumps(good | {"number": 99}),
        json.dumps(good | {"state": "DONE"}),
        json.dumps(good | {"key": "\ud800"}),
        json.dumps(good | {"cost_usd": "much"}),
        json.dumps(good | {"ended_at": 10**400}),
        json.dumps(good | {"config": None}),
        json.dumps({name: value for name, value in good.items() if name != "spec"}),
    ]
    for harm in harms:
        folder.job(FAILED).record.write_text(harm, encoding="utf-8", errors="surrogatepass")
        folder.ledger.unlink(missing_ok=True)
        with closing(open_ledger(folder)) as ledger:
            states = [job.state for job in ledger.jobs()]
        assert (states[COMPLETED], states[FAILED], len(states)) == (JobState.COMPLETED, JobState.PENDING, 7)
        assert "1 records could not be read (jobs/1/job.json)" in capsys.readouterr().err


def test_a_record_of_an_earlier_version_is_read(folder: SweepFolder) -> None:
    _, before, _ = read_all(folder)
    folder.ledger.unlink()
    record = json.loads(folder.job(FAILED).record.read_text())
    del record["log_tail"], record["passing"], record["digest"]
    folder.job(FAILED).record.write_text(json.dumps(record | {"reason": "it broke\nits log"}))
    with closing(open_ledger(folder)) as ledger:
        assert ledger.job(FAILED) == before[FAILED]
        assert ledger.job(FAILED).failure == Failure("it broke", "its log")


def test_without_the_listing_the_folders_are_enough(folder: SweepFolder) -> None:
    identity, before, _ = read_all(folder)
    for path in (folder.ledger, folder.listing, folder.facts):
        path.unlink()
    with closing(open_ledger(folder)) as ledger:
        assert ledger.sweep_id == identity
        assert [job.number for job in ledger.jobs()] == [COMPLETED, FAILED, RETRIED, HANDED_OVER]
        assert ledger.job(COMPLETED) == before[COMPLETED]
        assert ledger.recall("launcher") is None


def test_a_listing_that_was_cut_off_is_completed(folder: SweepFolder) -> None:
    from sweeper.ledger.second_copy import RecordWriter

    whole = folder.listing.read_bytes()
    for left in (len(whole) - 5, len(whole) // 2, 3, 0):
        folder.listing.write_bytes(whole[:left])
        with closing(Ledger(folder.ledger)) as ledger:
            RecordWriter(folder, ledger, jobs_outlive_us=False)
        assert folder.listing.read_bytes() == whole


def test_a_newer_ledger_is_neither_rebuilt_nor_touched(folder: SweepFolder) -> None:
    with closing(sqlite3.connect(folder.ledger)) as db, db:
        can_seal(db)
        db.execute("UPDATE sweep SET value = ? WHERE key = 'layout'", (LAYOUT + 1,))
        seal_fact(db, "layout")
        db.execute("DROP TABLE metrics")  # a newer layout may do without
    content = folder.ledger.read_bytes()
    with pytest.raises(FolderError, match=f"newer braket-sweeper .layout {LAYOUT + 1}.: upgrade"):
        open_ledger(folder)
    assert folder.ledger.read_bytes() == content


def test_without_records_a_damaged_ledger_is_refused(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    garbage(folder.ledger)
    with pytest.raises(FolderError, match="no record of a job to rebuild it from"):
        open_ledger(folder)
    with pytest.raises(DamagedLedgerError), reading(folder.ledger):
        pass
    assert folder.ledger.read_bytes() == b"\xff" * 10_000
