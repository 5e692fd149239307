"""A whole sweep against the two ways it is usually done: VQE of H2, COBYLA, 60 evaluations of 1000 shots.

The baselines run the same circuits, as many shots and evaluations, on Braket's LocalSimulator
(`benchmarks/baselines/plain_vqe.py`): as a script, one process a job, two at a time; and as the task of a Hydra
application with hydra-joblib-launcher and two workers, which import the SDK once and compose the same configs.
Both are measured on a sample and scaled to the sweep's size; ours is the whole sweep, with composition, tables
and report.

    python -m benchmarks.whole [--jobs 1000] [--sample 12]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from benchmarks.commands import ROOT, seconds_of
from benchmarks.markdown import table

N_JOBS = 2
SHOTS, EVALUATIONS = 1000, 60
JOBLIB = ["hydra-joblib-launcher==1.2.0", "joblib>=1.4,<2"]
GOALS = (100, 40)


def main() -> None:
    """Measure all, one after the other, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=12, help="jobs of each baseline")
    options = parser.parse_args()
    jobs, sample = options.jobs, options.sample
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        launcher = folder / "joblib"
        # Beside our packages, not among them: it asks for hydra-core 1.1 or newer, and takes ours.
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(launcher)]
        subprocess.run([*pip, *JOBLIB], check=True)

        scripts = processes(sample, folder)
        two, more = (
            seconds_of(hydra_joblib(count), folder, str(launcher)) for count in (N_JOBS, N_JOBS + sample)
        )
        ours = seconds_of(sweeper(jobs), folder)
    per_job = (scripts / sample, (more - two) / sample)
    rows = [
        (name, f"{seconds:.3f}", f"{seconds * jobs / 60:.1f}", f"{seconds * jobs / ours:.0f}", goal)
        for name, seconds, goal in (
            (f"one process a job, {N_JOBS} at a time ({sample} jobs, scaled)", per_job[0], f"≥ {GOALS[0]}"),
            (f"hydra-joblib-launcher, {N_JOBS} workers ({sample} jobs, scaled)", per_job[1], f"≥ {GOALS[1]}"),
            (f"`sweeper`, {N_JOBS} at a time", ours / jobs, ""),
        )
    ]
    print(
        f"{jobs} combinations of VQE-H2, COBYLA, {EVALUATIONS} evaluations of 2 circuits with {SHOTS} shots each. A "
        "worker of joblib lives on, so its start is left out (a sample's time less that of a sample of two).\n"
    )
    print(table(["", "s a job", f"min for {jobs}", "times ours", "goal"], rows))


def sweeper(jobs: int) -> list[str]:
    """Our command."""
    return [
        *("-m", "sweeper", "-m", "algorithm=vqe_h2", "optimizer=cobyla", f"seed=range({jobs})"),
        *(f"shots={SHOTS}", f"max_iterations={EVALUATIONS}"),
        *(f"hydra.launcher.n_jobs={N_JOBS}", "hydra.sweep.dir=ours"),
    ]


def hydra_joblib(jobs: int) -> list[str]:
    """The command of the Hydra application."""
    return [
        *("-m", "benchmarks.baselines.hydra_vqe", "hydra/launcher=joblib", f"seed=range({jobs})"),
        *(f"shots={SHOTS}", f"max_iterations={EVALUATIONS}"),
        *(f"hydra.launcher.n_jobs={N_JOBS}", f"hydra.sweep.dir=joblib-{jobs}"),
    ]


def processes(jobs: int, folder: Path) -> float:
    """Wall time of the script for so many seeds, two at a time, in s."""
    script = ROOT / "benchmarks" / "baselines" / "plain_vqe.py"

    def run(seed: int) -> float:
        words = [str(script), str(seed), str(SHOTS), str(EVALUATIONS)]
        return seconds_of(words, folder / f"script-{seed}")

    begun = perf_counter()
    with ThreadPoolExecutor(N_JOBS) as pool:
        list(pool.map(run, range(jobs)))
    return perf_counter() - begun


if __name__ == "__main__":
    main()
