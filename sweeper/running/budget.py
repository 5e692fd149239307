"""What a sweep has spent, what its active jobs may still cost, and whether more fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sweeper.job.cost import SUM_ERROR_USD


class Budget:
    """The account of one sweep, in USD; it says what the ledger says."""

    def __init__(self, limit: float | None, committed: float, reserved: Mapping[int, float]) -> None:
        """Take the account over from the ledger.

        Args:
            limit: The most the sweep may cost. None means no limit.
            committed: What it has cost so far, and what its active jobs may still cost at most ...
            reserved: ... of which this is for the jobs of this run, by number.
        """
        self._limit = limit
        self._reserved = dict(reserved)
        self._spent = committed - sum(reserved.values())

    @property
    def committed(self) -> float:
        """What the sweep has cost, and may still cost."""
        return self._spent + sum(self._reserved.values())

    def allows(self, bounds: Iterable[float]) -> bool:
        """Whether jobs that may cost so much can be handed over."""
        return self._limit is None or self.committed + sum(bounds) <= self._limit + SUM_ERROR_USD

    def reserve(self, number: int, usd: float) -> None:
        """Keep the most that a job may cost."""
        if usd:
            self._reserved[number] = usd

    def settle(self, number: int, spent: float) -> None:
        """Count what an attempt has cost instead of what it might have."""
        self._reserved.pop(number, None)
        self._spent += spent

    def reserved(self, number: int) -> float:
        """The most that an active job may cost."""
        return self._reserved.get(number, 0.0)
