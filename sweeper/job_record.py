"""One job of a sweep as the ledger keeps it: what it is, where it stands, what it has brought."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sweeper.states import JobState


class UnreadableRowError(sqlite3.DatabaseError):
    """A row that SQLite finds in order holds what no version has written."""


class Metric(NamedTuple):
    """One value of one metric; `timestamp` in seconds since the epoch."""

    iteration: int | None
    timestamp: float | None
    metric: str
    value: float


@dataclass(frozen=True)
class Entry:
    """A job to be enlisted: its key, the config it came from, and what it is to run."""

    key: str
    overrides: Sequence[str]
    config: Mapping[str, Any]
    choices: Mapping[str, str | None]
    spec: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """Where a job stands and what it has brought so far: what changes while a sweep runs."""

    number: int
    choices: dict[str, str | None]
    state: JobState
    result: dict[str, Any]
    objective: float | None


@dataclass(frozen=True)
class JobRecord:
    """One job as the ledger has it. Times in seconds since the epoch, cost in USD."""

    number: int
    key: str
    overrides: list[str]
    config: dict[str, Any]
    choices: dict[str, str | None]
    spec: dict[str, Any]
    state: JobState
    attempts: int
    batch: str | None
    handle: str | None
    reserved_usd: float
    reason: str | None
    started_at: float | None
    ended_at: float | None
    cost_usd: float | None
    job_arn: str | None
    result: dict[str, Any]
    objective: float | None

    @property
    def seconds(self) -> float | None:
        """How long the job ran."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


def job_of_row(row: sqlite3.Row) -> JobRecord:
    """A row of the table `jobs`.

    Raises:
        UnreadableRowError: It holds what no version has written.
    """
    values = dict(row)
    try:
        for name in ("overrides", "config", "choices", "spec"):
            values[name] = json.loads(values[name])
        values["result"] = json.loads(values["result"] or "{}")
        values["state"] = JobState(values["state"])
    except (TypeError, ValueError) as error:
        raise UnreadableRowError(f"job {values['number']}: {error}") from error
    return JobRecord(**values)
