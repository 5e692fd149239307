"""What is written once at the end of a command, however many batches its sweeper made of the sweep."""

from __future__ import annotations

import sys

from sweeper.folder import SweepFolder

_unwritten: dict[SweepFolder, None] = {}


def report_at_end(folder: SweepFolder) -> None:
    """Have the sweep's report written when the command ends."""
    _unwritten[folder] = None


def write_reports() -> None:
    """Write the reports that are due; the results are safe, so whatever goes wrong here is only said."""
    while _unwritten:
        folder, _ = _unwritten.popitem()
        from sweeper.report.write import write_report

        try:
            print(f"Report: {write_report(folder)}")  # noqa: T201 - the command's answer
        except Exception as error:  # noqa: BLE001 - any failure: the sweep itself has ended well
            print(  # noqa: T201
                f"The report could not be written ({type(error).__name__}: {error}); "
                f"the tables are complete. Again: sweeper report {folder.root}",
                file=sys.stderr,
            )
