"""How well a cost is known."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

COST_IS = "cost_is"
"""Key beside a job's own results that says how well its cost is known: a value of `Known`."""


class Known(StrEnum):
    """How well a cost is known. Later members are less certain."""

    MEASURED = "measured"
    """The cost comes from the bill and the counts of the service, or from the job's own cost tracker."""
    ESTIMATE = "estimate"
    """The same, at another service's price."""
    AT_MOST = "at most"
    """A part of the cost is not known, and its upper bound is counted."""
    UNPRICED = "not known"
    """Quantum tasks ran on a device that was not the job's, so their price is not known and not bounded."""

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Known:
        """How well the cost of the earlier attempts is known, from the results that the ledger keeps."""
        said = result.get(COST_IS)
        return cls(said) if said in list(cls) else cls.MEASURED

    def and_(self, other: Known) -> Known:
        """How well the sum of two costs is known."""
        order = list(Known)
        return max(self, other, key=order.index)
