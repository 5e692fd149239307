"""Kills of sweeps in every way that `tests/faults` knows, far more often than the tests try them.

What is killed, how often, and what came of it goes into docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .page import ROOT, table, write

PROGRAMS = {
    "random_kills": ("--kills=200", "--kills-of-searches=10", "--kills-on-aws=100"),
    "every_step": (),
}
"""Modules of tests/faults with their options."""


def run(evidence: Path) -> None:
    """Kill, keep a line of JSON for each sweep, and write the table."""
    lines = []
    with tempfile.TemporaryDirectory() as folder, (evidence / "kills.jsonl").open("w") as kept:
        for module, options in PROGRAMS.items():
            for line in _printed(module, str(Path(folder) / module), *options):
                print(line, end="", flush=True)
                kept.write(line)
                lines.append(line)
    write("reliability.md", "kills", figures(json.loads(line) for line in lines))


def figures(reports: Iterable[dict[str, Any]]) -> str:
    """The reports as a table, those of the same fault added up."""
    faults: dict[str, list[int]] = {}
    for report in reports:
        place = f" ({report['place']})" if "place" in report else ""
        counts = faults.setdefault(f"{report['fault']}{place}", [0, 0, 0, 0])
        for index, key in enumerate(("tried", "jobs", "lost", "run_twice")):
            counts[index] += report[key]
    head = ("killed", "times", "jobs of these sweeps", "lost", "run twice")
    return table(head, [(fault, *counts) for fault, counts in faults.items()])


def _printed(module: str, *words: str) -> Iterator[str]:
    """The lines that a program of tests/faults prints, as they come."""
    command = [sys.executable, "-m", f"tests.faults.{module}", *words]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment = {**os.environ, **one_thread, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        yield from program.stdout
    if program.returncode != 0:
        raise SystemExit(f"tests.faults.{module} ended with exit code {program.returncode}.")
