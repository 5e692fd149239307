"""Runs the jobs of a ledger in front of a person: announced, followed, tabulated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sweeper.command.closing import Closing, Due
from sweeper.command.run_settings import RunSettings
from sweeper.console.progress import Progress, announce
from sweeper.executors.base import Executor
from sweeper.folder.layout import SweepFolder
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.second_copy import RecordWriter
from sweeper.results.table_files import TableWriter
from sweeper.running.interrupt import CtrlC
from sweeper.running.runner import Runner

_PLACE = "place"


def conduct(
    folder: SweepFolder,
    ledger: Ledger,
    executor: Executor,
    specs: Mapping[int, JobSpec],
    settings: RunSettings,
    *,
    closing: Closing,
    reused: int = 0,
) -> None:
    """Run these jobs to their end; the tables are written however the sweep ends.

    Args:
        folder: The sweep's folder.
        ledger: Its ledger, in which the jobs are enlisted.
        executor: Where they run.
        specs: The jobs by number.
        settings: How they are run.
        closing: Gets what the command is to say and write at its end.
        reused: How many of the completed ones were taken over from other sweeps just now.

    Raises:
        AccessLostError: The jobs that may run are elsewhere, or the place cannot be reached.
        LostJobsError: What became of some jobs cannot be learnt.
        KeyboardInterrupt: Somebody pressed Ctrl-C; everything has been written down.
    """
    states = ledger.states(specs)
    unfinished = [spec for number, spec in specs.items() if states[number] is not JobState.COMPLETED]
    enter(ledger, executor, unfinished)
    for source in dict.fromkeys(spec.source for spec in unfinished):
        source.snapshot(folder.sources)
    completed = sum(state is JobState.COMPLETED for state in states.values())
    announce(folder, executor, len(specs), completed - reused, reused)
    progress = Progress(states)
    limit = executor.spending_limit(specs.values(), settings.max_usd if settings.spending_limit else None)
    due = Due(folder, settings.max_usd, jobs_outlive_us=settings.wait and executor.outlives_us)
    with CtrlC() as ctrl_c:
        try:
            with TableWriter(folder) as tables, limit, progress:
                records = RecordWriter(folder, ledger, jobs_outlive_us=executor.outlives_us)
                runner = Runner(
                    folder,
                    ledger,
                    executor,
                    [progress, records, tables],
                    max_usd=settings.max_usd,
                    max_failures=settings.max_failures,
                    interrupted=ctrl_c.pressed,
                    say=progress.say,
                    resubmit=progress.ask,
                    resubmit_lost=settings.resubmit_lost,
                )
                runner.run(specs, until_submitted=not settings.wait)
        finally:
            closing.due = due
    closing.due = replace(due, report=settings.wait and settings.report)


def enter(ledger: Ledger, executor: Executor, specs: Collection[JobSpec]) -> None:
    """See that the executor's place is the one where the sweep's jobs were handed over, and keep its name.

    Args:
        ledger: The sweep's.
        executor: Where jobs are to be asked for, and started.
        specs: The jobs that are to be handed over.

    Raises:
        AccessLostError: It is another place, or cannot be reached.
    """
    handles = ledger.open_handles()
    known = ledger.recall(_PLACE) if handles else None
    place = executor.enter(specs, [handle for handle in handles if handle is not None], known)
    if place:
        ledger.remember(_PLACE, place)
