"""One batch of a sweep: overrides in, jobs run, tables written, one `JobReturn` for each job out."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig

from sweeper import provenance
from sweeper.composition import Combination, compose
from sweeper.errors import JobFailedError, SweeperError
from sweeper.executors.base import Executor
from sweeper.folder import SweepFolder
from sweeper.ledger import Entry, JobRecord, Ledger
from sweeper.lock import only_writer
from sweeper.runner import Runner
from sweeper.states import JobState
from sweeper.tables import TableWriter, write_tables
from sweeper.terminal import Progress, announce, summarize


def launch(
    loader: ConfigLoader,
    config: DictConfig,
    job_overrides: Sequence[Sequence[str]],
    first: int,
    make_executor: Callable[[SweepFolder], Executor],
) -> list[JobReturn]:
    """Run a batch of jobs to their end.

    Finished jobs of an earlier run into the same folder are kept. The tables are written however the
    sweep ends.

    Raises:
        ConfigError: A combination cannot run; none was started.
        FolderError: The folder is in use, or its ledger cannot be read.
    """
    folder = SweepFolder(Path(config.hydra.sweep.dir))
    # Entered first: the executor warms up while the configs compose.
    with make_executor(folder) as executor:
        try:
            combinations = compose(loader, config, job_overrides, first)
            for combination in combinations:
                executor.check(combination.spec)
        except SweeperError:
            _discard_unused(folder)
            raise
        with only_writer(folder.lock):
            ledger = Ledger(folder.ledger, durable=executor.paid)
            try:
                numbers = ledger.enlist(
                    Entry(c.spec.key, c.overrides, c.config, c.choices) for c in combinations
                )
                _run(folder, ledger, executor, dict(zip(numbers, combinations, strict=True)))
                jobs = {number: ledger.job(number) for number in set(numbers)}
            finally:
                ledger.close()
    name = str(config.hydra.job.name)
    return [
        _job_return(jobs[number], combination, folder, name)
        for number, combination in zip(numbers, combinations, strict=True)
    ]


def _run(
    folder: SweepFolder, ledger: Ledger, executor: Executor, combinations: dict[int, Combination]
) -> None:
    states = ledger.states(combinations)
    finished = sum(state is JobState.COMPLETED for state in states.values())
    announce(folder, executor, len(combinations), finished)
    provenance.record(folder, ledger.sweep_id, (c.config for c in combinations.values()))
    progress = Progress(combinations, states)
    writer = TableWriter(folder, ledger)
    try:
        with progress:
            runner = Runner(folder, ledger, executor, [progress, writer])
            runner.run({number: combination.spec for number, combination in combinations.items()})
    finally:
        write_tables(folder, ledger)
        summarize(folder, ledger.jobs())
    _report(folder)


def _report(folder: SweepFolder) -> None:
    """Write the report; the results are safe, so whatever goes wrong here is only said."""
    from sweeper.report.write import write_report

    try:
        print(f"Report: {write_report(folder)}")  # noqa: T201 - the command's answer
    except Exception as error:  # noqa: BLE001 - any failure: the sweep itself has ended well
        print(  # noqa: T201
            f"The report could not be written ({type(error).__name__}: {error}); "
            f"the tables are complete. Again: sweeper report {folder.root}",
            file=sys.stderr,
        )


def _discard_unused(folder: SweepFolder) -> None:
    """Remove the folder of a refused sweep, in which Hydra has left nothing but its own config."""
    with contextlib.suppress(OSError):
        if [entry.name for entry in folder.root.iterdir()] == ["multirun.yaml"]:
            (folder.root / "multirun.yaml").unlink()
            os.removedirs(folder.root)


def _job_return(job: JobRecord, combination: Combination, folder: SweepFolder, name: str) -> JobReturn:
    """What Hydra's sweepers are told of a job; its config is in the job's folder."""
    value = JobReturn()
    value.overrides = list(combination.overrides)
    value.task_name = name
    value.working_dir = str(folder.job(job.number).root)
    if job.state is JobState.COMPLETED:
        value.status = JobStatus.COMPLETED
        value.return_value = job.objective
    else:
        value.status = JobStatus.FAILED
        reason = (job.reason or str(job.state)).partition("\n")[0]
        value.return_value = JobFailedError(
            f"job {job.number} ({' '.join(job.overrides)}): {reason}\nIts log: {folder.job(job.number).log}"
        )
    return value
