"""Show the states of a sweep's jobs: how many are done, running and waiting, and why some failed.

For jobs that were left running on AWS (hydra.launcher.wait=false, Ctrl-C, a closed laptop) AWS is asked. If
that is not possible, the age of the answer is shown. Nothing is collected or changed.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sweeper.console.console import make_console
from sweeper.console.results_table import render_failures
from sweeper.contract.remarks import sentences
from sweeper.errors import SweeperError
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.reader import (
    read_changed_at,
    read_jobs,
    read_launcher,
    read_place,
    read_remarks,
    reading,
)
from sweeper.ledger.record import JobRecord

_MOST_SHOWN = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--offline", action="store_true", help="do not ask AWS")
    parser.add_argument("--profile", help="profile of the AWS configuration; by default as before")


def run(options: argparse.Namespace) -> int:
    """Print the counts and the failures. The exit code is 1 if a job failed."""
    folder = SweepFolder(options.folder)
    jobs: Sequence[JobRecord]
    with reading(folder.ledger) as db:
        jobs, changed_at, remarks = read_jobs(db), read_changed_at(db), read_remarks(db)
    console = make_console()
    if not any(job.state.active and job.job_arn for job in jobs):
        console.print(summary(jobs))
    else:
        try:
            jobs = _as_asked(jobs, options)
        except SweeperError as error:
            when = datetime.fromtimestamp(changed_at).astimezone()
            console.print(
                f"{summary(jobs)}, as of {when:%Y-%m-%d %H:%M:%S}, {_ago(changed_at)} ago; AWS could not be "
                f"asked how they stand now: {error}",
                soft_wrap=True,
            )
    unanswered = [str(job.number) for job in jobs if job.state is JobState.SUBMITTING]
    if unanswered:
        console.print(
            f"Whether job {', '.join(unanswered)} was created is not known yet: sweeper resume "
            f"{folder.typed} or sweeper cancel {folder.typed} finds out.",
            soft_wrap=True,
        )
    if (failures := render_failures(jobs, folder)) is not None:
        console.print(failures)
    for sentence in sentences(remarks):
        console.print(sentence, soft_wrap=True)
    return 1 if any(job.state is JobState.FAILED for job in jobs) else 0


def summary(jobs: Sequence[JobRecord]) -> str:
    """How many jobs there are in each state."""
    count = Counter(job.state for job in jobs)
    return f"{len(jobs)} jobs: " + (", ".join(f"{n} {state}" for state, n in sorted(count.items())) or "none")


def _as_asked(jobs: Sequence[JobRecord], options: argparse.Namespace) -> Sequence[JobRecord]:
    """Ask the executor for the states of the jobs, print them, and return the jobs with these states.

    Raises:
        SweeperError: The executor cannot be asked.
    """
    if options.offline:
        raise SweeperError("not asked")
    from sweeper.running.asking import ask  # brings everything that talks to AWS

    folder = SweepFolder(options.folder)
    with reading(folder.ledger) as db:
        launcher, place = read_launcher(db), read_place(db)
    if launcher is None:
        raise SweeperError("the ledger does not say any more how the sweep was run")
    answer = ask(folder, jobs, launcher, place, options.profile)
    console = make_console()
    unknown = (
        f"; {answer.unknown} of them as last heard of, as AWS does not know them" if answer.unknown else ""
    )
    console.print(f"{summary(answer.jobs)} (asked just now{unknown})", soft_wrap=True)
    for line in answer.lines[:_MOST_SHOWN]:
        console.print(line, soft_wrap=True)
    if len(answer.lines) > _MOST_SHOWN:
        console.print(f"and {len(answer.lines) - _MOST_SHOWN} more")
    if answer.ended:
        console.print(
            f"{answer.ended} ended there and {'is' if answer.ended == 1 else 'are'} not collected yet: "
            f"sweeper resume {folder.typed}",
            soft_wrap=True,
        )
    return answer.jobs


def _ago(moment: float) -> str:
    """The time since a moment, in the largest unit that fits."""
    seconds = max(0.0, time.time() - moment)
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
