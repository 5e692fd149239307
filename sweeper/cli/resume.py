"""Go on with a sweep: keep what has completed, adopt what runs, run the rest.

Needs nothing but the sweep's folder, so it may be a copy on another machine. A ledger that is damaged or
missing is rebuilt from the jobs' folders first; the damaged one is kept beside it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sweeper.conduct import conduct
from sweeper.errors import FolderError
from sweeper.executors import make_executor
from sweeper.folder import SweepFolder
from sweeper.lock import only_writer
from sweeper.opening import open_ledger
from sweeper.records import can_rebuild
from sweeper.spec import JobSpec
from sweeper.states import JobState


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--max-usd", type=float, help="what the sweep may cost in all; by default as before")


def run(options: argparse.Namespace) -> int:
    """Resume the sweep; the exit code says whether all its jobs have completed."""
    folder = SweepFolder(options.folder)
    if not folder.ledger.is_file() and not can_rebuild(folder):
        raise FolderError(f"{folder.root} is not the folder of a sweep: it has no {folder.ledger.name}.")
    with only_writer(folder.lock):
        folder.cancel_request.unlink(missing_ok=True)
        ledger = open_ledger(folder, read_all=True)
        try:
            launcher = ledger.recall("launcher")
            if launcher is None:
                raise FolderError(f"{folder.root}: the sweep was never started; run its command again.")
            budget = {
                "max_usd": launcher["max_usd"] if options.max_usd is None else options.max_usd,
                "spending_limit": launcher["spending_limit"],
            }
            jobs = ledger.jobs()
            specs = {job.number: JobSpec.from_json(job.spec) for job in jobs}
            with make_executor(launcher["name"], folder, launcher["options"]) as executor:
                ledger.wait_for_disk(durable=executor.paid)
                conduct(folder, ledger, executor, specs, **budget)
            return 0 if all(job.state is JobState.COMPLETED for job in ledger.jobs()) else 1
        finally:
            ledger.close()
