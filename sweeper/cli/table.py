"""Print the results of sweeps as a table.

Rows can be filtered by any column (`--where "shots>=1000"`; repeated filters must all hold) and sorted
(`--sort error`, by its size; `--sort=-ratio` for descending). Sorted by what came out, jobs that have not
completed come last, and before them values that cannot be. What is best is said below the table.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sweeper.cli.reading import add_reading, names, open_sweep
from sweeper.comparison.compare import compare
from sweeper.comparison.faults import fault_words
from sweeper.comparison.order import in_order
from sweeper.console.console import make_console
from sweeper.console.results_table import render_answers, render_results
from sweeper.results.selection import check_columns, select_all
from sweeper.results.tables import to_csv
from sweeper.terminal import put


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument(
        "--sort", metavar="COLUMN", help="sort by a column, error by its size; -COLUMN for descending"
    )
    parser.add_argument(
        "--where", metavar="CONDITION", action="append", default=[], help='such as "shots>=1000"'
    )
    parser.add_argument("--columns", metavar="A,B,…", default="", help="the columns to show, in this order")
    parser.add_argument("--limit", type=int, default=60, help="most rows to show; 0 for all")
    parser.add_argument("--csv", action="store_true", help="print CSV with all columns instead")
    add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    sweep = open_sweep(options.folder, options)
    results = chosen = select_all(sweep.results, options.where)
    if options.sort:
        column = options.sort.removeprefix("-")
        check_columns(results, [column])
        results = in_order(results, column, descending=options.sort.startswith("-"))
    columns = names(options.columns)
    check_columns(results, columns)
    if options.csv:
        put(to_csv(results[columns] if columns else results))
        for line in fault_words(results):
            make_console(stderr=True).print(line, soft_wrap=True)
    else:
        console = make_console()
        console.print(render_results(results, console, limit=options.limit or None, columns=columns))
        # Not of the rows as sorted: where all is equal the first one is named, whatever the table's order.
        console.print(render_answers(chosen, lambda: compare(chosen)))
        for sentence in sweep.remarks:
            console.print(sentence, soft_wrap=True)
    return 0
