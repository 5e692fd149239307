"""Runs the jobs of a ledger in front of a person: announced, followed, tabulated, summed up."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext

from sweeper.executors.base import Executor
from sweeper.folder import SweepFolder
from sweeper.ledger import Ledger
from sweeper.records import RecordWriter
from sweeper.runner import Observer, Runner
from sweeper.spec import JobSpec
from sweeper.states import JobState
from sweeper.tables import TableWriter, write_tables
from sweeper.terminal import Progress, announce, summarize


def conduct(
    folder: SweepFolder,
    ledger: Ledger,
    executor: Executor,
    specs: Mapping[int, JobSpec],
    *,
    max_usd: float | None = None,
    spending_limit: bool = False,
    wait: bool = True,
) -> None:
    """Run these jobs to their end; the tables are written however the sweep ends.

    Args:
        folder: The sweep's folder.
        ledger: Its ledger, in which the jobs are enlisted.
        executor: Where they run.
        specs: The jobs by number.
        max_usd: What the sweep may cost.
        spending_limit: Make the place itself refuse to spend more on a device, meanwhile.
        wait: Stay until the jobs have ended; else return when all are handed over.
    """
    states = ledger.states(specs)
    for spec in specs.values():
        spec.source.snapshot(folder.sources)
    announce(folder, executor, len(specs), sum(state is JobState.COMPLETED for state in states.values()))
    progress = Progress(states)
    limited = spending_limit and max_usd is not None
    limit = executor.spending_limit(specs.values(), max_usd or 0.0) if limited else nullcontext()
    try:
        with limit, progress:
            records = RecordWriter(folder, ledger, jobs_outlive_us=executor.outlives_us)
            observers: list[Observer] = [progress, records, TableWriter(folder, ledger)]
            runner = Runner(folder, ledger, executor, observers, max_usd)
            runner.run(specs, until_submitted=not wait)
    finally:
        write_tables(folder, ledger)
        summarize(folder, ledger.jobs(), max_usd)
    if wait:
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
