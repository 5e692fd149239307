"""Runs hybrid jobs and kills them at random points, each in a process of its own forked from this one.

Started by test_checkpoint.py with a folder; prints one line of JSON for each job. A job is run once
undisturbed, then again and again under a new name in one checkpoint folder, as new attempts are, to its end.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

BRAKETS = "local:braket/braket_sv"
DEVICES = ("local:braket/default", BRAKETS)
KILLS = 3
"""Of each job, at most: it may end before."""
RESULTS = ("results.json", "metadata.json", "parameter_trajectory.npy", "objective_trajectory.npy")
GRADIENT = {"gradient": "parameter_shift"}
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adam": {"learning_rate": 0.2, "beta1": 0.9, "beta2": 0.99, **GRADIENT},
    "cobyla": {"rhobeg": 0.5, "tol": 1e-4},
    "gradient_descent": {"learning_rate": 0.3, **GRADIENT},
    "grid": {"points": 2, "span": 1.0},
    "l_bfgs_b": {"ftol": 1e-9, "gtol": 1e-5, **GRADIENT},
    "nelder_mead": {"initial_step": 0.5, "xatol": 1e-4, "fatol": 1e-4},
    "powell": {"xtol": 1e-2, "ftol": 1e-2},
    "slsqp": {"ftol": 1e-9, **GRADIENT},
    "spsa": {"a": "null", "c": 0.2, "alpha": 0.602, "gamma": 0.101, "stability": 0.0},
}
VQE = {
    "hamiltonian": "-1.05237325 II, 0.39793742 IZ, -0.39793742 ZI, -0.0112801 ZZ, 0.1809312 XX",
    "nuclear_repulsion": "0.71996899",
    "reference": "-1.13730604",
    "ansatz": "ry_cnot_ry",
    "initial_point": "random",
}
QAOA = {
    "edges": "0-1,1-2,2-3,3-0",
    "nodes": "4",
    "depth": "2",
    "reference": "4.0",
    "initial_point": "interp",
    "aggregation": "cvar",
    "cvar_alpha": "0.5",
}


def jobs() -> list[tuple[str, str, dict[str, str]]]:
    common = {"shots": "20", "seed": "3", "max_iterations": "16"}
    of_vqe = [
        (
            name,
            "vqe",
            {
                **common,
                **VQE,
                "optimizer": name,
                **{f"optimizer.{key}": str(value) for key, value in options.items()},
            },
        )
        for name, options in OPTIMIZERS.items()
    ]
    cobyla = {"optimizer": "cobyla", "optimizer.rhobeg": "0.5", "optimizer.tol": "1e-4"}
    warm = {"warmup.iterations": "5", "warmup.device": "local:braket/braket_dm", "warmup.shots": "10"}
    return [*of_vqe, ("interp, cvar, warm-up", "qaoa_maxcut", {**common, **QAOA, **cobyla, **warm})]


def start(folder: Path, name: str, job: str, hyperparameters: dict[str, str], device: str) -> int:
    (folder / "results").mkdir(parents=True, exist_ok=True)
    (folder / "checkpoints").mkdir(exist_ok=True)
    (folder / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    if pid := os.fork():
        return pid
    os.environ.update(
        AMZN_BRAKET_HP_FILE=str(folder / "hyperparameters.json"),
        AMZN_BRAKET_DEVICE_ARN=device,
        AMZN_BRAKET_JOB_RESULTS_DIR=str(folder / "results"),
        AMZN_BRAKET_CHECKPOINT_DIR=str(folder / "checkpoints"),
        AMZN_BRAKET_INPUT_DIR=str(folder),
        AMZN_BRAKET_JOB_NAME=name,
    )
    with (folder / f"{name}.log").open("w") as log:
        os.dup2(log.fileno(), 1)
        try:
            import_module(f"algorithms.{job}").main()
        except BaseException:
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)


def wait(pid: int, until: Callable[[], bool] = lambda: False) -> int | None:
    """The exit status; None if the process had to be killed, because `until` came true before it ended."""
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if until():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.001)


def metrics(folder: Path, name: str) -> list[str]:
    """Metric lines without their times."""
    log = folder / f"{name}.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.split(";", 1)[1] for line in lines if line.startswith("Metrics - ")]


def has_come_to(folder: Path, name: str, lines: int, *, saved: bool) -> bool:
    """Whether a job has logged so many metrics, and saved a checkpoint if it has to."""
    logged = len(metrics(folder, name)) >= lines
    return logged and (not saved or any((folder / "checkpoints").glob("*.json")))


def main(root: Path) -> None:
    for module in ("vqe", "qaoa_maxcut", "local_simulator.device"):
        import_module(f"algorithms.{module}")
    rng = random.Random(0)
    for number, (label, job, hyperparameters) in enumerate(jobs()):
        device = DEVICES[number % len(DEVICES)]
        whole, broken = root / f"{number}-whole", root / f"{number}-broken"
        statuses: list[int | None] = [wait(start(whole, "whole", job, hyperparameters, device))]
        kills = 0
        for attempt in range(KILLS + 1):
            name, lines = f"attempt-{attempt}", rng.randint(1, 12)
            pid = start(broken, name, job, hyperparameters, device)
            # Braket's simulator is slow enough for a checkpoint; with ours a job may end before one is due.
            saved = attempt == 0 and device == BRAKETS
            due = partial(has_come_to, broken, name, lines, saved=saved)
            status = wait(pid, due) if attempt < KILLS else wait(pid)
            if status is not None:
                statuses.append(status)
                break
            kills += 1
        last = broken / f"attempt-{attempt}.log"
        same = all(
            (whole / "results" / name).read_bytes() == (broken / "results" / name).read_bytes()
            for name in RESULTS
        )
        report = {
            "job": label,
            "statuses": statuses,
            "kills": kills,
            "same_results": same,
            "same_metrics": metrics(whole, "whole") == metrics(broken, last.stem),
            "resumed": "Going on after" in last.read_text(),
        }
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
