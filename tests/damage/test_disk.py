"""A full disk ends the sweep with one message; what was recorded stays, and nothing counts as failed."""

from __future__ import annotations

import resource
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.errors import FolderError
from sweeper.executors.aws.archive import ArchiveError, unpack
from sweeper.folder import disk
from sweeper.folder.layout import SweepFolder, write_atomically
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry
from sweeper.ledger.second_copy import RecordWriter
from sweeper.running.runner import Runner

from ..test_runner import ScriptedExecutor, spec
from .made import in_child


def no_file_grows_beyond(size: int) -> None:
    """Let the kernel refuse what is written past `size`, as it does on a full disk (EFBIG for ENOSPC)."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_the_ledger_keeps_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "sweep.db"
    with closing(Ledger(path)) as ledger:
        ledger.enlist(Entry(str(number), [], {"n": number}, {}) for number in range(200))

    def fill() -> None:
        ledger = Ledger(path)
        no_file_grows_beyond(path.stat().st_size + 50_000)

        def finish_all() -> None:
            for number in range(200):
                ledger.submitting(number)
                ledger.finish(number, JobState.COMPLETED, None, result={"x": "y" * 1000})
                (tmp_path / "done").write_text(str(number))

        with pytest.raises(FolderError, match=r"Nothing that was recorded is lost.*sweeper resume"):
            finish_all()
        assert not ledger._db.in_transaction
        assert ledger.job(0).state is JobState.COMPLETED

    in_child(fill)
    done = int((tmp_path / "done").read_text())
    assert 0 < done < 199
    with closing(Ledger(path)) as ledger:
        jobs = ledger.jobs()
        assert all(job.result == {"x": "y" * 1000} for job in jobs[: done + 1])
        assert all(job.state is JobState.PENDING for job in jobs[done + 2 :])
        ledger.enlist([Entry("there is room again", [], {}, {})])


def test_a_new_ledger_leaves_nothing_behind_if_there_is_no_room_for_it(tmp_path: Path) -> None:
    def make() -> None:
        no_file_grows_beyond(5000)
        with pytest.raises(FolderError, match=r"sweep\.db cannot be written"):
            Ledger(tmp_path / "sweep.db")

    in_child(make)
    assert list(tmp_path.iterdir()) == []
    Ledger(tmp_path / "sweep.db").close()


def test_a_file_keeps_its_old_content(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    write_atomically(path, b"old")

    def write() -> None:
        no_file_grows_beyond(1000)
        with pytest.raises(disk.DiskError, match=r"results\.csv.* cannot be written: File too large"):
            write_atomically(path, b"n" * 2000)

    in_child(write)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_sweep_ends_and_its_jobs_stay_what_they_are(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    specs = [replace(spec(name), input_files={"edges": "0-1," * 25_000}) for name in "abcd"]
    with closing(Ledger(folder.ledger)) as ledger:
        numbers = ledger.enlist(Entry(each.key, [], {}, {}) for each in specs)
    jobs = dict(zip(numbers, specs, strict=True))

    def run() -> None:
        ledger = Ledger(folder.ledger)
        executor = ScriptedExecutor()
        no_file_grows_beyond(80_000)  # enough for the ledger, too little for the input file
        with pytest.raises(disk.DiskError, match=r"edges.* cannot be written: File too large"):
            Runner(folder, ledger, executor).run(jobs)
        assert executor.submissions == []

    in_child(run)
    with closing(Ledger(folder.ledger)) as ledger:
        assert [str(job.state) for job in ledger.jobs()] == ["SUBMITTING", *["PENDING"] * 3]
        Runner(folder, ledger, ScriptedExecutor()).run(jobs)
        assert [str(job.state) for job in ledger.jobs()] == ["COMPLETED"] * 4


def test_a_record_that_cannot_be_written_ends_the_sweep_after_the_ledger_has_it(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    with closing(Ledger(folder.ledger)) as ledger:
        ledger.enlist([Entry("key", [], {}, {})])
        ledger.submitting(0)
        ledger.finish(0, JobState.COMPLETED, None, result={"x": "y" * 100_000})
        writer = RecordWriter(folder, ledger, jobs_outlive_us=False)

        def write() -> None:
            no_file_grows_beyond(50_000)
            with pytest.raises(disk.DiskError, match=r"job\.json"):
                writer.changed(ledger.job(0))

        in_child(write)
        assert list(folder.job(0).root.iterdir()) == []
        folder.job(0).root.rmdir()
        folder.job(0).root.write_text("a job may leave anything in the place of its folder")
        writer.changed(ledger.job(0))


def test_an_archive_that_does_not_fit_is_not_called_damaged(tmp_path: Path) -> None:
    from .test_archives import archive, member

    content = archive(member("results.json", b"{}"), member("big.bin", b"\0" * 200_000))

    def collect() -> None:
        no_file_grows_beyond(100_000)
        with pytest.raises(disk.DiskError, match=r"big\.bin|results"):
            unpack(content(), tmp_path / "results")

    in_child(collect)
    unpack(content(), tmp_path / "results")
    assert (tmp_path / "results" / "big.bin").stat().st_size == 200_000
    assert not issubclass(disk.DiskError, ArchiveError)
