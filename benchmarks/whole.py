"""A whole sweep against the ways it is usually done: VQE of H2, COBYLA, 60 evaluations, 1000 shots.

The baselines measure the energy as Braket's tutorials do, on the LocalSimulator, a quantum task for each of the
four Pauli terms (`benchmarks/baselines/plain_vqe.py`): as a script, one process a job; and as the task of a Hydra
application with hydra-joblib-launcher and two workers, which import the SDK once and compose the same configs.
A last one measures the terms that commute together, as we do: what is left is then neither physics nor grouping.
Each is measured on a sample, half of it before our sweep and half after, and scaled to the sweep's size; ours is
the whole sweep, with composition, tables and report.

    python -m benchmarks.whole [--jobs 1000] [--sample 12]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.commands import ROOT, seconds_of
from benchmarks.markdown import table

N_JOBS = 2
SHOTS, EVALUATIONS = 1000, 60
JOBLIB = ["hydra-joblib-launcher==1.2.0", "joblib>=1.4,<2"]


@dataclass(frozen=True)
class Baseline:
    """A usual way to do the work.

    Attributes:
        name: What it is.
        seconds: Wall time of a sample of so many jobs.
        goal: How many times longer than ours a job is to take.
    """

    name: str
    seconds: Callable[[int], float]
    goal: str


def main() -> None:
    """Measure all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=12, help="jobs of each baseline")
    options = parser.parse_args()
    half = max(1, options.sample // 2)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        launcher = folder / "joblib"
        # Beside our packages, not among them: it asks for hydra-core 1.1 or newer, and takes ours.
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(launcher)]
        subprocess.run([*pip, *JOBLIB], check=True)

        def joblib(jobs: int, *overrides: str) -> float:
            """A worker lives on, so its start is left out: what a sample of two takes is subtracted."""
            two, more = (
                seconds_of(hydra_joblib(count, *overrides), folder, str(launcher))
                for count in (N_JOBS, N_JOBS + jobs)
            )
            return more - two

        baselines = (
            Baseline("one process a job, one after the other", lambda n: processes(n, 1, folder), "≥ 100"),
            Baseline(f"one process a job, {N_JOBS} at a time", lambda n: processes(n, N_JOBS, folder), ""),
            Baseline(
                f"hydra-joblib-launcher, {N_JOBS} workers",
                lambda n: joblib(n, "algorithm.grouping=separate"),
                "≥ 40",
            ),
            Baseline("the same with two circuits an energy, as ours", joblib, ""),
        )
        before = [baseline.seconds(half) for baseline in baselines]
        ours = seconds_of(sweeper(options.jobs), folder) / options.jobs
        after = [baseline.seconds(half) for baseline in baselines]
    rows = []
    for baseline, *halves in zip(baselines, before, after, strict=True):
        per_job = sum(halves) / (2 * half)
        rows.append((baseline.name, f"{per_job:.3f}", f"{per_job / ours:.0f}", baseline.goal))
    rows.append((f"`sweeper`, {N_JOBS} at a time", f"{ours:.4f}", "1", ""))
    print(
        f"{options.jobs} combinations of VQE-H2, COBYLA, at most {EVALUATIONS} evaluations, {SHOTS} shots a "
        f"circuit; {2 * half} jobs of each baseline.\n"
    )
    print(table(["", "s a job", "times ours", "goal"], rows))


def sweeper(jobs: int) -> list[str]:
    """Our command."""
    return [
        *("-m", "sweeper", "-m", "algorithm=vqe", "optimizer=cobyla", f"seed=range({jobs})"),
        *(f"shots={SHOTS}", f"max_iterations={EVALUATIONS}"),
        *(f"hydra.launcher.n_jobs={N_JOBS}", "hydra.sweep.dir=ours"),
    ]


def hydra_joblib(jobs: int, *overrides: str) -> list[str]:
    """The command of the Hydra application."""
    return [
        *("-m", "benchmarks.baselines.hydra_vqe", "hydra/launcher=joblib", f"seed=range({jobs})"),
        *(f"shots={SHOTS}", f"max_iterations={EVALUATIONS}", *overrides),
        *(f"hydra.launcher.n_jobs={N_JOBS}", f"hydra.sweep.dir=joblib-{jobs}"),
    ]


def processes(jobs: int, at_a_time: int, folder: Path) -> float:
    """Wall time of the script for so many seeds, in s."""
    script = ROOT / "benchmarks" / "baselines" / "plain_vqe.py"

    def run(seed: int) -> float:
        words = [str(script), str(seed), str(SHOTS), str(EVALUATIONS)]
        return seconds_of(words, folder / f"script-{seed}")

    begun = perf_counter()
    with ThreadPoolExecutor(at_a_time) as pool:
        list(pool.map(run, range(jobs)))
    return perf_counter() - begun


if __name__ == "__main__":
    main()
