"""The arguments of all commands that read results: the direction, and the keys of the problem."""

from __future__ import annotations

import argparse
from pathlib import Path

from sweeper.api import Sweep, load_sweep


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--direction",
        choices=("minimize", "maximize"),
        help="which way the objective (or --metric) is better, if the sweep's config (algorithm.direction) "
        "does not say so",
    )
    parser.add_argument(
        "--problem-keys",
        metavar="A,B,…",
        default="",
        help="swept keys that say which problem is solved, as problem.* do: compared within, never ranked",
    )


def problem_keys_of(options: argparse.Namespace) -> list[str]:
    """The problem keys that were given."""
    return names(options.problem_keys)


def names(text: str) -> list[str]:
    """The names in a typed list, which are separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def open_sweep(folder: Path, options: argparse.Namespace) -> Sweep:
    """The sweep, read as the arguments say."""
    return load_sweep(folder, direction=options.direction, problem_keys=problem_keys_of(options))
