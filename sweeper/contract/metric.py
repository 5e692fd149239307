"""One value that a hybrid job has logged."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """One value of one metric; `timestamp` in seconds since the epoch."""

    iteration: int | None
    timestamp: float | None
    metric: str
    value: float
