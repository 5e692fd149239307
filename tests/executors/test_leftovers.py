"""What a job has started ends with it, and what it has left is not exchanged afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.executors.base import Status
from sweeper.executors.local import LocalExecutor
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.folder.lock import only_writer
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry, JobRecord
from sweeper.ledger.second_copy import RecordWriter, rebuild
from sweeper.planning.reuse import find_finished
from sweeper.running.runner import Runner

from .conftest import KINDS, PATIENCE_SECONDS, Place, local
from .programs import PROGRAMS
from .test_local import gone, place_for

ESCAPES = '''
import ctypes, os, signal, subprocess, sys, time

from braket.jobs import save_job_result

LIBC = ctypes.CDLL(None)
SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


def tell(pid):
    """Note a process that must not outlive the job."""
    with open(os.path.join(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"], "pids"), "a") as file:
        file.write(f"{pid}\\n")


def daemon(program=None, environment=None):
    """A process in a session of its own, whose parents have ended."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if (pid := os.fork()) == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if program:
                os.execve(program[0], program, environment)
            time.sleep(600)
            os._exit(0)
        os.write(writer, str(pid).encode())
        os._exit(0)
    pid = int(os.read(reader, 20))
    tell(pid)
    return pid


def forked():
    daemon()


def without_environment():
    daemon(SLEEP, {})


def with_other_marks():
    daemon(SLEEP, {"AMZN_BRAKET_HP_FILE": "/elsewhere"})


def own_session():
    tell(subprocess.Popen(SLEEP, start_new_session=True).pid)


def no_longer_adopting():
    LIBC.prctl(36, 0, 0, 0, 0)
    daemon()


def own_subreaper():
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        os.setsid()
        LIBC.prctl(36, 1, 0, 0, 0)
        daemon()
        os.write(writer, b"!")
        time.sleep(600)
    os.read(reader, 1)
    tell(pid)


def many():
    for _ in range(20):
        daemon()


def stopped():
    os.kill(daemon(), signal.SIGSTOP)


def forks_on():
    """A chain of processes each of which ends as soon as it has started the next."""
    if os.fork() == 0:
        os.setsid()
        while True:
            if os.fork():
                os._exit(0)
            time.sleep(0.001)


def hangs_with_a_daemon():
    daemon(SLEEP, {})
    time.sleep(600)


def fails_with_a_daemon():
    daemon()
    raise RuntimeError("and leaves something")


def dies_with_a_daemon():
    daemon()
    os.kill(os.getpid(), signal.SIGKILL)


def waits_with_a_daemon():
    daemon()
    while not os.path.exists(os.path.join(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"], "go")):
        time.sleep(0.005)
'''
LEAVING = (
    *("forked", "without_environment", "with_other_marks", "own_session", "no_longer_adopting"),
    *("own_subreaper", "many", "stopped", "fails_with_a_daemon", "dies_with_a_daemon"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place_for(tmp_path_factory.mktemp("place"), "escapes.py", ESCAPES) as place:
        yield place


def pids(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "results/pids").read_text().split()]


@pytest.mark.parametrize("program", LEAVING)
def test_nothing_that_a_job_has_started_is_left_when_its_end_is_told(place: Place, program: str) -> None:
    status, _, folder = place.run(program)
    assert status.state is (JobState.FAILED if program.endswith("a_daemon") else JobState.COMPLETED)
    left = pids(folder.root)
    assert left
    assert all(gone(pid) for pid in left)


def test_a_job_over_its_time_leaves_nothing(place: Place) -> None:
    handle, folder = place.submit(place.spec("hangs_with_a_daemon"))
    place.until(handle, lambda _: (folder.results / "pids").exists() and pids(folder.root) != [])
    place.executor.cancel([handle])
    status, _ = place.end(handle, folder)
    assert status.state is JobState.CANCELLED
    assert all(gone(pid) for pid in pids(folder.root))


def test_a_process_that_forks_and_forks_is_caught(place: Place) -> None:
    started = time.monotonic()
    status, _, _ = place.run("forks_on")
    assert status.state is JobState.COMPLETED
    place.run("forked")
    (server,) = place.executor._servers.pids  # type: ignore[attr-defined]
    assert Path(f"/proc/{server}/task/{server}/children").read_text() == ""
    assert time.monotonic() - started < PATIENCE_SECONDS


def test_the_end_of_one_job_ends_nothing_of_another(place: Place) -> None:
    handle, folder = place.submit(place.spec("waits_with_a_daemon"))
    place.until(handle, lambda _: (folder.results / "pids").exists() and pids(folder.root) != [])
    (daemon,) = pids(folder.root)
    _, _, other = place.run("forked")
    assert all(gone(pid) for pid in pids(other.root))
    assert not gone(daemon)
    (folder.results / "go").touch()
    assert place.end(handle, folder)[0].state is JobState.COMPLETED
    assert gone(daemon)


def test_the_daemons_of_a_job_end_with_a_killed_fork_server(tmp_path: Path) -> None:
    with place_for(tmp_path, "escapes.py", ESCAPES) as place:
        handle, folder = place.submit(place.spec("waits_with_a_daemon"))
        place.until(handle, lambda _: (folder.results / "pids").exists() and pids(folder.root) != [])
        (daemon,) = pids(folder.root)
        (server,) = place.executor._servers.pids  # type: ignore[attr-defined]
        os.kill(server, signal.SIGKILL)
        status = place.until(handle, lambda status: status.state.finished)
        assert "ended unexpectedly" in str(status.reason)
        assert gone(daemon)


def test_the_next_writer_ends_the_daemons_that_a_killed_sweep_has_left(tmp_path: Path) -> None:
    """Whoever would have ended them was killed too; they still hold the lock of the jobs."""
    source = tmp_path / "escapes.py"
    source.write_text(ESCAPES)
    folder = SweepFolder(tmp_path / "sweep")
    reader, writer = os.pipe()
    orchestrator = os.fork()
    if orchestrator == 0:
        # As another process would: with marks of its own.
        from sweeper.folder import orphans

        orphans._OURS = "another process"
        with local(folder) as executor:
            place = Place(folder, KINDS["braket_local"], executor, source)
            handle, job = place.submit(place.spec("waits_with_a_daemon"))
            place.until(handle, lambda _: (job.results / "pids").exists() and pids(job.root) != [])
            (server,) = executor._servers.pids  # type: ignore[attr-defined]
            os.write(writer, f"{server} {pids(job.root)[0]}".encode())
            time.sleep(600)
    server, daemon = (int(pid) for pid in os.read(reader, 100).split())
    for pid in (orchestrator, server):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(orchestrator, 0)
    assert not gone(daemon)
    with only_writer(folder.lock):
        assert gone(daemon)


def appended(path: Path) -> None:
    with path.open("a") as file:
        file.write("Metrics - timestamp=1.0; iteration_number=9; loss=-99.0;\n")


def rewritten(path: Path) -> None:
    path.write_text(path.read_text().replace("suite", "false"))


def linked(path: Path) -> None:
    copy = path.with_name("copy")
    path.rename(copy)
    path.symlink_to(copy.name)


def removed(path: Path) -> None:
    path.unlink()


CHANGES = [
    *(("log.txt", change) for change in (appended, linked, removed)),
    *(("results/results.json", change) for change in (rewritten, linked, removed)),
]


class Meddled(LocalExecutor):
    """Where something writes into a job's folder after the job has ended, and before anybody has looked."""

    def __init__(self, folder: SweepFolder, meddle: Callable[[], None]) -> None:
        super().__init__(folder, n_jobs=1, memory_gib=None)
        self._meddle = meddle

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        if finished:
            self._meddle()
        return super().fetch(finished)


@pytest.fixture
def swept(tmp_path: Path) -> Callable[..., JobRecord]:
    """Run a job in a sweep, with something that meddles with its folder between its end and its row."""

    def run(meddle: Callable[[], None]) -> JobRecord:
        source = tmp_path / "programs.py"
        source.write_text(PROGRAMS)
        folder = SweepFolder(tmp_path / "sweep")
        with Meddled(folder, meddle) as executor, closing(Ledger(folder.ledger)) as ledger:
            spec = Place(folder, KINDS["braket_local"], executor, source).spec("well")
            spec = replace(spec, hyperparameters={**spec.hyperparameters, "name": "suite"})
            (number,) = ledger.enlist([Entry(spec.key, [], {"seed": 1}, {}, spec.to_json())])
            records = RecordWriter(folder, ledger, jobs_outlive_us=False)
            Runner(folder, ledger, executor, [records]).run({number: spec})
            return ledger.job(number)

    return run


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_what_was_written_over_a_finished_job_never_becomes_its_row(
    swept: Callable[..., JobRecord], tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    job = swept(lambda: change(tmp_path / "sweep/jobs/0" / name))
    assert job.state is JobState.FAILED
    assert f"{name} changed after the job had ended" in str(job.reason)
    assert job.result == {}


def test_changes_of_a_finished_job_s_files_are_seen_when_they_are_read_again(
    swept: Callable[..., JobRecord], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = SweepFolder(tmp_path / "sweep")
    job = swept(lambda: None)
    assert job.state is JobState.COMPLETED
    assert set(find_finished([str(folder.root)], {job.key})) == {job.key}
    rebuilt = rebuild(folder, None)
    assert rebuilt.changed == []
    with closing(Ledger(folder.ledger)) as ledger:
        assert len(ledger.metrics()) == 1

    appended(folder.job(0).log)
    assert find_finished([str(folder.root)], {job.key}) == {}
    assert "job 0 is not reused, as log.txt changed after it had ended" in capsys.readouterr().err
    rebuilt = rebuild(folder, None)
    assert rebuilt.changed == [0]
    assert "have changed since these ended: no metrics are taken from them" in str(rebuilt)
    with closing(Ledger(folder.ledger)) as ledger:
        assert ledger.metrics() == []
        assert ledger.job(0) == job
