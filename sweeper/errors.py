"""Everything this package raises on purpose.

One base, so that a caller can catch what is ours; each message says what is wrong, where
(config key, file, job) and what to do next.
"""

from __future__ import annotations

import shlex
from pathlib import Path


class SweeperError(Exception):
    """Base of every error raised on purpose."""


class ConfigError(SweeperError):
    """A configuration that cannot run: refused before anything is submitted."""


class UsageError(SweeperError):
    """A command line that cannot be read; the message says what to type instead."""


class FolderError(SweeperError):
    """A folder that is not a sweep's, or cannot be used as one now."""


class DamagedLedgerError(FolderError):
    """A ledger that cannot be read; the jobs' folders still have what it held."""

    def __init__(self, path: Path, how: str) -> None:
        super().__init__(
            f"{path} is damaged or no ledger of a sweep ({how}). It can be rebuilt from the jobs' folders: "
            f"sweeper resume {shlex.quote(str(path.parent))}"
        )
        self.path = path


class JobFailedError(SweeperError):
    """One job of a sweep failed; carried by its `JobReturn`, never the end of the sweep."""


class IllegalTransitionError(SweeperError):
    """A change of a job's state that its life cycle does not have: a defect, not a user's mistake."""


class LeftRunning(SweeperError):  # noqa: N818 - not an error: the command has done what it was asked
    """The sweep is handed over and goes on without this process, so there are no results to return."""


class PlanShown(SweeperError):  # noqa: N818 - not an error either
    """The plan was all that was asked for."""
