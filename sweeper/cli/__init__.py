"""The subcommands of `sweeper`, each in a module of its own, imported only when it is called."""

from __future__ import annotations

import argparse
import importlib

from sweeper.answer import answer

SUBCOMMANDS = {
    "table": "print a sweep's results, sorted and filtered",
    "compare": "rank groups of replicates, with intervals and tests; one sweep or several",
    "report": "write report.html, or single pictures for a paper",
    "export": "write a sweep as CSV, Parquet, MLflow runs or an Optuna study",
    "status": "how a sweep's jobs stand, finished or running",
    "watch": "follow a running sweep",
    "resume": "go on with a sweep, wherever it was interrupted",
    "cancel": "end a sweep's jobs, running or queued",
    "logs": "print a job's log, or follow it",
    "devices": "the devices with their prices, caps and status",
}


def run_subcommand(arguments: list[str]) -> int:
    """Run one subcommand; returns the exit code. A mistake of the user's ends in one clear message."""
    parser = argparse.ArgumentParser(prog="sweeper")
    choices = parser.add_subparsers(required=True)
    name = arguments[0]
    module = importlib.import_module(f"sweeper.cli.{name}")
    subparser = choices.add_parser(name, help=SUBCOMMANDS[name], description=module.__doc__)
    module.configure(subparser)
    return answer(lambda: int(module.run(parser.parse_args(arguments))))
