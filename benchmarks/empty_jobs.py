"""Runs jobs whose script does nothing: what is left is what a job costs. Used by `overhead` and `growth`.

Everything that a sweep does after composing its configs is done, and shows in the times: ledger, files,
processes, tables, report.

    python -m benchmarks.empty_jobs JOBS FOLDER [LOOK_AT ...]
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweeper.command.closing import Closing
from sweeper.command.conduct import conduct
from sweeper.command.run_settings import RunSettings
from sweeper.executors.local import LocalExecutor
from sweeper.folder.layout import SweepFolder
from sweeper.job.source import read_source
from sweeper.job.spec import JobSpec
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry

N_JOBS = 2
CONFIG: Mapping[str, Any] = {
    "algorithm": {"entry_point": "empty:main", "source_module": "empty.py", "objective": None},
    "problem": {"bond_length": 0.735},
    "device": {"arn": "local:braket/default", "exact": True, "min_shots": 1, "max_shots": None, "qubits": 26},
    "optimizer": {"rhobeg": 0.5, "tol": 0.0001},
    "instance": {"type": "ml.m5.large", "vcpus": 2, "memory_gib": 8.0, "usd_per_hour": 0.115},
    "shots": 1000,
    "max_iterations": 60,
    "job": {"max_runtime_seconds": 3600, "tags": {}, "image_uri": None, "input_data": {}},
}


class Watched(LocalExecutor):
    """A local executor that notes time and memory after so many jobs."""

    def __init__(self, folder: SweepFolder, look_at: list[int]) -> None:
        super().__init__(folder, n_jobs=N_JOBS, memory_gib=None)
        self._look_at = look_at
        self._ended = 0
        self.seen: list[dict[str, float]] = []

    def fetch(self, finished: Any) -> Any:
        """Count the jobs that have ended."""
        fetched = super().fetch(finished)
        self._ended += len(fetched)
        while self._look_at and self._ended >= self._look_at[0]:
            (server,) = self._servers.pids
            self.seen.append(
                {
                    "jobs": self._look_at.pop(0),
                    "at": time.perf_counter(),
                    "orchestrator_mib": resident_mib(os.getpid()),
                    "server_mib": resident_mib(server),
                }
            )
        return fetched


def resident_mib(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def run(jobs: int, folder: Path, look_at: list[int]) -> dict[str, Any]:
    """Run them; when it began, when it ended and what was seen on the way, times in s."""
    source = folder / "empty.py"
    source.write_text("def main():\n    pass\n")
    sweep = SweepFolder(folder / "sweep")
    specs = [
        JobSpec(
            device="local:braket/default",
            source=read_source(source, "empty:main"),
            entry_point="empty:main",
            hyperparameters={"seed": str(seed), "shots": "1000"},
            input_files={},
            instance_type="ml.m5.large",
            max_runtime_seconds=3600,
        )
        for seed in range(jobs)
    ]
    begun = time.perf_counter()
    with Watched(sweep, look_at) as executor, contextlib.redirect_stdout(io.StringIO()):
        executor.check(specs[0])
        ledger = Ledger(sweep.ledger)
        entries = (
            Entry(spec.key, [f"seed={seed}"], {**CONFIG, "seed": seed}, {"device": "local"}, spec.to_json())
            for seed, spec in enumerate(specs)
        )
        of_number = dict(zip(ledger.enlist(entries), specs, strict=True))
        conduct(sweep, ledger, executor, of_number, RunSettings(), closing=Closing())
        completed = sum(state == "COMPLETED" for state in ledger.states(range(jobs)).values())
        ledger.close()
    if completed != jobs:
        sys.exit(f"Only {completed} of {jobs} jobs have completed.")
    return {"begun": begun, "ended": time.perf_counter(), "seen": executor.seen}


if __name__ == "__main__":
    answer = run(int(sys.argv[1]), Path(sys.argv[2]), [int(word) for word in sys.argv[3:]])
    print(json.dumps(answer))
