"""Print a job's log; `--follow` goes on until the job ends, `--history` tells what has happened to the job.

On a terminal control characters are shown, not obeyed; a file or a pipe gets the log as it is.
"""

from __future__ import annotations

import argparse
import codecs
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sweeper.errors import FolderError
from sweeper.folder.layout import SweepFolder, open_regular
from sweeper.ledger.reader import read_jobs, read_launcher, reading
from sweeper.ledger.record import JobRecord
from sweeper.ledger.story import read_story
from sweeper.terminal import put

_BLOCK = 2**16
_PAUSE_SECONDS = 1.0
_PAUSE_OF_CLOUDWATCH_SECONDS = 5.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("job", type=int, help="the job's number")
    parser.add_argument("--profile", help="profile of the AWS configuration; by default as before")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--follow", "-f", action="store_true", help="go on until the job ends")
    what.add_argument(
        "--history",
        action="store_true",
        help="print the job's states instead: when, of which attempt, its handle and the reason",
    )


def run(options: argparse.Namespace) -> int:
    """Print the log, or the history."""
    folder = SweepFolder(options.folder)
    job = _job(folder, options.job)
    if options.history:
        with reading(folder.ledger) as db:
            for chapter in read_story(db, job.number):
                put(f"{chapter}\n")
        return 0
    remote = job.job_arn is not None and not job.state.finished
    lines = (
        _remote(folder, job, options.follow, options.profile)
        if remote
        else _local(folder, job.number, options.follow)
    )
    for text in lines:
        put(text)
    return 0


def _job(folder: SweepFolder, number: int) -> JobRecord:
    with reading(folder.ledger) as db:
        jobs = {job.number: job for job in read_jobs(db)}
    if number not in jobs:
        raise FolderError(f"{folder.root} has no job {number}; its jobs are 0 to {max(jobs, default=0)}.")
    return jobs[number]


def _local(folder: SweepFolder, number: int, follow: bool) -> Iterator[str]:
    """What is in the job's log file, and what comes to it."""
    log = folder.job(number).log
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    position = 0
    while True:
        ended = not follow or _job(folder, number).state.finished
        with suppress(FileNotFoundError), open_regular(log) as file:
            file.seek(position)
            while block := file.read(_BLOCK):
                yield decoder.decode(block)
            position = file.tell()
        if ended:
            return
        time.sleep(_PAUSE_SECONDS)


def _remote(folder: SweepFolder, job: JobRecord, follow: bool, profile: str | None) -> Iterator[str]:
    """What Braket has shipped to CloudWatch, and what it goes on shipping."""
    from sweeper.executors.aws.account import Account
    from sweeper.executors.aws.joblog import LogReader
    from sweeper.executors.aws.trouble import patiently

    assert job.job_arn is not None
    arn = job.job_arn
    with reading(folder.ledger) as db:
        options = (read_launcher(db) or {}).get("options", {})
    account = Account(arn.split(":")[3], profile or options.get("profile"))
    reader = None
    while True:
        described = patiently("Asking for the job", lambda: account.braket.get_job(jobArn=arn))
        ended = described["status"] in {"COMPLETED", "FAILED", "CANCELLED"}
        reader = reader or LogReader(account, described)
        for line in reader.new_lines():
            yield f"{line}\n"
        if ended or not follow:
            return
        time.sleep(_PAUSE_OF_CLOUDWATCH_SECONDS)
