"""The EC2 instance on which the classical side of a hybrid job runs (Braket's word: instance)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sweeper.config.check import require, require_date

_HOURS_OF_A_MONTH = 720
"""Of the shortest month that a GB-month is prorated over, so that the volume's price is no less."""


@dataclass
class Instance:
    """One instance type of Braket's CreateJob. Prices in USD; those of Braket itself are upper bounds.

    Attributes:
        type: Braket's name of it.
        vcpus: Its virtual processors.
        memory_gib: Its memory.
        usd_per_hour: Braket's price for hybrid jobs, or what you say it is; None if nobody has told it.
        as_of: When that price, or else the estimate, was read ...
        source: ... and where the price was.
        estimate_usd_per_hour: Another service's price of the same instance; None if none is known.
        estimate_source: Which service's.
        accept_estimate: Let the estimates count as prices; without it they bound nothing.
        volume_gib: Storage of the instance.
        volume_usd_per_gb_month: Braket's price for storage, or what you say it is; None as above.
        estimate_volume_usd_per_gb_month: Another service's: Amazon SageMaker's for its ML storage.
    """

    type: str
    vcpus: int
    memory_gib: float
    usd_per_hour: float | None = None
    as_of: str | None = None
    source: str | None = None
    estimate_usd_per_hour: float | None = None
    estimate_source: str | None = None
    accept_estimate: bool = False
    volume_gib: int = 30
    volume_usd_per_gb_month: float | None = None
    estimate_volume_usd_per_gb_month: float = 0.14

    def __post_init__(self) -> None:
        require(self.type.startswith("ml."), "instance.type", self.type, "a Braket instance type (ml.…)")
        require(self.vcpus >= 1, "instance.vcpus", self.vcpus, "1 or more")
        require(self.volume_gib >= 1, "instance.volume_gib", self.volume_gib, "1 or more")
        require_date("instance.as_of", self.as_of)
        for name in (
            *("usd_per_hour", "estimate_usd_per_hour"),
            *("volume_usd_per_gb_month", "estimate_volume_usd_per_gb_month"),
        ):
            usd = getattr(self, name)
            require(usd is None or 0 <= usd < math.inf, f"instance.{name}", usd, "0 or more")

    @property
    def hourly_usd(self) -> float | None:
        """Price of an hour, volume included: Braket's where it is known, else estimated; None if neither."""
        hour = self.usd_per_hour if self.usd_per_hour is not None else self.estimate_usd_per_hour
        month = self.volume_usd_per_gb_month
        if month is None:
            month = self.estimate_volume_usd_per_gb_month
        return None if hour is None else hour + self.volume_gib * month / _HOURS_OF_A_MONTH

    @property
    def estimated(self) -> bool:
        """Whether another service's price of the instance has to stand in for Braket's."""
        return self.usd_per_hour is None
