"""Everything this package raises on purpose.

One base, so that a caller can catch what is ours; each message says what is wrong, where
(config key, file, job) and what to do next.
"""

from __future__ import annotations


class SweeperError(Exception):
    """Base of every error raised on purpose."""


class ConfigError(SweeperError):
    """A configuration that cannot run: refused before anything is submitted."""


class FolderError(SweeperError):
    """A folder that is not a sweep's, or cannot be used as one now."""


class JobFailedError(SweeperError):
    """One job of a sweep failed; carried by its `JobReturn`, never the end of the sweep."""


class IllegalTransitionError(SweeperError):
    """A change of a job's state that its life cycle does not have: a defect, not a user's mistake."""


class LeftRunning(SweeperError):  # noqa: N818 - not an error: the command has done what it was asked
    """The sweep is handed over and goes on without this process, so there are no results to return."""


class PlanShown(SweeperError):  # noqa: N818 - not an error either
    """The plan was all that was asked for."""
