"""What all commands have in common: how they end, and what they say of a mistake."""

from __future__ import annotations

from collections.abc import Callable

from sweeper.errors import LeftRunning, PlanShown, SweeperError, UsageError
from sweeper.terminal import say


def answer(command: Callable[[], int]) -> int:
    """Run a command; a mistake of the user's ends in one clear message, not in a traceback.

    Returns:
        Its exit code; 2 if the command line cannot be read, 1 after another mistake, 130 if interrupted.
    """
    try:
        return command()
    except (LeftRunning, PlanShown) as done:
        say(str(done))
        return 0
    except UsageError as error:
        _refuse(str(error))
        return 2
    except SweeperError as error:
        return _refuse(str(error))
    except OSError as error:
        if error.filename is None:  # no file's trouble, such as a pipe that nobody reads any more
            raise
        return _refuse(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        return 130


def _refuse(reason: str) -> int:
    """Say what is wrong; returns the exit code."""
    say(f"error: {reason}")
    return 1
