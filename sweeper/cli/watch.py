"""Follow a sweep until its jobs have ended. Ctrl-C ends the watching, not the sweep."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table

from sweeper.cli.status import summary
from sweeper.console.console import make_console
from sweeper.console.results_table import render_failures
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.reader import read_jobs, reading
from sweeper.ledger.record import JobRecord

_SHARE = 0.1
"""Largest fraction of the time that is spent on reading a large ledger."""
_MOST_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="pause between two looks")


def run(options: argparse.Namespace) -> int:
    """Show the states of the jobs. The exit code is 1 if a job failed.

    On a terminal the view is updated in place. A file or a pipe gets a line whenever something has changed.
    """
    folder = SweepFolder(options.folder)
    console = make_console()
    said = ""
    if _nobody_follows(folder):
        with reading(folder.ledger) as db:
            jobs = read_jobs(db)
        console.print(
            f"{summary(jobs)}. Jobs of this sweep run on AWS and no command follows them, so nothing would "
            f"change here: sweeper status {folder.typed} asks how they stand, sweeper resume {folder.typed} "
            "collects them.",
            soft_wrap=True,
        )
        return 1 if any(job.state is JobState.FAILED for job in jobs) else 0
    with Live(console=console, auto_refresh=False) if console.is_terminal else nullcontext() as live:
        while True:
            begun = time.monotonic()
            with reading(folder.ledger) as db:
                jobs = read_jobs(db)
            if live:
                live.update(view(jobs, folder), refresh=True)
            elif (line := summary(jobs)) != said:
                console.print(line)
                said = line
            if all(job.state.finished for job in jobs):
                return 1 if any(job.state is JobState.FAILED for job in jobs) else 0
            time.sleep(max(options.every, (time.monotonic() - begun) / _SHARE))


def _nobody_follows(folder: SweepFolder) -> bool:
    """Whether jobs run elsewhere and no command follows them."""
    with reading(folder.ledger) as db:
        left = any(job.state.active and job.job_arn for job in read_jobs(db))
    with suppress(OSError):
        return left and not folder.lock.read_text(errors="replace").strip()
    return left


def view(jobs: Sequence[JobRecord], folder: SweepFolder) -> RenderableType:
    """Counts, the running jobs and the failures."""
    parts: list[RenderableType] = [summary(jobs)]
    if running := [job for job in jobs if job.state is JobState.RUNNING]:
        table = Table("job", "combination", "s", box=None)
        for job in running[:_MOST_SHOWN]:
            seconds = f"{time.time() - job.started_at:.0f}" if job.started_at else ""
            table.add_row(str(job.number), " ".join(job.overrides), seconds)
        if len(running) > _MOST_SHOWN:
            table.caption = f"and {len(running) - _MOST_SHOWN} more"
        parts.append(table)
    if (failures := render_failures(jobs, folder)) is not None:
        parts.append(failures)
    return Group(*parts)
