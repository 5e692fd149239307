"""What only processes on this machine promise."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.contract.outcome import read_outcome
from sweeper.errors import ConfigError
from sweeper.executors.forkservers import ForkServers
from sweeper.executors.local import LocalExecutor
from sweeper.folder.layout import SweepFolder
from sweeper.folder.lock import only_writer
from sweeper.folder.orphans import end_orphans
from sweeper.job.state import JobState
from sweeper.planning.rehearsal import rehearse
from sweeper.running.transient import is_transient

from .conftest import KINDS, PATIENCE_SECONDS, Place, local
from .programs import PROGRAMS


def gone(pid: int) -> bool:
    """Whether a process has ended; a zombie that nobody collects has ended too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not gone(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.01)


def test_memory_beyond_the_limit_fails_the_job(local_place: Place) -> None:
    status, _, _ = local_place.run("eats_memory")
    assert status.state is JobState.FAILED
    assert status.reason is not None
    assert "MemoryError" in status.reason


def test_reasons_say_how_a_process_ended(local_place: Place) -> None:
    assert local_place.run("exits")[0].reason == "exit code 3"
    assert local_place.run("exits_with_text")[0].reason == "exit code 1"
    assert "SIGSEGV" in str(local_place.run("segfaults")[0].reason)


def test_a_kill_from_outside_is_named(local_place: Place) -> None:
    status, _, _ = local_place.run("dies_as_if_out_of_memory")
    assert status.reason is not None
    assert "SIGKILL" in status.reason
    assert "out of memory" in status.reason


@pytest.mark.parametrize("program", ["leaves_a_process", "hangs_with_a_process"])
def test_processes_that_a_job_started_end_with_it(local_place: Place, program: str) -> None:
    _, outcome, _ = local_place.run(program, max_runtime_seconds=4 if program.startswith("hangs") else 60)
    wait_until_gone(outcome.result["pid"])


def test_leaving_the_executor_ends_running_jobs(own_place: Place) -> None:
    place = own_place
    handle, folder = place.submit(place.spec("hangs_with_a_process"))
    place.until(handle, lambda status: status.state is JobState.RUNNING)
    results = folder.results / "results.json"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not results.is_file() or not results.read_text().endswith("}"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    place.executor.__exit__(None, None, None)
    wait_until_gone(read_outcome(folder, None).result["pid"])


ORCHESTRATOR = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.executors.conftest import KINDS, Place, local
from sweeper.folder.layout import SweepFolder
folder = SweepFolder(Path({folder!r}))
with local(folder) as executor:
    place = Place(folder, KINDS['braket_local'], executor, Path({source!r}))
    handle, job = place.submit(place.spec("hangs_with_a_process"))
    results = job.results / "results.json"
    while not results.is_file() or not results.read_text().endswith("}}"):
        executor.poll([handle])
        time.sleep(0.01)
    print(results.read_text(), flush=True)
    time.sleep(600)
"""


def test_killing_the_orchestrator_ends_its_jobs(tmp_path: Path) -> None:
    source = tmp_path / "programs.py"
    source.write_text(PROGRAMS)
    root = str(Path(__file__).parents[2])
    code = ORCHESTRATOR.format(root=root, folder=str(tmp_path / "sweep"), source=str(source))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as orchestrator:
        assert orchestrator.stdout is not None
        pid = json.loads(orchestrator.stdout.readline())["dataDictionary"]["pid"]
        assert not gone(pid)
        orchestrator.send_signal(signal.SIGKILL)
    # Whoever comes next, at once, finds nothing that could still write.
    with only_writer(SweepFolder(tmp_path / "sweep").lock):
        assert gone(pid)


def test_a_killed_fork_server_is_its_jobs_reason_and_the_next_job_has_another(own_place: Place) -> None:
    place = own_place
    handle, folder = place.submit(place.spec("hangs"))
    place.until(handle, lambda status: status.state is JobState.RUNNING)
    (server,) = place.executor._servers.pids  # type: ignore[attr-defined]
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    os.kill(server, signal.SIGKILL)
    wait_until_gone(server)
    another, _ = place.submit(place.spec("well"))  # sent to nobody: it is lost with the other one
    for lost in (handle, another):
        status = place.until(lost, lambda status: status.state.finished)
        assert status.state is JobState.FAILED
        assert is_transient(status.reason)
        assert "ended unexpectedly (SIGKILL" in str(status.reason)
    for child in children:
        wait_until_gone(int(child))
    assert place.run("well")[0].state is JobState.COMPLETED
    place.end(handle, folder)


@contextmanager
def place_for(folder: Path, name: str, code: str) -> Iterator[Place]:
    """A local executor for one script."""
    source = folder / name
    source.write_text(code)
    sweep = SweepFolder(folder / "sweep")
    with local(sweep) as executor:
        yield Place(sweep, KINDS["braket_local"], executor, source)


def said(place: Place, program: str) -> list[str]:
    """What a job prints, by word."""
    status, _, folder = place.run(program)
    assert status.state is JobState.COMPLETED, folder.log.read_text()
    return folder.log.read_text().split()


def test_only_what_a_source_imports_is_imported_ahead(tmp_path: Path) -> None:
    code = "import sys, json\ndef main():\n    print('json' in sys.modules, 'numpy' in sys.modules)\n"
    with place_for(tmp_path, "light.py", code) as place:
        assert said(place, "main") == ["True", "False"]


@pytest.mark.parametrize("meanwhile", ["gone", "changed"])
def test_what_is_imported_ahead_is_read_from_the_sweeps_own_copy(tmp_path: Path, meanwhile: str) -> None:
    code = (
        "import sys\ndef main():\n"
        f"    print('braket.jobs' in sys.modules, {meanwhile!r})\n    import braket.jobs\n"
    )
    with place_for(tmp_path, "kept.py", code) as place:
        spec = place.spec("main")
        spec.source.snapshot(place.folder.sources)
        if meanwhile == "gone":
            place.source.unlink()
        else:
            place.source.write_text("def main():\n    pass\n")
        place.executor.check(spec)
        assert said(place, "main") == ["True", meanwhile]
        little = LocalExecutor(place.folder, n_jobs=1, memory_gib=0.1)
        with little, pytest.raises(ConfigError, match=r"is too little to start a job of kept\.py"):
            little.check(spec)


WITH_EFFECTS = """
import os
{mark}
print(os.getpid(), os.environ.get("AMZN_BRAKET_JOB_NAME"), os.path.basename(os.getcwd()))
def main():
    print(os.getpid())
"""


@pytest.mark.parametrize("program", ["main", "effects"])
def test_the_code_of_a_module_runs_in_each_job_with_its_surroundings(tmp_path: Path, program: str) -> None:
    with place_for(tmp_path, "effects.py", WITH_EFFECTS.format(mark="")) as place:
        for name in ("suite-0-1", "suite-1-1"):
            pid, *surroundings = said(place, program)
            # A script has its source around it, a module that is only imported has not: as on Braket.
            assert surroundings == ([name, "start", pid] if program == "main" else [name, "work"])


def test_a_source_that_says_so_is_imported_once_for_all_its_jobs(tmp_path: Path) -> None:
    with place_for(tmp_path, "effects.py", WITH_EFFECTS.format(mark="__import_ahead__ = True")) as place:
        (first,), (second,) = said(place, "main"), said(place, "main")
        (server,) = place.executor._servers.pids  # type: ignore[attr-defined]
        assert len({first, second, str(server)}) == 3
        # What runs as a script runs in each job all the same.
        assert said(place, "effects")[1:] == ["suite-2-1", "work"]


def test_an_import_that_fails_ahead_fails_in_the_job(tmp_path: Path) -> None:
    code = "__import_ahead__ = True\nprint('half way')\nimport no_such_library\n"
    with place_for(tmp_path, "broken.py", code) as place:
        status, _, folder = place.run("main")
        # As on Braket: only an exception of the function itself leaves its text.
        assert status.reason == "exit code 1"
        assert folder.log.read_text().startswith("half way")
        assert "No module named 'no_such_library'" in folder.log.read_text()


def test_many_sources_do_not_keep_many_servers(tmp_path: Path) -> None:
    with place_for(tmp_path, "first.py", "def main():\n    print('first')\n") as place:
        assert said(place, "main") == ["first"]
        for number in range(6):
            place.source = tmp_path / f"script{number}.py"
            place.source.write_text(f"def main():\n    print({number})\n")
            assert said(place, "main") == [str(number)]
        place.source = tmp_path / "first.py"
        assert said(place, "main") == ["first"]
        assert len(place.executor._servers.pids) <= 4  # type: ignore[attr-defined]


def test_fork_servers_serve_batch_after_batch_and_leave_the_folder_alone_in_between(tmp_path: Path) -> None:
    source = tmp_path / "parents.py"
    source.write_text("import os\ndef main():\n    print(os.getppid())\n")
    sweep = SweepFolder(tmp_path / "sweep")
    servers = ForkServers(sweep.root)
    numbers = iter(range(10))
    seen = []
    for _ in range(3):
        with LocalExecutor(sweep, n_jobs=2, memory_gib=None, servers=servers) as executor:
            place = Place(sweep, KINDS["braket_local"], executor, source, numbers)
            seen += said(place, "main") + said(place, "main")
        with only_writer(sweep.lock):
            end_orphans(sweep)  # waits until nobody who runs jobs has a claim on it
    (pid,) = servers.pids
    assert seen == [str(pid)] * 6
    with pytest.raises(ZeroDivisionError), LocalExecutor(sweep, n_jobs=2, memory_gib=None, servers=servers):
        raise ZeroDivisionError
    assert servers.pids == []
    wait_until_gone(pid)


def test_fork_servers_that_nobody_needs_any_more_end(tmp_path: Path) -> None:
    with place_for(tmp_path, "idle.py", "def main():\n    pass\n") as place:
        servers = ForkServers(tmp_path)
        servers.warm_up(place.spec("main").source, place.source)
    (pid,) = servers.pids
    del servers
    gc.collect()
    wait_until_gone(pid)


def test_what_a_job_writes_into_its_working_directory_stays_there_and_nowhere_else(tmp_path: Path) -> None:
    code = (
        "import os\ndef main():\n    print(*(name for name in os.listdir() if name != '__pycache__'))\n"
        "def write():\n    open('draft', 'w').close()\n"
        "def swap():\n    os.unlink('writes.py')\n    open('writes.py', 'w').close()\n"
    )
    with place_for(tmp_path, "writes.py", code) as place:
        for program in ("main", "write", "main", "swap", "main", "main"):
            assert said(place, program) == (["writes.py"] if program == "main" else [])
    left = {str(path.relative_to(place.folder.root)) for path in place.folder.root.glob("jobs/*/work/**/*")}
    assert left == {"jobs/1/work/draft", "jobs/3/work/writes.py"}
    assert {path.parent.name for path in place.folder.root.glob("jobs/*/work")} == {"1", "3"}


@pytest.mark.parametrize(
    "report", ["", "[]", "[" * 20_000, '{"id": "7/t"}', '{"id": "7/t", "signal": 1e999}', "pipe"]
)
def test_an_exit_file_that_a_job_has_spoilt_says_nothing(local_place: Place, report: str) -> None:
    folder = local_place.folder.job(7)
    folder.root.mkdir(parents=True, exist_ok=True)
    path = folder.root / "exit.json"
    if report == "pipe":
        path.unlink()
        os.mkfifo(path)  # reading it would wait for ever
    else:
        path.write_text(report)
    assert local_place.executor.poll(["7/t"]) == {}


def test_a_rehearsal_tells_of_a_result_that_could_not_be_read(local_place: Place, tmp_path: Path) -> None:
    told = r"nothing was submitted: results.json holds pickled data, .* job.allow_pickle=true"
    with pytest.raises(ConfigError, match=told):
        rehearse(SweepFolder(tmp_path), [local_place.spec("pickles_its_result")])


def test_paid_devices_are_refused(local_place: Place) -> None:
    spec = local_place.spec("well", device="arn:aws:braket:::device/quantum-simulator/amazon/sv1")
    told = r"device\.arn=.* does not do: choose hydra/launcher=braket_aws, or device=local, .*LocalSimulator"
    with pytest.raises(ConfigError, match=told):
        local_place.executor.check(spec)


def test_jobs_that_would_pay_on_another_device_are_refused(local_place: Place) -> None:
    spec = local_place.spec("well")
    paid = replace(spec, cost=replace(spec.cost, tasks=1, tasks_usd=0.3))
    with pytest.raises(ConfigError, match=r"tasks\.fallback_device or warmup\.device"):
        local_place.executor.check(paid)


def test_a_script_that_opens_an_embedded_simulator_as_an_aws_device_learns_how_to(tmp_path: Path) -> None:
    code = (
        "import os\nfrom braket.aws import AwsDevice\n"
        "def main():\n    AwsDevice(os.environ['AMZN_BRAKET_DEVICE_ARN'])\n"
    )
    with place_for(tmp_path, "opens.py", code) as place:
        status, _, _ = place.run("main")
    assert "a script opens local:… in AMZN_BRAKET_DEVICE_ARN with braket.devices.LocalSimulator" in str(
        status.reason
    )


@pytest.mark.parametrize(("n_jobs", "memory_gib"), [(0, None), (-1, None), (None, 0.0)])
def test_impossible_limits_are_refused(tmp_path: Path, n_jobs: int | None, memory_gib: float | None) -> None:
    with pytest.raises(ConfigError, match=r"hydra\.launcher\."):
        LocalExecutor(SweepFolder(tmp_path), n_jobs=n_jobs, memory_gib=memory_gib)
