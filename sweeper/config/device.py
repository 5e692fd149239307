"""The quantum device a job addresses: its device string, what it can do and what it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sweeper.config.check import require, require_date
from sweeper.config.described import FromSource, with_options
from sweeper.config.execution import SETTINGS, of_group
from sweeper.errors import ConfigError

NOISY_SIMULATOR = "local:braket/braket_dm"

MOST_SHOTS = 1_000_000_000
"""Of one task where a device has no cap of its own: Braket's simulators hold every shot in memory."""


@dataclass
class Price:
    """Upper bounds in USD, as published on `as_of` by `source`; all zero for an embedded simulator."""

    per_task: float = 0.0
    per_shot: float = 0.0
    per_minute: float = 0.0
    minimum_seconds: float = 0.0
    as_of: str | None = None
    source: str | None = None

    @property
    def free(self) -> bool:
        """Whether quantum tasks on the device cost nothing."""
        return not (self.per_task or self.per_shot or self.per_minute)

    def __post_init__(self) -> None:
        for name, value in self.rates().items():
            require(0 <= value < math.inf, f"device.price.{name}", value, "0 or more")
        require_date("device.price.as_of", self.as_of)

    def rates(self) -> dict[str, float]:
        """The figures by name, as a job needs them to add up its fees."""
        names = ("per_task", "per_shot", "per_minute", "minimum_seconds")
        return {name: getattr(self, name) for name in names}


@with_options("device.noise.", of_group("noise."))
class Noise(FromSource):
    """Noise of the density-matrix simulator, as probabilities; all zero for none."""

    @property
    def any(self) -> bool:
        """Whether there is noise."""
        return any(self.values().values())

    def hyperparameters(self) -> dict[str, object]:
        """Nothing without noise."""
        return self.values() if self.any else {}


@dataclass
class Device:
    """A Braket device.

    Attributes:
        arn: The device string of Braket's CreateJob: an ARN, or `local:<provider>/<name>` for a simulator
            embedded in the job.
        exact: Whether `shots=0` yields exact expectation values.
        min_shots: Fewest shots of one quantum task, when shots are taken at all.
        max_shots: Most shots of one quantum task; None means no cap.
        qubits: Number of qubits; None if memory is the limit.
        density_matrix: Whether a simulator keeps a density matrix, which grows with twice the qubits.
        max_task_seconds: Longest simulation of one quantum task; None if that is no limit.
        regions: AWS regions that offer the device; empty for an embedded simulator.
        price: What its quantum tasks cost.
        noise: Of the density-matrix simulator `braket_dm`; no other takes any.
    """

    arn: str
    exact: bool = False
    min_shots: int = 1
    max_shots: int | None = None
    qubits: int | None = None
    density_matrix: bool = False
    max_task_seconds: float | None = None
    regions: list[str] = field(default_factory=list)
    price: Price = field(default_factory=Price)
    noise: Noise = field(default_factory=Noise)

    def __post_init__(self) -> None:
        SETTINGS["fallback_device"].require("device.arn", self.arn)  # a device string as well
        if self.noise.any and self.arn != NOISY_SIMULATOR:
            raise ConfigError(
                f"device.noise is not possible on {self.arn}: only the embedded density-matrix simulator "
                f"takes noise. Choose device=braket_dm ({NOISY_SIMULATOR})."
            )

    @property
    def embedded(self) -> bool:
        """Whether the device is a simulator inside the job's own process."""
        return self.arn.startswith("local:")

    def check_shots(self, shots: int, key: str = "shots") -> None:
        """Refuse a number of shots, said by a config key, that the device cannot take.

        Raises:
            ConfigError: Names the key, the device string and what it allows.
        """
        largest = self.max_shots or MOST_SHOTS
        exact = ", or 0 for exact expectation values" if self.exact else ""
        allowed = f"{self.min_shots} to {largest}{exact}"
        if shots == 0 and not self.exact:
            raise ConfigError(
                f"{key}=0 asks for exact expectation values, which {self.arn} cannot give: "
                f"set {key} to {allowed}, or choose an exact simulator (device=local)."
            )
        enough = shots == 0 or shots >= self.min_shots
        require(enough and shots <= largest, key, shots, f"{allowed} on {self.arn}")


def require_price(device: Device, key: str) -> None:
    """Refuse a device whose quantum tasks cost money that nobody has named.

    Args:
        device: The device.
        key: The config key that names it.

    Raises:
        ConfigError: Says where its price can be given.
    """
    if device.embedded or not device.price.free or device.price.source:
        return
    given = " Or say device.price.per_task=… device.price.per_shot=…." if key == "device.arn" else ""
    raise ConfigError(
        f"{key}={device.arn}: no option of the group device has this ARN, so its price is not known and "
        "nothing would bound the bill. Describe it in conf/device/NAME.yaml (arn, max_shots, qubits, price), "
        f"as the shipped ones do (sweeper devices lists them).{given}"
    )
