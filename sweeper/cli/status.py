"""Say how a sweep's jobs stand: how many are done, running, waiting, and why some failed."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sweeper.folder import SweepFolder
from sweeper.job_record import JobRecord
from sweeper.ledger_reader import read_jobs, read_remarks, reading
from sweeper.remarks import sentences
from sweeper.render import make_console, render_failures
from sweeper.states import JobState


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")


def run(options: argparse.Namespace) -> int:
    """Print the counts and the failures; the exit code says whether any job failed."""
    folder = SweepFolder(options.folder)
    with reading(folder.ledger) as db:
        jobs, remarks = read_jobs(db), read_remarks(db)
    console = make_console()
    console.print(summary(jobs))
    if (failures := render_failures(jobs, folder)) is not None:
        console.print(failures)
    for sentence in sentences(remarks):
        console.print(sentence, soft_wrap=True)
    return 1 if any(job.state is JobState.FAILED for job in jobs) else 0


def summary(jobs: Sequence[JobRecord]) -> str:
    """How many jobs there are in each state."""
    count = Counter(job.state for job in jobs)
    return f"{len(jobs)} jobs: " + (", ".join(f"{n} {state}" for state, n in sorted(count.items())) or "none")
