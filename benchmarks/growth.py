"""Whether a job costs more, or the sweep more memory, the more jobs there are.

python -m benchmarks.growth [--jobs 10000]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile

from benchmarks.commands import ROOT
from benchmarks.empty_jobs import N_JOBS
from benchmarks.markdown import table


def main() -> None:
    """Run one long sweep and look at it on the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    jobs = parser.parse_args().jobs
    tenth = jobs // 10
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", "benchmarks.empty_jobs", jobs, folder, tenth // 10, tenth, jobs - tenth, jobs]
        done = subprocess.run(
            [sys.executable, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    answer = json.loads(done.stdout)
    start, first, before_last, last = answer["seen"]
    pieces = [(start, first), (first, before_last), (before_last, last)]
    costs = [(b["at"] - a["at"]) / (b["jobs"] - a["jobs"]) * 1000 for a, b in pieces]
    rows = [
        (
            f"jobs {a['jobs']:.0f} to {b['jobs']:.0f}",
            f"{cost:.1f}",
            f"{cost / costs[0]:.2f}",
            f"{b['orchestrator_mib']:.0f}",
            f"{b['server_mib']:.0f}",
        )
        for (a, b), cost in zip(pieces, costs, strict=True)
    ]
    whole = (answer["ended"] - answer["begun"]) / jobs * 1000
    rows.append(("all, with the tables and the report", f"{whole:.1f}", f"{whole / costs[0]:.2f}", "", ""))
    print(
        f"One sweep of {jobs} empty jobs, {N_JOBS} at a time. Baseline: the first tenth of the same sweep.\n"
    )
    print(
        table(["", "ms a job", "ratio", "orchestrator, MiB at the end", "fork server, MiB at the end"], rows)
    )


if __name__ == "__main__":
    main()
