"""Export a sweep to another tool: CSV or Parquet files, MLflow runs, or an Optuna study."""

from __future__ import annotations

import argparse
from pathlib import Path

from sweeper.console.console import make_console
from sweeper.export import TARGETS


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="the sweep's folder")
    parser.add_argument("--to", required=True, choices=TARGETS, help="the tool or format")
    parser.add_argument(
        "--output", metavar="WHERE", help="a folder (csv, parquet), tracking URI (mlflow) or storage (optuna)"
    )


def run(options: argparse.Namespace) -> int:
    """Export, and say what was written where."""
    from sweeper.api import load_sweep
    from sweeper.export import export

    said = export(load_sweep(options.folder), options.to, options.output)
    make_console().print(said, soft_wrap=True, markup=False)
    return 0
