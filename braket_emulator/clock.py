"""Emulated time, and the token buckets that refill with it.

`WallClock` follows the real clock, faster or slower. `EventClock` stands still until somebody asks something
of Braket: every call moves it on, and so does a test that waits. What an emulated account does then depends
on what it was asked, and not on how busy the machine is.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from .errors import throttled
from .settings import Rate


class Clock(Protocol):
    """Durations in emulated seconds. Every method may be called from any thread."""

    def seconds(self) -> float:
        """Emulated seconds since some moment; only differences mean anything."""

    def called(self) -> None:
        """Somebody has called Braket."""

    def wait(self, wake: threading.Event, seconds: float, *, real_at_most: float | None = None) -> None:
        """Return when `wake` is set or the time has passed; clears `wake`.

        Args:
            wake: Set by whoever wants the waiting thread to look round.
            seconds: Emulated ones; infinitely many wait for `wake` alone.
            real_at_most: Real seconds after which it returns in any case.
        """

    def later(self, seconds: float, do: Callable[[], None]) -> Callable[[], None]:
        """Have something done in another thread; returns what calls it off, or waits if it has begun."""

    def hold_up(self, seconds: float) -> None:
        """Let an answer take so long; infinitely long until `close`."""

    def close(self) -> None:
        """Let go of whatever is held up."""


def time_stamp(skew_seconds: float = 0.0) -> datetime:
    """A time stamp in milliseconds, as AWS gives them, by the client's clock and off by a skew."""
    moment = datetime.now(UTC) + timedelta(seconds=skew_seconds)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class WallClock:
    """An emulated second takes `scale` real ones."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._closed = threading.Event()

    def seconds(self) -> float:
        """Of the real clock, scaled."""
        return time.monotonic() / self._scale

    def called(self) -> None:
        """Time passes without."""

    def wait(self, wake: threading.Event, seconds: float, *, real_at_most: float | None = None) -> None:
        """Return when `wake` is set or the time has passed; clears `wake`."""
        real = min(seconds * self._scale, float("inf") if real_at_most is None else real_at_most)
        wake.wait(None if real > threading.TIMEOUT_MAX else max(0.0, real))
        wake.clear()

    def later(self, seconds: float, do: Callable[[], None]) -> Callable[[], None]:
        """Have something done by a timer."""
        timer = threading.Timer(seconds * self._scale, do)
        timer.daemon = True
        timer.start()

        def call_off() -> None:
            timer.cancel()
            timer.join()

        return call_off

    def hold_up(self, seconds: float) -> None:
        """Let real time pass."""
        self._closed.wait(min(seconds * self._scale, threading.TIMEOUT_MAX))

    def close(self) -> None:
        """Let go of whatever is held up."""
        self._closed.set()


class EventClock:
    """Moves on by `seconds_per_call` with every call of Braket, and by `advance`."""

    def __init__(self, seconds_per_call: float) -> None:
        self._step = seconds_per_call
        self._now = 0.0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._waiting: list[tuple[float, threading.Event]] = []

    def seconds(self) -> float:
        """As far as events have moved it."""
        return self._now

    def called(self) -> None:
        """Move on by a step."""
        self.advance(self._step)

    def advance(self, seconds: float) -> None:
        """Let emulated time pass at once; whoever waited for it goes on."""
        with self._lock:
            self._now += seconds
            due = [wake for at, wake in self._waiting if at <= self._now]
            self._waiting = [(at, wake) for at, wake in self._waiting if at > self._now]
        for wake in due:
            wake.set()

    def wait(self, wake: threading.Event, seconds: float, *, real_at_most: float | None = None) -> None:
        """Return when `wake` is set or the time has passed; clears `wake`."""
        if seconds > 0:
            with self._lock:
                entry = (self._now + seconds, wake)
                self._waiting.append(entry)
            wake.wait(real_at_most)
            with self._lock:
                self._waiting = [other for other in self._waiting if other is not entry]
        wake.clear()

    def later(self, seconds: float, do: Callable[[], None]) -> Callable[[], None]:
        """Have something done by a thread that waits for the time."""
        wake, called_off = threading.Event(), threading.Event()
        due = self._now + seconds

        def run() -> None:
            while (left := due - self._now) > 0 and not called_off.is_set():
                self.wait(wake, left)
            if not called_off.is_set():
                do()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def call_off() -> None:
            called_off.set()
            wake.set()
            thread.join()

        return call_off

    def hold_up(self, seconds: float) -> None:
        """Move on by so much at once: whoever waits for the answer makes no call that would."""
        if math.isinf(seconds):
            self._closed.wait()
        else:
            self.advance(seconds)

    def close(self) -> None:
        """Let go of whatever is held up."""
        self._closed.set()


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
