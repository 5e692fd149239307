"""What has happened to a job: the steps that it has taken, as the ledger has them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from sweeper.job.failure import Failure
from sweeper.job.state import JobState
from sweeper.ledger.record import UnreadableRowError, state_of

_END_OF_TIME = 2.0**36
"""Seconds since the epoch, in the year 4147: what is later was not written by us."""


@dataclass(frozen=True)
class Chapter:
    """A job has taken a step.

    Attributes:
        at: When, in seconds since the epoch.
        attempt: Of which attempt; 0 before the first.
        state: What the job became.
        reason: Why, in one line; none where that goes without saying.
        handle: How the executor knows the attempt from then on.
    """

    at: float
    attempt: int
    state: JobState
    reason: str | None
    handle: str | None

    def __str__(self) -> str:
        moment = f"{datetime.fromtimestamp(self.at, UTC):%Y-%m-%d %H:%M:%SZ}"
        return "  ".join(
            filter(None, (f"{moment}  attempt {self.attempt}  {self.state:<10}", self.handle, self.reason))
        ).rstrip()


def read_story(db: sqlite3.Connection, number: int) -> list[Chapter]:
    """The steps of a job, the first one first. Ledgers of earlier versions tell no handles.

    Raises:
        UnreadableRowError: What stands there was not written by us.
    """
    rows = db.execute("SELECT * FROM transitions WHERE job = ? ORDER BY rowid", (number,))
    names = [column[0] for column in rows.description]
    return [_chapter(dict(zip(names, row, strict=True))) for row in rows]


def _chapter(row: dict[str, object]) -> Chapter:
    at, attempt, reason, handle = row["at"], row["attempt"], row["reason"], row.get("handle")
    if (
        not isinstance(attempt, int)
        or not isinstance(reason, str | None)
        or not isinstance(handle, str | None)
    ):
        raise UnreadableRowError("a job's change of state is not as it was written")
    state = state_of(row["state"])
    return Chapter(
        moment_of(at),
        attempt + (state is JobState.SUBMITTING),  # written down before the attempt is counted
        state,
        Failure(reason).headline if reason else None,
        handle,
    )


def moment_of(at: object) -> float:
    """When a job changed its state, in seconds since the epoch.

    Raises:
        UnreadableRowError: What stands there is no time.
    """
    if not isinstance(at, int | float) or not 0 <= at < _END_OF_TIME:
        raise UnreadableRowError("the time at which a job changed its state is none")
    return float(at)
