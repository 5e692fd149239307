"""Go on with a sweep: keep what has completed, adopt what runs, run the rest as it was enlisted.

Needs nothing but the sweep's folder, so it may be a copy on another machine. A ledger that is damaged or
missing is rebuilt from the jobs' folders first; the damaged one is kept beside it.

A job of which AWS does not say how it stands stays reserved and is not submitted again, unless --resubmit
says so.

Refused if the source or the configs of jobs that are still to be started have changed since: with
--accept-changes these run all the same, from the folder's own copy of the source and with the
hyperparameters that it has. To run them with the changes, type the sweep's own command again with
accept_changes=true.
"""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import replace
from pathlib import Path

from sweeper.command.closing import Closing
from sweeper.command.conduct import conduct
from sweeper.command.run_settings import RunSettings
from sweeper.errors import FolderError
from sweeper.executors import executor_of
from sweeper.folder.layout import SweepFolder
from sweeper.folder.lock import only_writer
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.opening import open_ledger
from sweeper.ledger.second_copy import can_rebuild
from sweeper.planning.changes import refuse_changed


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--max-usd", type=float, help="what the sweep may cost in all; by default as before")
    parser.add_argument("--profile", help="profile of the AWS configuration; by default as before")
    parser.add_argument(
        "--resubmit",
        action="store_true",
        help="submit jobs again that are lost: what they can have cost counts as spent",
    )
    parser.add_argument(
        "--accept-changes",
        action="store_true",
        help="go on although sources or configs have changed; the jobs run as they were enlisted",
    )


def run(options: argparse.Namespace) -> int:
    """Resume the sweep; the exit code says whether all its jobs have completed."""
    folder = SweepFolder(options.folder)
    if not folder.ledger.is_file() and not can_rebuild(folder):
        raise FolderError(f"{folder.root} is not the folder of a sweep: it has no {folder.ledger.name}.")
    with contextlib.closing(Closing()) as closing, only_writer(folder.lock):
        folder.cancel_request.unlink(missing_ok=True)
        with contextlib.closing(open_ledger(folder)) as ledger:
            settings = RunSettings.kept(ledger)
            if settings is None:
                raise FolderError(f"{folder.root}: the sweep was never started; run its command again.")
            settings = replace(settings, resubmit_lost=options.resubmit)
            if options.max_usd is not None:
                settings = replace(settings, max_usd=options.max_usd)
            jobs = ledger.jobs()
            to_start = [job for job in jobs if not job.state.active and job.state is not JobState.COMPLETED]
            configs = ledger.recall("configs") or {}
            refuse_changed(folder, to_start, configs, accepted=options.accept_changes)
            specs = {job.number: JobSpec.from_json(job.spec) for job in jobs}
            launcher = {"name": settings.launcher, "options": settings.options}
            with executor_of(folder, launcher, options.profile) as executor:
                if not executor.paid:
                    for job in to_start:
                        executor.check(specs[job.number])
                ledger.wait_for_disk(durable=executor.paid)
                conduct(folder, ledger, executor, specs, settings, closing=closing)
            states = ledger.states(specs).values()
            return 0 if all(state is JobState.COMPLETED for state in states) else 1
