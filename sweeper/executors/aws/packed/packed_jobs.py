"""Several hybrid jobs inside one: each in a process of its own, as many at a time as there are vCPUs.

Uploaded beside the jobs' source modules and run as the hybrid job's entry point. It is part of the world
where jobs run and imports nothing of `sweeper`. Every job sees Braket's variables with folders of its
own: `results/<place>/`, `checkpoints/<place>/`, and works in a copy of the source of its own, which nobody
keeps. The SDK is imported once, and forked. What a job has started ends with it: every job adopts what its
descendants leave (prctl(2), PR_SET_CHILD_SUBREAPER), and this process what an ended job leaves.
"""

import contextlib
import ctypes
import importlib
import json
import os
import random
import runpy
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

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
                _move_to(source)
                _become(job["entry_point"], environment, results / str(place) / "log.txt")
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
    (private / "input" / _CHANNEL).mkdir(parents=True)
    (folder / "results").mkdir()
    checkpoints = Path(os.environ["AMZN_BRAKET_CHECKPOINT_DIR"]) / str(place)
    checkpoints.mkdir(parents=True, exist_ok=True)
    parameters = private / "hyperparameters.json"
    parameters.write_text(json.dumps(job["hyperparameters"]), encoding="utf-8")
    for name, content in job["files"].items():
        (private / "input" / _CHANNEL / Path(name).name).write_bytes(content.encode())
    for channel in Path(os.environ["AMZN_BRAKET_INPUT_DIR"]).iterdir():
        if channel.name != _CHANNEL:
            (private / "input" / channel.name).symlink_to(channel)
    return {
        "AMZN_BRAKET_JOB_NAME": f"{os.environ['AMZN_BRAKET_JOB_NAME']}-{place}",
        "AMZN_BRAKET_HP_FILE": str(parameters),
        "AMZN_BRAKET_INPUT_DIR": str(private / "input"),
        "AMZN_BRAKET_JOB_RESULTS_DIR": str(folder / "results"),
        "AMZN_BRAKET_CHECKPOINT_DIR": str(checkpoints),
        "AMZN_BRAKET_SCRIPT_ENTRY_POINT": job["entry_point"],
    }


def _become(entry_point: str, environment: dict[str, str], log: Path) -> NoReturn:
    """Turn this fresh child into the job: its own group, log, environment, randomness."""
    code = 1
    try:
        os.setsid()
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for standard in (1, 2):
            os.dup2(descriptor, standard)
        for name in ("stdout", "stderr"):
            getattr(sys, name).reconfigure(line_buffering=True, errors="backslashreplace")
        os.environ.update(environment)
        random.seed()
        if (numpy := sys.modules.get("numpy")) is not None:
            numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
        module, _, function = entry_point.partition(":")
        if function:
            getattr(importlib.import_module(module), function)()
        else:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)  # noqa: T201 - what the interpreter does with a text
    except BaseException:  # noqa: BLE001 - whatever it is, it is the job's failure
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code & 0xFF)


def _adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _move_to(own: Path) -> None:
    """Let this child import from, and work in, a copy of the hybrid job's source."""
    shared = Path(__file__).parent
    shutil.copytree(shared, own, symlinks=True, dirs_exist_ok=True)
    sys.path[:] = [
        str(own) if Path(entry or ".").resolve() == shared.resolve() else entry for entry in sys.path
    ]
    if Path.cwd() == shared.resolve():
        os.chdir(own)


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
