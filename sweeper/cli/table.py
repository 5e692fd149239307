"""Print the results of sweeps as a table.

Rows can be filtered by any column (`--where "shots>=1000"`; repeated filters must all hold) and sorted
(`--sort error`; `--sort=-ratio` for descending).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from sweeper.api import load_sweep
from sweeper.errors import ConfigError
from sweeper.render import make_console, render_results


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--sort", metavar="COLUMN", help="sort by a column; -COLUMN for descending")
    parser.add_argument(
        "--where", metavar="CONDITION", action="append", default=[], help='such as "shots>=1000"'
    )
    parser.add_argument("--columns", metavar="A,B,…", default="", help="the columns to show, in this order")
    parser.add_argument("--limit", type=int, default=60, help="most rows to show; 0 for all")
    parser.add_argument("--csv", action="store_true", help="print CSV with all columns instead")


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    results = load_sweep(options.folder).results
    for condition in options.where:
        results = select(results, condition)
    if options.sort:
        column = options.sort.removeprefix("-")
        _known(results, [column])
        results = results.sort_values(column, ascending=not options.sort.startswith("-"), kind="stable")
    columns = [name.strip() for name in options.columns.split(",") if name.strip()]
    _known(results, columns)
    if options.csv:
        print((results[columns] if columns else results).to_csv(index=False), end="")  # noqa: T201
    else:
        console = make_console()
        console.print(render_results(results, console, limit=options.limit or None, columns=columns))
    return 0


def select(results: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows for which a condition such as `shots>=1000` holds.

    Raises:
        ConfigError: The condition cannot be evaluated; names the columns there are.
    """
    operators = (">=", "<=", "!=", "==", ">", "<", "=")
    for operator in operators:
        column, found, text = (part.strip() for part in condition.partition(operator))
        if found:
            break
    else:
        raise ConfigError(f"--where {condition!r} compares nothing: write COLUMN{'|'.join(operators)}VALUE.")
    _known(results, [column])
    values = results[column]
    compared: Any = values
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    try:
        wanted = float(text) if numeric else text
    except ValueError:
        raise ConfigError(f"--where {condition!r}: {column} is a number, and {text!r} is not.") from None
    if pd.api.types.is_bool_dtype(values):
        compared, wanted = values.astype("str").str.lower(), text.lower()
    elif not numeric:
        compared = values.astype("str")
    masks = {
        ">=": compared.ge,
        "<=": compared.le,
        "!=": compared.ne,
        "==": compared.eq,
        ">": compared.gt,
        "<": compared.lt,
        "=": compared.eq,
    }
    # As in SQL, nothing holds for a row that has no value.
    kept: pd.DataFrame = results[masks[operator](wanted).fillna(value=False).astype(bool) & values.notna()]
    return kept


def _known(results: pd.DataFrame, columns: list[str]) -> None:
    unknown = [column for column in columns if column not in results]
    if unknown:
        raise ConfigError(f"There is no column {unknown[0]!r}; there are: {', '.join(results.columns)}.")
