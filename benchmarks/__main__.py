"""Runs the measurements and writes `benchmarks/RESULTS.md`.

python -m benchmarks                  all of them: half an hour or more, on a machine with nothing else to do
python -m benchmarks overhead whole   these only; the sections of the others stay as they are
python -m benchmarks --quick          small sizes, to see that everything runs; only printed
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from benchmarks.commands import ROOT
from benchmarks.environment import environment

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
QUICK: Mapping[str, list[str]] = {
    "overhead": ["--jobs", "20"],
    "whole": ["--jobs", "20", "--sample", "2"],
    "growth": ["--jobs", "200"],
    "composition": ["50"],
    "startup": ["1"],
    "evaluation": ["2"],
    "tasks": ["20"],
    "scale": ["--seeds", "1"],
    "aws_makespan": ["4"],
}
"""Every measurement, in the order of the results, with the arguments for small sizes."""
HEAD = (
    "# What it costs\n\n"
    "Written by `make bench`. Claims are ratios of things measured in one run, one after the other, on one machine; "
    "absolute figures are that machine's.\n"
)


def main() -> None:
    """Run what was asked for; each result is written as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(QUICK))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.names).difference(QUICK):
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}; there are: {', '.join(QUICK)}")
    failed = []
    for name in options.names or QUICK:
        print(f"{name} ...", file=sys.stderr, flush=True)
        text = run(name, QUICK[name] if options.quick else [])
        if text is None:
            failed.append(name)
        elif options.quick:
            print(text)
        else:
            write({**sections(), name: text})
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}.")


def run(name: str, arguments: list[str]) -> str | None:
    """A measurement's section; none if it failed, which it has said."""
    module = ROOT / "benchmarks" / f"{name}.py"
    words = ["-m", f"benchmarks.{name}", *arguments]
    load = os.getloadavg()[0]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return None
    title = (ast.get_docstring(ast.parse(module.read_text())) or name).partition("\n")[0]
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load before: {load:.1f}"
    return f"## {name}\n{title}\n\n{done.stdout.strip()}\n\n`python {' '.join(words)}` ({when})\n"


def sections() -> dict[str, str]:
    """The sections that are written already."""
    text = RESULTS.read_text() if RESULTS.exists() else ""
    return {
        part.partition("\n")[0]: f"## {part.strip()}\n" for part in re.split(r"^## ", text, flags=re.M)[1:]
    }


def write(parts: Mapping[str, str]) -> None:
    """Write all sections, in their order, under the description of this machine."""
    ordered = [parts[name] for name in QUICK if name in parts]
    RESULTS.write_text("\n".join([HEAD, f"{environment()}.\n", *ordered]))


if __name__ == "__main__":
    main()
