"""A sweep that is to survive, and the evidence of what became of its jobs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sweeper import load_sweep
from sweeper.errors import FolderError
from sweeper.job.state import JobState
from sweeper.ledger.reader import read_jobs, reading
from sweeper.ledger.record import JobRecord

_OF_THE_WAY = ["seconds", "attempts", "job_arn", "cost_usd"]
"""Columns that tell of the way to a result, and not of the result; what an instance costs is its time."""

# Imports nothing heavy. Its last act is a line in a file outside the sweep's folder.
PROGRAM = """
import json, os, random, time

def main():
    with open(os.environ["AMZN_BRAKET_HP_FILE"]) as file:
        hyperparameters = json.load(file)
    n = int(hyperparameters["n"])
    rng = random.Random(n)
    for step in range(3):
        time.sleep(rng.uniform(0.002, 0.03))
        print(f"Metrics - timestamp={time.time()}; loss={rng.random()}; iteration_number={step};")
    result = {"value": rng.random(), "text": "x" * rng.randrange(9999)}
    with open(os.path.join(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"], "results.json"), "w") as file:
        json.dump({"dataDictionary": result, "dataFormat": "plaintext"}, file)
    completions = os.open(hyperparameters["completions"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(completions, f"{n} {os.environ['AMZN_BRAKET_JOB_NAME']} {os.getpid()}\\n".encode())
"""


@dataclass
class Subject:
    """A sweep in a directory of its own, watched from outside.

    Attributes:
        directory: Where its commands are typed; the sweep's folder is `out` in it.
        words: Its command.
    """

    directory: Path
    words: tuple[str, ...]
    _kept: dict[int, tuple[JobRecord, Mapping[str, Any]]] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    """Completed jobs of which something was touched afterwards."""

    @property
    def folder(self) -> Path:
        """The sweep's folder."""
        return self.directory / "out"

    @property
    def log(self) -> Path:
        """What its commands said."""
        return self.directory / "log.txt"

    def jobs(self) -> list[JobRecord]:
        """What the ledger says, if there is one yet."""
        try:
            with reading(self.folder / "sweep.db") as db:
                return read_jobs(db)
        except FolderError:
            return []

    def look(self) -> None:
        """See that what has completed before is as it was, and remember what has completed since."""
        for job in self.jobs():
            if job.state is JobState.COMPLETED or job.number in self._kept:
                now = job, _content(self.folder / "jobs" / str(job.number))
                if self._kept.setdefault(job.number, now) != now:
                    self.changed.add(job.number)

    @property
    def sweep_id(self) -> str:
        """The sweep's own name, which is part of its hybrid jobs' names."""
        with reading(self.folder / "sweep.db") as db:
            return str(db.execute("SELECT value FROM sweep WHERE key = 'id'").fetchone()[0])

    def checkpoints(self) -> dict[Path, int]:
        """The jobs' checkpoints with their times."""
        return {path: path.stat().st_mtime_ns for path in self.folder.glob("jobs/*/checkpoints/*.json")}

    def evidence(
        self, reference: Subject, exit_codes: Mapping[int, int], fault: str, tried: int
    ) -> dict[str, Any]:
        """What became of the jobs, to be compared with a sweep that nobody disturbed."""
        return {
            "fault": fault,
            "tried": tried,
            "jobs": len(self.jobs()),
            "attempts": sum(job.attempts for job in self.jobs()),
            "lost": self.lost(reference),
            "run_twice": self.run_twice(exit_codes),
            "changed": len(self.changed),
        }

    def results(self) -> pd.DataFrame:
        """The table, without what tells of the way to a result."""
        return load_sweep(self.folder).results.drop(columns=_OF_THE_WAY)

    def metrics(self) -> pd.DataFrame:
        """All metrics, without their times."""
        metrics = load_sweep(self.folder).metrics
        return metrics.drop(columns="timestamp").sort_values(
            ["job", "metric", "iteration"], ignore_index=True
        )

    def lost(self, reference: Subject) -> int:
        """How many jobs have no result, or another one than in a sweep that nobody disturbed."""
        ours, theirs = self.results(), reference.results()
        rows = theirs.merge(ours, how="left", indicator=True)  # on all columns
        if not self.metrics().equals(reference.metrics()):
            raise AssertionError("the results are equal and the metrics are not")
        return int((rows["_merge"] != "both").sum())

    def run_twice(self, exit_codes: Mapping[int, int]) -> int:
        """How many jobs came to a good end more than once.

        A good end is one of the process itself: what was killed between its last line and its exit, by us
        or along with its fork server, has not come to it.

        Args:
            exit_codes: How orphans ended, by process.
        """
        ends: Counter[int] = Counter()
        failed = self._failed_attempts()
        for line in self._completions():
            number, name, process = line.split()
            attempt = int(name.rpartition("-")[2])
            if exit_codes.get(int(process), 0) == 0 and (int(number), attempt) not in failed:
                ends[int(number)] += 1
        # Whatever the program: an attempt that was set aside although its exit record tells of success.
        set_aside = {
            int(path.parts[-4])
            for path in self.folder.glob("jobs/*/attempts/*/exit.json")
            if json.loads(path.read_bytes())["exit_code"] == 0
        }
        return len({number for number, count in ends.items() if count > 1} | set_aside)

    def _completions(self) -> list[str]:
        path = self.directory / "completions"
        return path.read_text().splitlines() if path.is_file() else []

    def _failed_attempts(self) -> Collection[tuple[int, int]]:
        with reading(self.folder / "sweep.db") as db:
            rows = db.execute("SELECT job, attempt FROM transitions WHERE state = 'FAILED'")
            return {(int(job), int(attempt)) for job, attempt in rows}


def script_sweep(directory: Path, jobs: int) -> Subject:
    """A sweep of so many short scripts."""
    directory.mkdir(parents=True)
    (directory / "theirs.py").write_text(PROGRAM)
    completions = directory / "completions"
    words = (
        "-m",
        "algorithm=script",
        "algorithm.source_module=theirs.py",
        "algorithm.entry_point=theirs:main",
        f"+algorithm.hyperparameters.n=range({jobs})",
        f"+algorithm.hyperparameters.completions='{completions}'",
        "job.first_pause_seconds=0.01",  # of the retries of a killed job
        "hydra.sweep.dir=out",
    )
    return Subject(directory, words)


def aws_sweep(directory: Path, jobs: int) -> Subject:
    """A sweep of so many scripts on AWS."""
    directory.mkdir(parents=True)
    (directory / "theirs.py").write_text(PROGRAM)
    words = (
        "-m",
        "hydra/launcher=braket_aws",
        "instance.accept_estimate=true",
        "hydra.launcher.poll_seconds=0.3",
        "hydra.launcher.creations_per_second=90",
        "budget.max_usd=100",
        "rehearse=false",
        "algorithm=script",
        "algorithm.source_module=theirs.py",
        "algorithm.entry_point=theirs:main",
        f"+algorithm.hyperparameters.n=range({jobs})",
        "hydra.sweep.dir=out",
    )
    return Subject(directory, words)


def vqe_sweep(directory: Path, jobs: int) -> Subject:
    """A sweep of so many searches for the ground state of H2, which keep checkpoints."""
    directory.mkdir(parents=True)
    seeds = f"seed=range({jobs})"
    # On the slower simulator: there is something to interrupt.
    search = ("device=braket_sv", "optimizer=spsa", "shots=1000", "max_iterations=40")
    words = ("-m", seeds, *search, "hydra.sweep.dir=out")
    return Subject(directory, words)


def _content(job: Path) -> dict[str, Any]:
    """Times and digests of what a job brought, and of its exit record."""
    files = [job / "exit.json", *sorted((job / "results").rglob("*"))]
    return {
        str(file.relative_to(job)): (
            file.stat().st_mtime_ns,
            hashlib.sha256(file.read_bytes()).hexdigest(),
        )
        for file in files
        if file.is_file()
    }
