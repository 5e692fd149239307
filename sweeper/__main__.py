"""`python -m sweeper` and the command `sweeper`: subcommands, and the Hydra application for the rest."""

from __future__ import annotations

import gc
import os
import sys

_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def main() -> int:
    """Run the command line; returns the exit code."""
    # Nearly all that a command imports and composes lives as long as it does: to look for garbage among it
    # after every 700 new objects, as Python does by itself, takes a tenth of a sweep's start.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    from sweeper.cli import SUBCOMMANDS

    arguments = sys.argv[1:]
    try:
        if arguments and arguments[0] in SUBCOMMANDS:
            from sweeper.cli import run_subcommand

            return run_subcommand(arguments)
        if arguments[:1] == ["plan"]:
            # A plan is the sweep's own command, stopped before it starts.
            arguments = [*arguments[1:], "hydra.launcher.dry_run=true"]
        from sweeper.app import run

        return run(arguments)
    except BrokenPipeError:
        # The reader, `head` say, has seen enough. What is still buffered goes nowhere, or the interpreter
        # would complain at its end (the Python library reference, "Note on SIGPIPE").
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
