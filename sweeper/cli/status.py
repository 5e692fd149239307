"""Say how a sweep's jobs stand: how many are done, running, waiting, and why some failed.

Of jobs that were left running on AWS (hydra.launcher.wait=false, Ctrl-C, a closed laptop) AWS itself is
asked; where that is not possible, it is said how old the answer is. Nothing is collected or changed.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sweeper.errors import SweeperError
from sweeper.executors.base import Executor, Status, Unknown
from sweeper.folder import SweepFolder
from sweeper.job_record import JobRecord
from sweeper.ledger_reader import (
    read_changed_at,
    read_jobs,
    read_launcher,
    read_place,
    read_remarks,
    reading,
)
from sweeper.remarks import sentences
from sweeper.render import make_console, render_failures
from sweeper.states import JobState

_PATIENCE_SECONDS = 30.0
_MOST_SHOWN = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--offline", action="store_true", help="do not ask AWS")
    parser.add_argument("--profile", help="profile of the AWS configuration; by default as before")


def run(options: argparse.Namespace) -> int:
    """Print the counts and the failures; the exit code says whether any job failed."""
    folder = SweepFolder(options.folder)
    with reading(folder.ledger) as db:
        jobs, launcher, place = read_jobs(db), read_launcher(db), read_place(db)
        changed_at, remarks = read_changed_at(db), read_remarks(db)
    console = make_console()
    elsewhere = {job.handle: job for job in jobs if job.state.active and job.job_arn and job.handle}
    if not (elsewhere and launcher):
        console.print(summary(jobs))
    else:
        try:
            if options.offline:
                raise SweeperError("not asked")
            statuses = _ask(folder, launcher, place, list(elsewhere), options.profile)
        except SweeperError as error:
            when = datetime.fromtimestamp(changed_at).astimezone()
            console.print(
                f"{summary(jobs)}, as of {when:%Y-%m-%d %H:%M:%S}, {_ago(changed_at)} ago; AWS could not be "
                f"asked how they stand now: {error}",
                soft_wrap=True,
            )
        else:
            jobs = _say(jobs, statuses, folder)
    unanswered = [str(job.number) for job in jobs if job.state is JobState.SUBMITTING]
    if unanswered:
        console.print(
            f"Whether job {', '.join(unanswered)} was created is not known yet: sweeper resume {folder.root} "
            f"or sweeper cancel {folder.root} finds out.",
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


def _ask(
    folder: SweepFolder,
    launcher: Mapping[str, Any],
    place: Mapping[str, Any] | None,
    handles: Sequence[str],
    profile: str | None,
) -> Mapping[str, Status | Unknown]:
    """What the place where these jobs run says of them.

    Raises:
        SweeperError: It says nothing.
    """
    from sweeper.executors import executor_of

    with executor_of(folder, launcher, profile) as executor:
        executor.enter([], handles, place)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            statuses = executor.poll(handles)
            if all(isinstance(status, Status) or status.answers for status in statuses.values()):
                return statuses
            if time.monotonic() > deadline:
                raise SweeperError("; ".join(executor.news()) or _words_of(executor, statuses))
            executor.wait(1.0)


def _words_of(executor: Executor, statuses: Mapping[str, Status | Unknown]) -> str:
    silent = [status for status in statuses.values() if isinstance(status, Unknown)]
    return f"{silent[0].why} ({len(silent)} jobs {executor.words})"


def _say(
    jobs: Sequence[JobRecord], statuses: Mapping[str, Status | Unknown], folder: SweepFolder
) -> list[JobRecord]:
    """Print how the jobs stand by what was asked just now, and return them so."""
    console = make_console()
    now, lines, ended = [], [], 0
    for job in jobs:
        status = statuses.get(job.handle or "") if job.state.active else None
        if isinstance(status, Unknown):
            lines.append(f"job {job.number}: {status.why}; it stays reserved")
        elif status is not None:
            ended += status.state.finished
            if status.reason and status.state in {JobState.QUEUED, JobState.FAILED}:
                lines.append(f"job {job.number} ({status.state}): {status.reason}")
            job = replace(job, state=status.state)  # noqa: PLW2901 - the same job, as it stands now
        now.append(job)
    unknown = sum(isinstance(status, Unknown) for status in statuses.values())
    not_known = f"; {unknown} of them as last heard of, as AWS does not know them" if unknown else ""
    console.print(f"{summary(now)} (asked just now{not_known})")
    for line in lines[:_MOST_SHOWN]:
        console.print(line, soft_wrap=True)
    if len(lines) > _MOST_SHOWN:
        console.print(f"and {len(lines) - _MOST_SHOWN} more")
    if ended:
        console.print(
            f"{ended} of them ended there and {'is' if ended == 1 else 'are'} not collected yet: "
            f"sweeper resume {folder.root}",
            soft_wrap=True,
        )
    return now


def _ago(moment: float) -> str:
    """How long ago that was, in the largest unit that fits."""
    seconds = max(0.0, time.time() - moment)
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
