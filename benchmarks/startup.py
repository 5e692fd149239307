"""How long the commands take that run no job, from the shell and back.

    python -m benchmarks.startup

Every command runs in a process of its own, the commands in turns; the median counts. The bare interpreter
and Hydra's import show how much of it is nobody's to save.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.markdown import records
from tests.synthetic import vqe_sweep

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import hydra'": ["-c", "import hydra"],
    "python -c 'import pandas'": ["-c", "import pandas"],
    "python -c 'import braket.aws'": ["-c", "import braket.aws"],
    "sweeper --help": ["-m", "sweeper", "--help"],
    "sweeper --cfg job": ["-m", "sweeper", "--cfg", "job"],
    "sweeper status DIR": ["-m", "sweeper", "status", "sweep"],
    "sweeper table DIR": ["-m", "sweeper", "table", "sweep"],
    "sweeper compare DIR": ["-m", "sweeper", "compare", "sweep"],
}
ROUNDS = 7


@dataclass(frozen=True)
class Row:
    """One command; seconds."""

    command: str
    wall_s: float
    cpu_s: float


def measure(rounds: int = ROUNDS) -> list[Row]:
    """Run all commands in turns."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as scratch:
        vqe_sweep(Path(scratch) / "sweep")
        # The first round warms the disk's cache.
        for number in range(rounds + 1):
            for name, words in COMMANDS.items():
                seconds = _run(words, scratch)
                runs[name] += [seconds] * (number > 0)
    return [
        Row(name, *(statistics.median(values) for values in zip(*seconds, strict=True)))
        for name, seconds in runs.items()
    ]


def _run(words: list[str], directory: str) -> tuple[float, float]:
    """Wall and CPU time in s of one Python process."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"python {' '.join(words)} failed.")
    return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    print(records(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)))
