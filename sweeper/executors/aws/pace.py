"""How often a rate-limited call is made: below the quota, and slower after refusals."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True)
class Clock:
    """The time by which AWS is waited for, in seconds; only differences mean anything."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Pace:
    """A token bucket with exponential back-off and full jitter."""

    def __init__(self, per_second: float, burst: int, clock: Clock = Clock()) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._tokens = float(burst)
        self._now = clock.now
        self._at = self._now()
        self._failures = 0
        self._not_before = 0.0

    def pause(self) -> float:
        """Seconds until the next call is due; 0 if it may be made now."""
        now = self._now()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        missing = max(0.0, 1.0 - self._tokens) / self._per_second
        return max(missing, self._not_before - now, 0.0)

    def spend(self) -> None:
        """A call is made."""
        self._tokens -= 1.0

    def failed(self) -> float:
        """A call was refused or not answered; returns the seconds until it may be repeated."""
        self._failures += 1
        most = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (self._failures - 1))
        pause = random.uniform(most / 4, most)  # noqa: S311 - jitter, not a secret
        self._not_before = self._now() + pause
        return pause

    def succeeded(self) -> None:
        """A call was answered."""
        self._failures = 0
        self._not_before = 0.0
