"""Results of other sweeps, taken over instead of running an equal job again (`reuse_from`)."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeper.contract.metric import Metric
from sweeper.contract.remarks import Remark
from sweeper.errors import ConfigError, FolderError
from sweeper.executors.afterwards import changed_since_its_end
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.job.known import COST_IS
from sweeper.job.prepare import prepare
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.reader import read_jobs, read_metrics, read_remarks, reading
from sweeper.ledger.record import JobRecord
from sweeper.terminal import say


@dataclass(frozen=True)
class Finished:
    """A completed job of another sweep."""

    sweep: SweepFolder
    job: JobRecord
    metrics: tuple[Metric, ...]
    remarks: tuple[Remark, ...]

    @property
    def words(self) -> str:
        """Where the result comes from, for people."""
        return f"reused from {self.sweep.root}, job {self.job.number}"


def find_finished(folders: Sequence[str], keys: Collection[str]) -> dict[str, Finished]:
    """The completed jobs with these keys; the first folder that has one counts.

    Args:
        folders: Folders of other sweeps.
        keys: Keys of the jobs that are wanted.

    Raises:
        ConfigError: One is not the folder of a sweep.
    """
    found: dict[str, Finished] = {}
    for text in folders:
        sweep = SweepFolder(Path(text).absolute())
        try:
            with reading(sweep.ledger) as db:
                wanted = {
                    job.number: job
                    for job in read_jobs(db)
                    if job.state is JobState.COMPLETED and job.key in keys and job.key not in found
                }
                metrics: dict[int, list[Metric]] = {number: [] for number in wanted}
                for number, iteration, timestamp, name, value in read_metrics(db) if wanted else ():
                    if number in metrics:
                        known = math.nan if value is None else value
                        metrics[number].append(Metric(iteration, timestamp, name, known))
                remarks: dict[int, list[Remark]] = {number: [] for number in wanted}
                for number, remark in read_remarks(db):
                    if number in remarks:
                        remarks[number].append(remark)
        except FolderError as error:
            raise ConfigError(f"reuse_from={text}: {error}") from error
        for number, job in wanted.items():
            if changed := changed_since_its_end(sweep.job(number), job.handle):
                say(
                    f"reuse_from={text}: job {number} is not reused, as {' and '.join(changed)} changed "
                    "after it had ended."
                )
                continue
            found[job.key] = Finished(sweep, job, tuple(metrics[number]), tuple(remarks[number]))
    return found


def take_over(folder: JobFolder, ledger: Ledger, number: int, spec: JobSpec, finished: Finished) -> None:
    """Complete a job with another sweep's result, metrics and files, at no cost to this one.

    Args:
        folder: The job's folder.
        ledger: This sweep's ledger, in which the job is enlisted and not running.
        number: The job's number here.
        spec: The job.
        finished: The equal job of another sweep.
    """
    job, other = ledger.job(number), finished.job
    prepare(folder, spec, job.config, job.overrides, job.attempts + 1)
    theirs = finished.sweep.job(other.number)
    for source, target in ((theirs.results, folder.results), (theirs.checkpoints, folder.checkpoints)):
        if source.is_dir():
            shutil.copytree(source, target, copy_function=_link, symlinks=True, dirs_exist_ok=True)
    if theirs.log.is_file():
        _link(theirs.log, folder.log)
    with ledger.transaction():
        if job.state is not JobState.PENDING:
            ledger.requeue(number, finished.words)
        ledger.finish(
            number,
            JobState.COMPLETED,
            finished.words,
            started_at=other.started_at,
            ended_at=other.ended_at,
            result={key: value for key, value in other.result.items() if key != COST_IS},
            objective=other.objective,
            metrics=finished.metrics,
            remarks=finished.remarks,
        )


def _link(source: str | Path, target: str | Path) -> None:
    """Another name of the same file, as a completed job's files never change; a copy on another disk."""
    Path(target).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    shutil.copy2(source, target)
