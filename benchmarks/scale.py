"""How long table, compare and report take on a large sweep, and how much memory.

    python benchmarks/scale.py                     # 10 000 jobs with 100 metric rows each
    python benchmarks/scale.py --seeds 25 --keep DIR

Every command runs three times in a process of its own, start-up included; the median counts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.synthetic import OPTIMIZERS, vqe_sweep  # noqa: E402 - found by the line above

SHOTS = (100, 300, 1000, 3000, 10000)
LENGTHS = (0.5, 0.7, 0.735, 1.0, 2.0)
GOALS = {"table": 3.0, "compare": 5.0, "report": 30.0}
"""Seconds."""


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
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{jobs} jobs x {2 * options.iterations} metric rows; {machine}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch) / "sweep"
        if not folder.exists():
            make(folder, options.seeds, options.iterations)
        for name, goal in GOALS.items():
            runs = [run([name, str(folder)]) for _ in range(3)]
            seconds, peak = (statistics.median(values) for values in zip(*runs, strict=True))
            print(f"{name:8} {seconds:6.2f} s (goal {goal:g} s), peak memory {peak / 2**20:.0f} MiB")
        print(f"report.html {(folder / 'report.html').stat().st_size / 1e6:.1f} MB")


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
        [sys.executable, "-m", "sweeper", *words],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"sweeper {words[0]} failed.")
    return time.perf_counter() - begun, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
