"""What is said and written once, at the end of a command, however many batches its sweeper made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.terminal import put, say

if TYPE_CHECKING:
    from sweeper.comparison.sweep_tables import SweepTables


@dataclass(frozen=True)
class Due:
    """What a sweep's command has to do before it ends.

    Attributes:
        folder: The sweep's folder.
        max_usd: What the sweep may cost, in USD; None means no limit.
        jobs_outlive_us: Whether to say which jobs go on without this process.
        report: Whether to write the report.
    """

    folder: SweepFolder
    max_usd: float | None = None
    jobs_outlive_us: bool = False
    report: bool = False


class Closing:
    """Sums a sweep up when its command ends, however it ends; the results are safe by then.

    Attributes:
        due: What is to be done; each batch of the sweep replaces what the one before it has left.
    """

    def __init__(self) -> None:
        self.due: Due | None = None

    def close(self) -> None:
        """Show the table and write the report, if they are due; whatever goes wrong here is only said.

        What both show is read once.
        """
        due, self.due = self.due, None
        if due is None:
            return
        folder = due.folder

        @cache
        def sweep() -> SweepTables:
            from sweeper.comparison.sweep_tables import SweepTables

            return SweepTables(folder)

        def sum_up() -> None:
            from sweeper.console.progress import say_what_goes_on, summarize

            summarize(sweep(), due.max_usd)
            if due.jobs_outlive_us:
                say_what_goes_on(folder, map(JobState, sweep().results["status"]))

        def report() -> None:
            from sweeper.report.write import write_report

            put(f"Report: {write_report(sweep())}\n")

        _try("The table could not be shown", sum_up, f"sweeper table {folder.typed}")
        if due.report:
            _try("The report could not be written", report, f"sweeper report {folder.typed}")


def _try(failure: str, work: Callable[[], None], again: str) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - any failure: the sweep itself has ended well
        say(f"{failure} ({type(error).__name__}: {error}); all results are kept. Again: {again}")
