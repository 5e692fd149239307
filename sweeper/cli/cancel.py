"""End a sweep: its running and queued jobs are cancelled, and no more are submitted.

Works from another terminal while the sweep runs, and on a sweep whose jobs were left running. A job whose
creation was not answered is looked for first, and is CANCELLED only when it is known to have ended.
"""

from __future__ import annotations

import argparse
import time
from contextlib import closing, suppress
from pathlib import Path

from sweeper.command.closing import Closing
from sweeper.command.conduct import conduct
from sweeper.command.run_settings import RunSettings
from sweeper.console.console import make_console
from sweeper.errors import DamagedLedgerError, FolderError
from sweeper.executors import executor_of
from sweeper.folder.layout import SweepFolder
from sweeper.folder.lock import only_writer
from sweeper.job.spec import JobSpec
from sweeper.ledger.opening import open_ledger
from sweeper.ledger.reader import read_jobs, reading

_LONGEST_WAIT = 600.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--profile", help="profile of the AWS configuration; by default as before")


def run(options: argparse.Namespace) -> int:
    """Cancel the sweep and wait until its jobs have ended."""
    folder = SweepFolder(options.folder)
    # A damaged one is rebuilt below, so that what runs and is paid for can be ended.
    with suppress(DamagedLedgerError), reading(folder.ledger) as db:
        if all(job.state.finished for job in read_jobs(db)) and not folder.spending_limits.exists():
            make_console().print("All jobs have ended already.")
            return 0
    folder.cancel_request.touch()
    deadline = time.monotonic() + _LONGEST_WAIT
    with closing(Closing()) as summing_up:
        try:
            while True:
                try:
                    with only_writer(folder.lock):
                        _cancel_ourselves(folder, options.profile, summing_up)
                    break
                except FolderError:
                    # Somebody runs the sweep, and does it for us.
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.2)
        finally:
            folder.cancel_request.unlink(missing_ok=True)
    return 0


def _cancel_ourselves(folder: SweepFolder, profile: str | None, summing_up: Closing) -> None:
    with closing(open_ledger(folder)) as ledger:
        launcher = ledger.recall("launcher")
        unfinished = {
            job.number: JobSpec.from_json(job.spec) for job in ledger.jobs() if not job.state.finished
        }
        if launcher is None or not (unfinished or folder.spending_limits.exists()):
            return
        with executor_of(folder, launcher, profile) as executor:
            ledger.wait_for_disk(durable=executor.paid)
            conduct(folder, ledger, executor, unfinished, RunSettings(), closing=summing_up)
