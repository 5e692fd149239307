"""The EC2 instance on which the classical side of a hybrid job runs (Braket's word: instance)."""

from __future__ import annotations

from dataclasses import dataclass

from sweeper.schema.check import require


@dataclass
class Instance:
    """One Braket job instance type; the price is an upper bound in USD with its date and source."""

    type: str
    vcpus: int
    memory_gib: float
    usd_per_hour: float
    as_of: str
    source: str
    volume_gib: int = 30

    def __post_init__(self) -> None:
        require(self.type.startswith("ml."), "instance.type", self.type, "a Braket instance type (ml.…)")
        require(self.vcpus >= 1, "instance.vcpus", self.vcpus, "1 or more")
        require(self.volume_gib >= 1, "instance.volume_gib", self.volume_gib, "1 or more")
