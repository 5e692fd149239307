"""The record of a logged metric."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """One logged value of a metric; `timestamp` is in seconds since the epoch."""

    iteration: int | None
    timestamp: float | None
    metric: str
    value: float
