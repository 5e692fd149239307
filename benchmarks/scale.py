"""How long it takes to load, list, compare and report a large sweep, and how much memory.

    python -m benchmarks.scale                     # 10 000 jobs with 100 metric rows each
    python -m benchmarks.scale --seeds 25 --keep DIR

Every command runs three times in a process of its own, start-up included; the median counts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.commands import ROOT
from benchmarks.markdown import table
from tests.synthetic import OPTIMIZERS, vqe_sweep

SHOTS = (100, 300, 1000, 3000, 10000)
LENGTHS = (0.5, 0.7, 0.735, 1.0, 2.0)
LOAD = "import sys; from sweeper import load_sweep; s = load_sweep(sys.argv[1]); s.results, s.metrics"
COMMANDS = {
    "`load_sweep(DIR)`, `.results` and `.metrics`": (["-c", LOAD], 2.0),
    "`sweeper table`": (["-m", "sweeper", "table"], 3.0),
    "`sweeper compare`": (["-m", "sweeper", "compare"], 5.0),
    "`sweeper report`": (["-m", "sweeper", "report"], 30.0),
}
"""What follows `python`, before the folder, and the goal in s."""


def main() -> None:
    """Make the sweep, run the commands, print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=100, help="replicates of each of 100 combinations")
    parser.add_argument(
        "--iterations", type=int, default=50, help="evaluations of a job, two metric rows each"
    )
    parser.add_argument("--keep", type=Path, help="make the sweep here and keep it")
    options = parser.parse_args()
    jobs = len(OPTIMIZERS) * len(SHOTS) * len(LENGTHS) * options.seeds
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch) / "sweep"
        if not folder.exists():
            make(folder, options.seeds, options.iterations)
        rows = []
        for name, (words, goal) in COMMANDS.items():
            runs = [run([*words, str(folder)]) for _ in range(3)]
            seconds, peak = (statistics.median(values) for values in zip(*runs, strict=True))
            rows.append((name, f"{seconds:.2f}", f"≤ {goal:g}", f"{peak / 2**20:.0f}"))
        size = (folder / "report.html").stat().st_size / 1e6
    print(f"{jobs} jobs, {2 * options.iterations} metric rows each; start-up included.\n")
    print(table(["", "s", "goal", "peak memory, MiB"], rows))
    print(f"\nreport.html has {size:.1f} MB.")


def make(folder: Path, seeds: int, iterations: int) -> None:
    """Write the sweep, in a process of its own: a child inherits the peak memory of its parent."""
    context = multiprocessing.get_context("spawn")
    sizes = {"shots": SHOTS, "lengths": LENGTHS, "seeds": seeds, "iterations": iterations}
    process = context.Process(target=vqe_sweep, args=(folder,), kwargs=sizes)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit("The sweep could not be made.")


def run(words: list[str]) -> tuple[float, float]:
    """Wall time in s and peak resident memory in bytes of one command."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(words)} failed.")
    return time.perf_counter() - begun, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
