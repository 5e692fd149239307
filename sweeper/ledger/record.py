"""One job of a sweep as the ledger keeps it: what it is, where it stands, what it has brought."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweeper.job.state import JobState

AS_JSON = ("overrides", "config", "choices", "spec", "result")
"""The columns of a job that are JSON text; a result that is missing is an empty one."""


class UnreadableRowError(sqlite3.DatabaseError):
    """A row that SQLite finds in order holds what no version has written."""


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
    reason: str | None


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
    def wanted(self) -> str | None:
        """The key of the result, or the metric, that a Hydra sweeper minimises."""
        name = self.spec.get("objective")
        return name if isinstance(name, str) else None

    @property
    def seconds(self) -> float | None:
        """How long the job ran."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


def job_of_row(row: sqlite3.Row, known: JobRecord | None = None) -> JobRecord:
    """A row of the table `jobs`.

    Args:
        row: All its columns, or those that are to replace what is known of the job.
        known: What is known of it.

    Raises:
        UnreadableRowError: It holds what no version has written.
    """
    values = dict(row)
    try:
        for name in AS_JSON:
            if name in values:
                values[name] = json.loads(values[name] or ("{}" if name == "result" else ""))
    except (TypeError, ValueError, RecursionError) as error:
        raise UnreadableRowError(f"job {values['number']}: {error}") from error
    return job_of_values(values if known is None else {**vars(known), **values})


def job_of_values(values: Mapping[str, Any]) -> JobRecord:
    """A job of what is said of it, as JSON values by column.

    Raises:
        UnreadableRowError: It holds what no version has written.
    """
    for name, fits in _FITS.items():
        if name not in values or not fits(values[name]):
            what = f"{name} is {values[name]!r:.60}" if name in values else f"{name} is missing"
            raise UnreadableRowError(f"job {values.get('number')}: {what}")
    return JobRecord(**{name: values[name] for name in _FITS} | {"state": JobState(values["state"])})


def state_of(text: Any) -> JobState:
    """A job's state.

    Raises:
        UnreadableRowError: It is none.
    """
    if not _is_state(text):
        raise UnreadableRowError(f"{text!r:.60} is no state")
    return JobState(text)


def _is_state(value: Any) -> bool:
    return isinstance(value, str) and value in _STATES


def _is_text(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(value.encode() or True)
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return not math.isnan(value) if isinstance(value, float) else abs(value) < 2**1023


def _is_amount(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _is_time(value: Any) -> bool:
    return _is_amount(value) and value < 2**53


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_choices(value: Any) -> bool:
    return isinstance(value, dict) and all(choice is None or _is_text(choice) for choice in value.values())


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


_STATES = frozenset(JobState)
_FITS: dict[str, Callable[[Any], bool]] = {
    "number": _is_count,
    "key": _is_text,
    "overrides": _is_texts,
    "config": _is_object,
    "choices": _is_choices,
    "spec": _is_object,
    "state": _is_state,
    "attempts": _is_count,
    "batch": _or_none(_is_text),
    "handle": _or_none(_is_text),
    "reserved_usd": _is_amount,
    "reason": _or_none(_is_text),
    "started_at": _or_none(_is_time),
    "ended_at": _or_none(_is_time),
    "cost_usd": _or_none(_is_amount),
    "job_arn": _or_none(_is_text),
    "result": _is_object,
    "objective": _or_none(_is_number),
}
"""What each column of a job may hold."""
