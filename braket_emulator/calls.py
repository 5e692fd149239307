"""A record of every call, for tests that count them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Caller(StrEnum):
    """Who calls: each has access keys of its own."""

    CLIENT = "client"
    JOB = "job"
    # The emulator's own traffic with S3 and CloudWatch Logs, which AWS does out of sight too.
    SERVICE = "service"


@dataclass(frozen=True)
class Call:
    """One call and its answer.

    Attributes:
        operation: `CreateJob`; those of other services carry their name, `s3:PutObject`.
        status: The HTTP status; 0 if the connection was closed without an answer.
        error: The error's name in the service's API.
        ids: What the call was about: job name, ARNs, client token, bucket and key.
    """

    time: datetime
    operation: str
    status: int
    caller: Caller
    region: str
    error: str | None = None
    ids: dict[str, str] = field(default_factory=dict)


class CallLog:
    """All calls so far."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Record a call."""
        with self._lock:
            self._calls.append(call)

    def all(self) -> list[Call]:
        """What was recorded, in order."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Forget."""
        with self._lock:
            self._calls.clear()
