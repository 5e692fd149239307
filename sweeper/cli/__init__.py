"""The subcommands of `sweeper`, each in a module of its own, imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
from typing import NoReturn

from sweeper.command.answer import answer
from sweeper.errors import UsageError

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
    """Run one subcommand and return the exit code. A mistake of the user ends in one clear message."""
    parser = _Parser(prog="sweeper")
    choices = parser.add_subparsers(required=True)
    name = arguments[0]
    module = importlib.import_module(f"sweeper.cli.{name}")
    subparser = choices.add_parser(name, help=SUBCOMMANDS[name], description=module.__doc__)
    module.configure(subparser)
    return answer(lambda: int(module.run(parser.parse_args(arguments))))


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one message, with the option that may have been meant."""

    def error(self, message: str) -> NoReturn:
        """End the command.

        Raises:
            UsageError: Always.
        """
        from sweeper.compose.vocabulary import nearest

        unknown = message.partition("unrecognized arguments: ")[2].split()
        known = [option for parser in self._all() for option in parser._option_string_actions]
        near = nearest(unknown[0].partition("=")[0], known) if unknown and unknown[0].startswith("-") else []
        meant = f": did you mean {near[0]}?" if near else "."
        usage = " ".join(self.format_usage().split())
        raise UsageError(f"{message}{meant} {usage[0].upper()}{usage[1:]}")

    def _all(self) -> list[argparse.ArgumentParser]:
        """This parser and those of its subcommands."""
        found: list[argparse.ArgumentParser] = [self]
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found += action.choices.values()
        return found
