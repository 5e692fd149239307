"""Several hybrid jobs inside one: each in a process of its own, as many at a time as there are vCPUs.

Uploaded beside the jobs' source modules and run as the hybrid job's entry point. It is part of the world
where jobs run and imports nothing of `sweeper`; `contract/hybrid_job.py` travels in the same archive, under a
name that no source has. Every job sees Braket's variables with folders of its own: `results/<place>/`,
`checkpoints/<place>/`, and works in a copy of the source of its own, which nobody keeps. The SDK is imported
once, and forked. What a job has started ends with it: every job adopts what its descendants leave (prctl(2),
PR_SET_CHILD_SUBREAPER), and this process what an ended job leaves.
"""

import contextlib
import ctypes
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

import _hybrid_job_contract as hybrid_job  # type: ignore[import-not-found]

_CHANNEL = "hyperparameters"
_PR_SET_CHILD_SUBREAPER = 36
_SHARED = ("braket.circuits", "braket.devices", "braket.jobs", "numpy", "scipy.optimize")


def main() -> None:
    """Run all jobs described in the input channel; how each ended is written down beside its results."""
    channel = Path(os.environ["AMZN_BRAKET_INPUT_DIR"]) / _CHANNEL
    jobs = json.loads((channel / "jobs.json").read_text(encoding="utf-8"))
    results = Path(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"])
    # One thread for each job, as several share the vCPUs; set before numpy is imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for module in _SHARED:
        with contextlib.suppress(ImportError):  # a job that needs it will say so
            importlib.import_module(module)
    _adopt_orphans()
    waiting = list(enumerate(jobs))
    running: dict[int, tuple[int, float, Path]] = {}
    while waiting or running:
        while waiting and len(running) < len(os.sched_getaffinity(0)):
            place, job = waiting.pop(0)
            environment = _prepare(place, job, results / str(place))
            print(f"packed job {place} of {len(jobs)} starts", flush=True)  # noqa: T201 - the log
            source = Path(tempfile.mkdtemp(prefix="packed-"))
            pid = os.fork()
            if pid == 0:
                _become(job["entry_point"], environment, results / str(place), source)
            running[pid] = place, time.time(), source
        pid, status = os.waitpid(-1, 0)
        if pid in running:
            place, started_at, source = running.pop(pid)
            _end_strays(pid, running.keys())
            shutil.rmtree(source, ignore_errors=True)
            _end(results / str(place), os.waitstatus_to_exitcode(status), started_at)


def _prepare(place: int, job: dict[str, Any], folder: Path) -> dict[str, str]:
    """Give a job its own hyperparameter file, input files and folders; returns the variables that tell."""
    private = folder / ".packed"
    (private / "start").mkdir(parents=True)
    places = hybrid_job.Places(
        private / "hyperparameters.json",
        private / "input",
        folder / "results",
        Path(os.environ["AMZN_BRAKET_CHECKPOINT_DIR"]) / str(place),
    )
    for directory in (places.input, places.results, places.checkpoints):
        directory.mkdir(parents=True, exist_ok=True)
    places.hyperparameters.write_text(json.dumps(job["hyperparameters"]), encoding="utf-8")
    for name, content in job["files"].items():
        file = places.input / _CHANNEL / Path(name).name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content.encode())
    for channel in Path(os.environ["AMZN_BRAKET_INPUT_DIR"]).iterdir():
        if channel.name != _CHANNEL:
            hybrid_job.give_channel(places.input, channel.name, channel)
    variables: dict[str, str] = hybrid_job.own_variables(
        job["name"], os.environ["AMZN_BRAKET_DEVICE_ARN"], job["entry_point"], places
    )
    return variables


def _become(entry_point: str, environment: dict[str, str], folder: Path, source: Path) -> NoReturn:
    """Turn this fresh child into the job, in a process group of its own."""
    code = 1
    try:
        os.setsid()
        _adopt_orphans()
        hybrid_job.redirect(str(folder / "log.txt"))
        os.environ.update(environment)
        _copy_source(source)
        os.chdir(folder / ".packed" / "start")
        hybrid_job.reseed()
        own = str(source)
        code = hybrid_job.run(entry_point, path=own, cwd=own, failure=str(folder / "failure.txt"))
    except BaseException:  # noqa: BLE001 - a job's child must never return into this program
        traceback.print_exc()
    finally:
        os._exit(code)


def _adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _copy_source(own: Path) -> None:
    """Make this child's copy of the hybrid job's source, and let nothing be imported from the shared one."""
    shared = Path(__file__).parent
    shutil.copytree(shared, own, symlinks=True, dirs_exist_ok=True)
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != shared.resolve()]


def _end_strays(pid: int, running: Collection[int]) -> None:
    """End what a job that has ended has left: its group, and all children here that are no running job."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    with contextlib.suppress(OSError):  # where the system does not tell them, the group has to do
        while strays := {int(child) for child in children.read_text().split()}.difference(running):
            for stray in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(stray, signal.SIGKILL)
                os.waitpid(stray, 0)


def _end(folder: Path, code: int, started_at: float) -> None:
    """Write down how a job ended."""
    report = {"exit_code": code, "started_at": started_at, "ended_at": time.time()}
    (folder / "exit.json").write_text(json.dumps(report), encoding="utf-8")
    print(f"packed job {folder.name} ended with exit code {code}", flush=True)  # noqa: T201 - the log
    # Links do not belong into the archive of results.
    for link in (folder / ".packed" / "input").iterdir():
        if link.is_symlink():
            link.unlink()
