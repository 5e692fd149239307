"""`python -m sweeper` and the command `sweeper`: subcommands, and the Hydra application for the rest."""

from __future__ import annotations

import gc
import os
import sys

from sweeper.running.interrupt import Patience

_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        return _watched()
    except KeyboardInterrupt:  # before anybody watches, or when nobody does any more
        return 130


def _watched() -> int:
    # Nearly all that a command imports and composes lives as long as it does: to look for garbage among it
    # after every 700 new objects, as Python does by itself, takes a tenth of a sweep's start.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    with Patience() as patience:
        try:
            code = _run(sys.argv[1:])
        except BrokenPipeError:
            # The reader, `head` say, has seen enough. What is still buffered goes nowhere, or the interpreter
            # would complain at its end (the Python library reference, "Note on SIGPIPE").
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except BaseException:
            # An import that is interrupted may well raise another error than KeyboardInterrupt.
            if patience.at_an_end:
                return 130
            raise
        # What an interrupted library has made of it may have been told as a mistake.
        return 130 if code and patience.at_an_end else code


def _run(arguments: list[str]) -> int:
    from sweeper.cli import SUBCOMMANDS, run_subcommand

    first = arguments[0] if arguments else ""
    if not _stands_somewhere():
        print("error: The current directory is gone: change to another one.", file=sys.stderr)  # noqa: T201
        return 1
    if first in SUBCOMMANDS:
        return run_subcommand(arguments)
    if first in {"version", "-V"} or "--version" in arguments:
        return _print_version()
    if first == "help":
        verb = next((word for word in arguments[1:] if word in SUBCOMMANDS), None)
        if verb is not None:
            return run_subcommand([verb, "--help"])
        arguments = ["--help"]
    if first == "plan":
        # A plan is the sweep's own command, stopped before it starts.
        arguments = [*arguments[1:], "hydra.launcher.dry_run=true"]
    from sweeper.cli.hydra_app import run

    return run(arguments)


def _stands_somewhere() -> bool:
    """Whether the current directory still exists."""
    try:
        os.getcwd()  # noqa: PTH109 - a question, not a path
    except FileNotFoundError:
        return False
    return True


def _print_version() -> int:
    from importlib.metadata import version

    print(f"braket-sweeper {version('braket-sweeper')}")  # noqa: T201 - the command's answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
