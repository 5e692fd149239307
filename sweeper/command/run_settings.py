"""How the jobs of a sweep are run: kept in its ledger, so that `sweeper resume` needs no config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from sweeper.ledger.ledger import Ledger

_FACT = "launcher"
_KEPT = ("options", "max_usd", "spending_limit", "max_failures", "report")


@dataclass(frozen=True)
class RunSettings:
    """What a sweep's config, or the command that goes on with it, says of all jobs together.

    Attributes:
        launcher: Name of the launcher, and of its executor.
        options: The executor's options.
        max_usd: What the sweep may cost, in USD; None means no limit.
        spending_limit: Make the place itself refuse to spend more on a device, meanwhile.
        max_failures: After so many failed jobs nothing further is started; None means no limit.
        report: Have the report written at the end of the command.
        wait: Stay until the jobs have ended; else the command ends when all are handed over.
        resubmit_lost: Hand jobs over once more of which an earlier run could not learn what became.
    """

    launcher: str = "braket_local"
    options: Mapping[str, Any] = field(default_factory=dict)
    max_usd: float | None = None
    spending_limit: bool = False
    max_failures: int | None = None
    report: bool = True
    wait: bool = True
    resubmit_lost: bool = False

    def keep(self, ledger: Ledger) -> None:
        """Write down what a later command needs to go on."""
        ledger.remember(_FACT, {"name": self.launcher, **{key: getattr(self, key) for key in _KEPT}})

    @classmethod
    def kept(cls, ledger: Ledger) -> Self | None:
        """The settings of the sweep's latest run; None if it was never started.

        What a ledger of an earlier version does not say is as by default.
        """
        kept = ledger.recall(_FACT)
        if kept is None:
            return None
        return cls(kept["name"], **{key: kept[key] for key in _KEPT if key in kept})
