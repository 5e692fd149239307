"""The jobs that wait: for room, or for the pause before another attempt."""

from __future__ import annotations

import heapq
from collections import deque

from sweeper.job.spec import JobSpec

_LONGEST_PAUSE = 600.0
"""Seconds."""


class Queue:
    """Jobs by number, in the order in which they are to start."""

    def __init__(self) -> None:
        self.waiting: deque[int] = deque()
        self._later: list[tuple[float, int]] = []  # a heap: when, and which job

    def __bool__(self) -> bool:
        return bool(self.waiting or self._later)

    @property
    def any_later(self) -> bool:
        """Whether a job waits for its pause to be over."""
        return bool(self._later)

    def put_off(self, number: int, until: float) -> None:
        """Have a job wait until then, by the clock of the events."""
        heapq.heappush(self._later, (until, number))

    def let_in(self, at: float) -> None:
        """Put the jobs behind the others whose pauses are over."""
        while self._later and self._later[0][0] <= at:
            self.waiting.append(heapq.heappop(self._later)[1])

    def seconds_to_next(self, at: float, most: float) -> float:
        """How long it is until a pause is over; `most` if that is longer, or none waits for that."""
        return max(0.0, min(most, self._later[0][0] - at)) if self._later else most

    def clear(self) -> list[int]:
        """Take all out, in the order of their numbers."""
        numbers = sorted([*self.waiting, *(number for _, number in self._later)])
        self.waiting.clear()
        self._later.clear()
        return numbers


def pause_before_retry(spec: JobSpec, done: int, jitter: float) -> float:
    """Seconds before the next attempt at a job: it doubles from one to the next.

    Args:
        spec: The job.
        done: How often it was tried again before.
        jitter: A random number from 0 to 1, so that not all jobs come at once.
    """
    longest = min(_LONGEST_PAUSE, spec.first_pause_seconds * 2.0**done)
    return (0.5 + 0.5 * jitter) * longest
