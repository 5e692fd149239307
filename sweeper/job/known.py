"""How well a cost is known."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

COST_IS = "cost_is"
"""Key beside a job's own results that says how well its cost is known: a value of `Known`."""


class Known(StrEnum):
    """How well a cost is known; the later the less."""

    MEASURED = "measured"
    """From what the service billed and counted, or the job's own cost tracker."""
    ESTIMATE = "estimate"
    """The same, at another service's price."""
    AT_MOST = "at most"
    """A part of it is not known, and counts as the most it can have been."""
    UNPRICED = "not known"
    """Quantum tasks ran on a device that was not the job's: nothing here knows their price, nor bounds it."""

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Known:
        """How well the earlier attempts' cost is known, by what a ledger keeps beside a job's results."""
        said = result.get(COST_IS)
        return cls(said) if said in list(cls) else cls.MEASURED

    def and_(self, other: Known) -> Known:
        """How well a sum is known."""
        order = list(Known)
        return max(self, other, key=order.index)
