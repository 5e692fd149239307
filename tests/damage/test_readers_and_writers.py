"""One writer for a folder; readers never wait, never see half of anything, and need no right to write."""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd
import pytest
import scipy.special  # noqa: F401 - a child without rights may not be able to read the interpreter's library

from sweeper import load_sweep
from sweeper.cli import run_subcommand
from sweeper.errors import FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.folder.lock import only_writer
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.reader import read_jobs, reading
from sweeper.ledger.record import Entry
from sweeper.results.table_files import Tables
from sweeper.results.tables import read_table

from ..synthetic import vqe_sweep
from .made import in_child, make_sweep, without_rights


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "sweep" / "sweep.lock"


@contextmanager
def open_to_all(folder: Path, mode: int):  # type: ignore[no-untyped-def]
    """Let others look into pytest's folders, and take the right to write from this one."""
    for parent in folder.parents:
        if parent.owner() == folder.owner() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o755)
    folder.chmod(mode)
    yield
    folder.chmod(0o755)


class TestOneWriter:
    def test_a_second_process_is_refused_with_the_pid_and_host_of_the_first(self, lock: Path) -> None:
        with only_writer(lock):
            pid, host = os.getpid(), socket.gethostname()

            def second() -> None:
                with pytest.raises(FolderError, match=f"written by process {pid} on {host}: wait for it"):
                    only_writer(lock).__enter__()

            in_child(second)
        with only_writer(lock):  # and the first has let go
            pass

    def test_the_lock_of_a_killed_process_is_taken_over(
        self, lock: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def die() -> None:
            held = only_writer(lock)
            held.__enter__()
            os._exit(0)

        in_child(die)
        assert lock.read_text().startswith("process ")
        with only_writer(lock):
            assert lock.read_text().split()[1] == str(os.getpid())
        assert capsys.readouterr().err == ""
        assert lock.read_text() == ""

    def test_a_process_on_another_machine_is_named_when_its_place_is_taken(
        self, lock: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lock.parent.mkdir()
        lock.write_text("process 7 on elsewhere\n")
        with only_writer(lock):
            pass
        said = capsys.readouterr().err
        assert "written by process 7 on elsewhere, which did not end in order" in said
        assert "stop it now" in said

    def test_a_folder_that_cannot_be_written_is_refused(self, lock: Path) -> None:
        lock.parent.mkdir()

        def write() -> None:
            without_rights()
            with pytest.raises(FolderError, match=r"cannot be written \(Permission denied\): give the right"):
                only_writer(lock).__enter__()

        with open_to_all(lock.parent, 0o555):
            in_child(write)

    def test_a_file_system_without_locks_is_refused(
        self, lock: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_locks(*_: object) -> None:
            raise OSError(37, "No locks available")

        monkeypatch.setattr(fcntl, "flock", no_locks)  # the kernel's answer, which no test can cause
        with (
            pytest.raises(FolderError, match=r"has no locks .No locks available.*on a local disk"),
            only_writer(lock),
        ):
            pass


class TestReaders:
    def test_a_ledger_is_there_as_a_whole_or_not_at_all(self, tmp_path: Path) -> None:
        """Whoever reads in the first instants of a sweep sees no folder, or an empty sweep."""
        done = threading.Event()
        trouble: list[str] = []

        def look() -> None:
            while not done.is_set():
                for number in range(12):
                    try:
                        with reading(tmp_path / str(number) / "sweep.db") as db:
                            assert read_jobs(db) == []
                    except FolderError as error:
                        if "is not the folder of a sweep" not in str(error):
                            trouble.append(str(error))

        reader = threading.Thread(target=look)
        reader.start()
        for number in range(12):
            Ledger(tmp_path / str(number) / "sweep.db").close()
        done.set()
        reader.join()
        assert trouble == []

    @pytest.mark.parametrize("killed", [False, True])
    def test_a_folder_that_is_read_only_can_be_read(
        self, tmp_path: Path, killed: bool, capfd: pytest.CaptureFixture[str]
    ) -> None:
        folder = vqe_sweep(tmp_path / "sweep", optimizers=["spsa"], shots=[100], seeds=2)

        def add_and_die() -> None:
            Ledger(folder.ledger).enlist([Entry("new", [], {"seed": 7}, {})])
            if killed:
                os._exit(0)

        in_child(add_and_die)
        for path in folder.root.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if killed:
            assert Path(f"{folder.ledger}-wal").stat().st_size
            Path(f"{folder.ledger}-shm").unlink()  # as in a copy

        def read() -> None:
            without_rights()
            assert len(load_sweep(folder.root).results) == 3
            for command in ("table", "status", "compare"):
                assert run_subcommand([command, str(folder.root)]) == 0
            assert run_subcommand(["report", str(folder.root)]) == 1

        with open_to_all(folder.root, 0o555):
            in_child(read)
        captured = capfd.readouterr()
        assert "3 jobs: 2 COMPLETED, 1 PENDING" in captured.out
        assert captured.err.count("\n") == 1
        assert "report.html" in captured.err
        assert "Permission denied" in captured.err

    def test_somebody_elses_ledger_leaves_the_tables(self, tmp_path: Path) -> None:
        folder = vqe_sweep(tmp_path / "sweep", optimizers=["spsa"], shots=[100], seeds=2)

        def read() -> None:
            without_rights()
            assert len(load_sweep(folder.root).results) == 2
            assert len(load_sweep(folder.root).metrics) == 80

        with open_to_all(folder.root, 0o555):
            if os.getuid() == 0:
                in_child(read)
        assert folder.ledger.stat().st_mode & 0o777 == 0o600


class TestFreshness:
    def test_the_table_is_what_the_ledger_says_even_after_a_kill(self, tmp_path: Path) -> None:
        folder = make_sweep(tmp_path / "sweep")
        with closing(Ledger(folder.ledger)) as ledger:
            Tables(folder).write()
            version = ledger.version
            shown = load_sweep(folder.root).results["status"]
            pd.testing.assert_series_equal(
                read_table(folder.results, version)["status"],  # type: ignore[index]
                shown,
            )
            ledger.requeue(1, "another attempt")
            assert read_table(folder.results, ledger.version) is None
        assert load_sweep(folder.root).results["status"][1] == "PENDING"
        with closing(Ledger(folder.ledger)) as ledger:
            ledger.enlist([Entry("new", [], {}, {})])
        assert len(load_sweep(folder.root).results) == 8

    def test_a_damaged_table_is_read_from_the_ledger_and_the_other_way_round(self, tmp_path: Path) -> None:
        folder = vqe_sweep(tmp_path / "sweep", optimizers=["spsa"], shots=[100], seeds=2)
        whole = load_sweep(folder.root)
        results, metrics = whole.results, whole.metrics
        for path in (folder.results, folder.metrics):
            path.write_bytes(path.read_bytes()[:-100])
        again = load_sweep(folder.root)
        pd.testing.assert_frame_equal(again.results, results)
        pd.testing.assert_frame_equal(again.metrics, metrics)
        folder.ledger.unlink()
        with pytest.raises(FolderError, match=r"cannot be read, and results\.parquet is no table either"):
            _ = load_sweep(folder.root).results

    def test_the_ledger_can_change_under_a_reader(self, tmp_path: Path) -> None:
        folder = make_sweep(tmp_path / "sweep")
        with reading(folder.ledger) as db:
            before = read_jobs(db)
            with closing(Ledger(folder.ledger)) as ledger, ledger.transaction():
                ledger.requeue(1, "another attempt")
                assert [job.state for job in read_jobs(db)] == [job.state for job in before]
            # A reader has one moment of the ledger before it, whatever is committed meanwhile.
            assert [job.state for job in read_jobs(db)] == [job.state for job in before]
        with reading(folder.ledger) as db:
            assert read_jobs(db)[1].state is JobState.PENDING


def test_a_reader_that_writes_is_stopped(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    Ledger(folder.ledger).close()
    with reading(folder.ledger) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM sweep")
