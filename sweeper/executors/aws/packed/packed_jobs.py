"""Several hybrid jobs inside one: each in a process of its own, as many at a time as there are vCPUs.

Uploaded beside the jobs' source modules and run as the hybrid job's entry point. It is part of the world
where jobs run, needs the standard library only, and imports nothing of `sweeper`. Every job sees Braket's
variables with folders of its own: `results/<place>/`, `checkpoints/<place>/`.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_CHANNEL = "hyperparameters"
_CHILD = (
    "import importlib, runpy, sys\n"
    "module, _, function = sys.argv[1].partition(':')\n"
    "sys.argv = sys.argv[1:]\n"
    "if function: getattr(importlib.import_module(module), function)()\n"
    "else: runpy.run_module(module, run_name='__main__', alter_sys=True)\n"
)


def main() -> None:
    """Run all jobs described in the input channel; fails only if not one of them could be started."""
    channel = Path(os.environ["AMZN_BRAKET_INPUT_DIR"]) / _CHANNEL
    jobs = json.loads((channel / "jobs.json").read_text(encoding="utf-8"))
    results = Path(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"])
    checkpoints = Path(os.environ["AMZN_BRAKET_CHECKPOINT_DIR"])
    waiting = list(enumerate(jobs))
    running: dict[int, tuple[subprocess.Popen[bytes], float]] = {}
    at_once = len(os.sched_getaffinity(0))
    while waiting or running:
        while waiting and len(running) < at_once:
            place, job = waiting.pop(0)
            folder = results / str(place)
            running[place] = _start(place, job, folder, checkpoints / str(place)), time.time()
            print(f"packed job {place} of {len(jobs)} started")  # noqa: T201 - the log
        for place, (process, started_at) in list(running.items()):
            if process.poll() is None:
                continue
            del running[place]
            _end(results / str(place), process, started_at)
            print(f"packed job {place} ended with exit code {process.returncode}")  # noqa: T201
        time.sleep(0.02)


def _start(place: int, job: dict[str, Any], folder: Path, checkpoints: Path) -> "subprocess.Popen[bytes]":
    """Start one job with its own hyperparameter file, input files, folders and log."""
    private = folder / ".packed"
    (private / "input" / _CHANNEL).mkdir(parents=True)
    (folder / "results").mkdir()
    checkpoints.mkdir(parents=True, exist_ok=True)
    parameters = private / "hyperparameters.json"
    parameters.write_text(json.dumps(job["hyperparameters"]), encoding="utf-8")
    for name, content in job["files"].items():
        (private / "input" / _CHANNEL / Path(name).name).write_bytes(content.encode())
    common = Path(os.environ["AMZN_BRAKET_INPUT_DIR"])
    for channel in common.iterdir():
        if channel.name != _CHANNEL:
            (private / "input" / channel.name).symlink_to(channel)
    environment = {
        **os.environ,
        "AMZN_BRAKET_JOB_NAME": f"{os.environ['AMZN_BRAKET_JOB_NAME']}-{place}",
        "AMZN_BRAKET_HP_FILE": str(parameters),
        "AMZN_BRAKET_INPUT_DIR": str(private / "input"),
        "AMZN_BRAKET_JOB_RESULTS_DIR": str(folder / "results"),
        "AMZN_BRAKET_CHECKPOINT_DIR": str(checkpoints),
        "AMZN_BRAKET_SCRIPT_ENTRY_POINT": job["entry_point"],
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
    }
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", _CHILD, job["entry_point"]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _end(folder: Path, process: "subprocess.Popen[bytes]", started_at: float) -> None:
    """Write down how a job ended, and end what it has left running."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    report = {"exit_code": process.returncode, "started_at": started_at, "ended_at": time.time()}
    (folder / "exit.json").write_text(json.dumps(report), encoding="utf-8")
    # Links do not belong into the archive of results.
    for link in (folder / ".packed" / "input").iterdir():
        if link.is_symlink():
            link.unlink()
