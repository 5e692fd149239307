"""Write a sweep's report, `report.html`: one file that opens offline; of a running sweep a snapshot.

With --figures, its pictures are written as files for papers instead.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sweeper.cli.reading import add_reading, names, open_sweep
from sweeper.console.console import make_console


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="the sweep's folder")
    parser.add_argument("--figures", type=Path, metavar="TARGET", help="write the pictures into this folder")
    parser.add_argument(
        "--formats", metavar="A,B,…", default="svg,png", help="formats of --figures: svg, png, pdf (svg,png)"
    )
    add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Write the report, or its pictures."""
    from sweeper.errors import ConfigError
    from sweeper.report.figures import FORMATS, write_figures
    from sweeper.report.write import write_report

    sweep = open_sweep(options.folder, options)
    console = make_console()
    if options.figures is None:
        console.print(f"Report: {write_report(sweep)}", soft_wrap=True)
        return 0
    formats = names(options.formats.lower())
    if not formats or set(formats).difference(FORMATS):
        raise ConfigError(f"--formats {options.formats}: there are {', '.join(FORMATS)}.")
    paths = write_figures(sweep, options.figures, formats)
    console.print(f"{len(paths)} pictures in {options.figures}", soft_wrap=True)
    return 0
