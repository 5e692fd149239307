"""What is said and written once, at the end of a command, however many batches its sweeper made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from sweeper.folder.layout import SweepFolder


@dataclass(frozen=True)
class Closing:
    """How a sweep's command ends.

    Attributes:
        max_usd: What the sweep may cost.
        jobs_outlive_us: Whether to say which jobs go on without this process.
        report: Whether to write the report.
    """

    max_usd: float | None = None
    jobs_outlive_us: bool = False
    report: bool = False


_due: dict[SweepFolder, Closing] = {}


def close_at_end(folder: SweepFolder, closing: Closing) -> None:
    """Have the sweep summed up when the command ends, once: the last batch says how."""
    _due[folder] = closing


def close_sweeps() -> None:
    """Do what is due; the results are safe, so whatever goes wrong here is only said."""
    while _due:
        folder, closing = _due.popitem()
        again = f"sweeper table {folder.typed}"
        _try("The table could not be shown", lambda: _sum_up(folder, closing), again)  # noqa: B023 - called at once
        if closing.report:
            again = f"sweeper report {folder.typed}"
            _try("The report could not be written", lambda: _report(folder), again)  # noqa: B023


def _try(failure: str, work: Callable[[], None], again: str) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - any failure: the sweep itself has ended well
        print(  # noqa: T201 - the command's answer
            f"{failure} ({type(error).__name__}: {error}); all results are kept. Again: {again}",
            file=sys.stderr,
        )


def _sum_up(folder: SweepFolder, closing: Closing) -> None:
    from sweeper.console.progress import say_what_goes_on, summarize
    from sweeper.ledger.reader import read_jobs, read_remarks, reading

    with reading(folder.ledger) as db:
        jobs, remarks = read_jobs(db), read_remarks(db)
    summarize(folder, jobs, closing.max_usd, remarks)
    if closing.jobs_outlive_us:
        say_what_goes_on(folder, [job.state for job in jobs])


def _report(folder: SweepFolder) -> None:
    from sweeper.report.write import write_report

    print(f"Report: {write_report(folder)}")  # noqa: T201 - the command's answer
