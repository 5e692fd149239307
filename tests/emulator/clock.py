"""Emulated time, and the token buckets that refill with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from .errors import throttled
from .settings import Rate


class Clock:
    """Durations in emulated seconds; time stamps from the real clock."""

    def __init__(self, time_scale: float) -> None:
        self._time_scale = time_scale

    def seconds(self) -> float:
        """Emulated seconds since some moment; only differences mean anything."""
        return time.monotonic() / self._time_scale

    def real(self, emulated_seconds: float) -> float:
        """Real seconds that an emulated duration takes."""
        return emulated_seconds * self._time_scale

    @staticmethod
    def now(skew_seconds: float = 0.0) -> datetime:
        """A time stamp in milliseconds, as AWS gives them, off by a skew."""
        now = datetime.now(UTC) + timedelta(seconds=skew_seconds)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class RateLimits:
    """One token bucket for each operation and region."""

    def __init__(self, rates: Mapping[str, Rate], clock: Clock) -> None:
        self._rates = rates
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}  # tokens, as of when

    def admit(self, operation: str, region: str) -> None:
        """Take a token.

        Raises:
            AwsError: ThrottlingException, when there is none.
        """
        rate = self._rates.get(operation)
        if rate is None:
            return
        with self._lock:
            now = self._clock.seconds()
            tokens, then = self._buckets.get((operation, region), (float(rate.burst), now))
            tokens = min(rate.burst, tokens + (now - then) * rate.per_second)
            admitted = tokens >= 1
            self._buckets[operation, region] = (tokens - admitted, now)
        if not admitted:
            raise throttled()
