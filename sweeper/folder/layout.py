"""The paths of all files in a sweep's folder. No other module joins these paths."""

from __future__ import annotations

import json
import os
import shlex
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sweeper.folder import disk

DIGESTED = ("log.txt", "results/results.json")
"""Files from which a job's row is made. Their digests are taken when a job on this machine has ended."""


@dataclass(frozen=True)
class JobFolder:
    """`jobs/<n>/`: one job's config, input, log, results and checkpoints."""

    root: Path

    @property
    def config(self) -> Path:
        """The job's whole config, as Hydra composed it."""
        return self.root / ".hydra" / "config.yaml"

    @property
    def overrides(self) -> Path:
        """The overrides from which the config was composed."""
        return self.root / ".hydra" / "overrides.yaml"

    @property
    def hyperparameters(self) -> Path:
        """The job's hyperparameters, as in Braket's container: a flat JSON object of strings."""
        return self.root / "hyperparameters.json"

    @property
    def input(self) -> Path:
        """Input data, one folder for each channel."""
        return self.root / "input"

    @property
    def log(self) -> Path:
        """Standard output and error of the job."""
        return self.root / "log.txt"

    @property
    def results(self) -> Path:
        """The files that the job saved: `results.json` and others."""
        return self.root / "results"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints, which are kept from one attempt to the next."""
        return self.root / "checkpoints"

    @property
    def record(self) -> Path:
        """A copy of the job's row in the ledger, from which the ledger can be rebuilt."""
        return self.root / "job.json"

    @property
    def exit_record(self) -> Path:
        """How the job's process on this machine ended; it is there even if the orchestrator was killed."""
        return self.root / "exit.json"

    @property
    def failure(self) -> Path:
        """The text of the exception that ended the job, as in Braket's container."""
        return self.root / "failure.txt"

    @property
    def work(self) -> Path:
        """The job's working directory, which is its own copy of the source."""
        return self.root / "work"

    @property
    def attempts(self) -> Path:
        """Logs and results of earlier attempts, `attempts/<k>/`."""
        return self.root / "attempts"


@dataclass(frozen=True)
class SweepFolder:
    """A sweep's folder."""

    root: Path

    @property
    def ledger(self) -> Path:
        """The ledger, an SQLite file with the state of every job."""
        return self.root / "sweep.db"

    @property
    def facts(self) -> Path:
        """The sweep's name and launcher, from which the ledger can be rebuilt."""
        return self.root / "sweep.json"

    @property
    def listing(self) -> Path:
        """Every job as it was enlisted, one JSON line each, from which the ledger can be rebuilt."""
        return self.root / "jobs.jsonl"

    @property
    def job_folders(self) -> list[tuple[int, JobFolder]]:
        """The jobs that have a folder, by number."""
        numbers = (int(path.name) for path in (self.root / "jobs").glob("*") if path.name.isdecimal())
        return [(number, self.job(number)) for number in sorted(numbers)]

    @property
    def lock(self) -> Path:
        """The lock of the one process that may write here."""
        return self.root / "sweep.lock"

    @property
    def jobs_lock(self) -> Path:
        """The lock of all processes that run a job of the sweep on this machine."""
        return self.root / "jobs.lock"

    @property
    def results(self) -> Path:
        """The results table, with one row for each job."""
        return self.root / "results.parquet"

    @property
    def results_csv(self) -> Path:
        """The results table for people and spreadsheets."""
        return self.root / "results.csv"

    @property
    def metrics(self) -> Path:
        """Every metric of every job, in long form."""
        return self.root / "metrics.parquet"

    @property
    def report(self) -> Path:
        """The report, one file that opens offline."""
        return self.root / "report.html"

    @property
    def provenance(self) -> Path:
        """Where the results come from: command, versions, host, prices."""
        return self.root / "provenance.json"

    @property
    def cancel_request(self) -> Path:
        """If this file is there, the process that runs the sweep cancels it."""
        return self.root / "cancel"

    @property
    def spending_limits(self) -> Path:
        """The spending limits that were set for this sweep and may still exist."""
        return self.root / "spending-limits.json"

    @property
    def rehearsal(self) -> Path:
        """The folder of the rehearsal, in which jobs ran briefly before anything was paid for."""
        return self.root / "rehearsal"

    @property
    def sources(self) -> Path:
        """The source modules as they were when the sweep began."""
        return self.root / "source"

    @property
    def typed(self) -> str:
        """The folder as it is typed into a shell, for commands in messages."""
        return shlex.quote(str(self.root))

    def job(self, number: int) -> JobFolder:
        """Folder of job `number`."""
        return JobFolder(self.root / "jobs" / str(number))


def write_atomically(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file so that readers see either the old or the new content, never a part of it.

    Args:
        path: The file.
        content: The new content.
        private: Whether only this user may read it; otherwise the umask decides.

    Raises:
        DiskError: The disk is full, read-only or failing; the old content is still there.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    # The draft must not exist before: a job may have put a link or a pipe there.
    flags, mode = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600 if private else 0o666
    with disk.trouble(path):
        try:
            try:
                descriptor = os.open(draft, flags, mode)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(draft, flags, mode)
            except FileExistsError:
                draft.unlink()
                descriptor = os.open(draft, flags, mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise


def write_json(path: Path, value: Any, *, private: bool = False) -> None:
    """Write indented JSON atomically."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    write_atomically(path, text.encode(errors="replace"), private=private)


def open_regular(path: Path) -> BinaryIO:
    """Open a file that a job has left, if it is a regular file.

    Raises:
        FileNotFoundError: There is no file.
        OSError: It is a link, a folder, a pipe or a device. Reading one could wait for ever, or read a file
            that is not the job's.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path.name} is no regular file")
    return os.fdopen(descriptor, "rb")
