"""What a job costs beside its own work: a sweep of jobs that do nothing.

The baseline is Hydra's basic launcher with the same configs and a task that does nothing: it runs all jobs in one
process, where one job's crash, hang or changed global is the end or the fault of the others. Here each has a
process of its own.

    python -m benchmarks.overhead [--jobs 1000]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.commands import ROOT, seconds_of
from benchmarks.empty_jobs import N_JOBS
from benchmarks.markdown import table


def main() -> None:
    """Measure all, one after the other, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    jobs = parser.parse_args().jobs
    few = max(20, jobs // 10)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        script = folder / "empty.py"
        script.write_text("def main():\n    pass\n")

        def ours(count: int) -> list[str]:
            return [
                *("-m", "sweeper", "-m", "algorithm=script", f"algorithm.source_module={script}"),
                *("algorithm.entry_point=empty:main", f"+algorithm.hyperparameters.seed=range({count})"),
                *(f"hydra.launcher.n_jobs={N_JOBS}", f"hydra.sweep.dir=ours-{count}"),
            ]

        def hydra(count: int) -> list[str]:
            return [
                *("-m", "benchmarks.baselines.hydra_empty", "hydra/launcher=basic"),
                *(f"seed=range({count})", f"hydra.sweep.dir=hydra-{count}"),
            ]

        one_of_hydra, few_of_hydra = (seconds_of(hydra(count), folder) for count in (1, few + 1))
        one_of_ours, all_of_ours = (seconds_of(ours(count), folder) for count in (1, jobs + 1))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.empty_jobs", str(jobs), scratch],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        answer = json.loads(done.stdout)
    baseline = (few_of_hydra - one_of_hydra) / few
    rows = [
        (name, f"{seconds * 1000:.1f}", f"{baseline / seconds:.1f}")
        for name, seconds in (
            (f"Hydra's basic launcher, {few} jobs (baseline)", baseline),
            (f"`sweeper`, {jobs} jobs", (all_of_ours - one_of_ours) / jobs),
            (
                "... without composing the configs, start-up included",
                (answer["ended"] - answer["begun"]) / jobs,
            ),
        )
    ]
    print(
        "Wall time of a further empty job (a sweep's time less that of a sweep of one job). Hydra's jobs share one "
        f"process; ours have one each, {N_JOBS} at a time.\n"
    )
    print(table(["", "ms a job", "times less"], rows))


if __name__ == "__main__":
    main()
