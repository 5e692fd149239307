"""Compare groups of replicates: which is best, by how much, whether the difference is real, and what it cost.

Jobs that differ only in their seeds are replicates. Groups are compared on the same problems (`problem.*`);
problems are not ranked. Each group is shown with its 95 % confidence interval, its success rate and the cost
of a success. Differences from the best group are tested and corrected for the number of comparisons; they are
paired where the design allows it. Several folders are shown side by side, combination by combination.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from sweeper.cli.reading import add_reading, names, open_sweep, problem_keys_of
from sweeper.comparison.across import side_by_side
from sweeper.comparison.compare import compare
from sweeper.comparison.config_diff import config_diff
from sweeper.comparison.display import (
    DisplayTable,
    pivot_table,
    ranking_table,
    side_by_side_table,
    text_table,
)
from sweeper.comparison.formats import FORMATS, renderable
from sweeper.comparison.pivot import pivot
from sweeper.comparison.ranking import sections_of
from sweeper.comparison.reading import read_as
from sweeper.comparison.success import Success
from sweeper.comparison.together import load_together, software_differences
from sweeper.console.console import make_console
from sweeper.errors import ConfigError
from sweeper.folder.layout import SweepFolder
from sweeper.ledger.reader import read_jobs, reading
from sweeper.ledger.record import JobRecord
from sweeper.results.selection import select_all
from sweeper.terminal import put

_MOST_SHOWN = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="the sweeps' folders")
    parser.add_argument(
        "--by", metavar="A,B,…", help="the keys that make a group; all swept keys but seeds and problems"
    )
    parser.add_argument(
        "--metric", metavar="COLUMN", help="what is compared: ratio, |error|, value or objective"
    )
    parser.add_argument(
        "--where", metavar="CONDITION", action="append", default=[], help='such as "shots>=1000"'
    )
    parser.add_argument(
        "--best", metavar="K", type=int, help=f"show the K best groups (as text {_MOST_SHOWN}, else all)"
    )
    parser.add_argument("--pivot", nargs=2, metavar=("DOWN", "ACROSS"), help="means over two keys")
    parser.add_argument(
        "--diff",
        nargs=2,
        type=int,
        metavar=("JOB", "JOB"),
        help="in what two jobs differ (of two folders: one each)",
    )
    add_reading(parser)
    parser.add_argument("--format", choices=sorted(FORMATS), default="text", help="text by default")
    defaults = Success()
    parser.add_argument(
        "--success-error",
        type=float,
        default=defaults.max_error,
        metavar="HA",
        help=f"largest |error| of a success, Ha ({defaults.max_error:g}, chemical accuracy)",
    )
    parser.add_argument(
        "--success-ratio",
        type=float,
        default=defaults.min_ratio,
        metavar="RATIO",
        help=f"smallest approximation ratio of a success ({defaults.min_ratio:g})",
    )


def run(options: argparse.Namespace) -> int:
    """Print the comparison."""
    tables = _diff(options) if options.diff else _comparison(options)
    if options.format == "text":
        console = make_console()
        console.print(renderable(tables, console))
    else:
        put(FORMATS[options.format](tables) + "\n")
    return 0


def _comparison(options: argparse.Namespace) -> list[DisplayTable]:
    if options.best is not None and options.best < 1:
        raise ConfigError(f"--best {options.best}: at least one group has to be shown.")
    success = Success(options.success_error, options.success_ratio)
    results = _read(options)
    by = None if options.by is None else names(options.by)
    direction = options.direction if options.metric else None  # else it is the objective's, as read
    if options.pivot:
        rows = select_all(results, options.where)
        down, across = options.pivot
        sections = sections_of(rows, options.pivot)
        return [
            pivot_table(pivot(part, down, across, options.metric, direction), title)
            for title, part in sections
        ]
    grouping = by if by is None or len(options.folders) == 1 else [*by, "sweep"]
    found = compare(
        results,
        by=grouping,
        metric=options.metric,
        where=options.where,
        success=success,
        direction=direction,
    )
    tables = []
    software = software_differences(options.folders) if len(options.folders) > 1 else None
    for section in found.sections:
        if len(options.folders) > 1:
            together = side_by_side(section.rows, by=by, measure=section.measure)
            tables.append(side_by_side_table(together, [software] if software else []))
        tables.append(
            ranking_table(section, options.best or (_MOST_SHOWN if options.format == "text" else None))
        )
    # For CSV all tables have the same columns.
    return tables[1::2] if options.format == "csv" and len(options.folders) > 1 else tables


def _read(options: argparse.Namespace) -> pd.DataFrame:
    if len(options.folders) == 1:
        return open_sweep(options.folders[0], options).results
    problem_keys = problem_keys_of(options)
    return read_as(load_together(options.folders, problem_keys), options.direction, problem_keys)


def _diff(options: argparse.Namespace) -> list[DisplayTable]:
    if len(options.folders) > 2:
        raise ConfigError("--diff compares two jobs: name one folder, or two with a job of each.")
    first, second = options.diff
    folders = options.folders * 2
    return [text_table(config_diff(_job(folders[0], first), _job(folders[1], second)))]


def _job(folder: Path, number: int) -> JobRecord:
    with reading(SweepFolder(folder).ledger) as db:
        jobs = {job.number: job for job in read_jobs(db)}
    if number not in jobs:
        raise ConfigError(f"{folder} has no job {number}; it has {len(jobs)} jobs, numbered from 0.")
    return jobs[number]
