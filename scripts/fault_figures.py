"""Kill sweeps in every way that the tests know, far more often than they do, and write down what came of it.

    python scripts/fault_figures.py                    # runs everything, and keeps the evidence
    python scripts/fault_figures.py EVIDENCE.jsonl …   # writes the table from evidence that was kept

The table goes between the markers in docs/reliability.md. Needs the development packages.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- kills: begin -->\n", "<!-- kills: end -->\n"


def run(module: str, *words: str) -> Iterator[str]:
    """The lines that a program of tests/faults prints, as they come."""
    command = [sys.executable, "-m", f"tests.faults.{module}", *words]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment = {**os.environ, **one_thread, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        yield from program.stdout
    if program.returncode != 0:
        raise SystemExit(f"tests.faults.{module} ended with exit code {program.returncode}.")


def everything(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Evidence of all kinds of kills, a line of JSON each."""
    yield from run(
        "random_kills",
        str(folder / "kills"),
        f"--seed={options.seed}",
        f"--kills={options.kills}",
        f"--kills-of-searches={options.kills_of_searches}",
        f"--kills-on-aws={options.kills_on_aws}",
    )
    yield from run("every_step", str(folder / "steps"), f"--seed={options.seed}")


def table(reports: Iterable[dict[str, Any]]) -> str:
    """The reports as Markdown, those of the same fault added up."""
    faults: dict[str, list[int]] = {}
    for report in reports:
        place = f" ({report['place']})" if "place" in report else ""
        counts = faults.setdefault(f"{report['fault']}{place}", [0, 0, 0, 0])
        for index, key in enumerate(("tried", "jobs", "lost", "run_twice")):
            counts[index] += report[key]
    rows = [f"| {fault} | {' | '.join(map(str, counts))} |" for fault, counts in faults.items()]
    head = ["| killed | times | jobs of these sweeps | lost | run twice |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Gather the evidence and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("evidence", nargs="*", type=Path)
    parser.add_argument("--kills", type=int, default=200, help="of sweeps on this machine")
    parser.add_argument("--kills-of-searches", type=int, default=10, help="of sweeps that keep checkpoints")
    parser.add_argument("--kills-on-aws", type=int, default=100, help="of sweeps on the emulator")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("faults.jsonl"), help="file for the evidence")
    options = parser.parse_args(arguments)
    if options.evidence:
        lines = [line for file in options.evidence for line in file.read_text().splitlines()]
    else:
        with tempfile.TemporaryDirectory() as folder, options.keep.open("w") as kept:
            lines = []
            for line in everything(options, Path(folder)):
                print(line, end="", flush=True)
                kept.write(line)
                lines.append(line)
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    figures = table(json.loads(line) for line in lines)
    PAGE.write_text(f"{before}{BEGIN}{figures}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
