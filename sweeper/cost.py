"""What jobs may cost at most, and whether the budget still allows them. All amounts in USD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from sweeper.errors import ConfigError
from sweeper.locate import shipped
from sweeper.schema import SweepConfig
from sweeper.schema.algorithm import Workload
from sweeper.schema.device import Device, Price

_SECONDS_OF_A_TASK = 3.0
_QUBITS_OF_A_SHORT_TASK = 22


@dataclass(frozen=True)
class Cost:
    """An upper bound for one job.

    Attributes:
        tasks: Most quantum tasks.
        shots: Most shots of all tasks together.
        tasks_usd: Price of these.
        instance_usd: Price of the instance for the longest runtime.
    """

    tasks: int
    shots: int
    tasks_usd: float
    instance_usd: float

    @property
    def usd(self) -> float:
        """Everything together."""
        return self.tasks_usd + self.instance_usd

    def of_tasks(self, result: Mapping[str, Any]) -> float:
        """What the quantum tasks really cost, by what the job says of itself; at most the bound.

        A job may save `quantum_cost_usd` (from Braket's cost tracker) or else the number of its `tasks`.
        """
        said = result.get("quantum_cost_usd")
        if isinstance(said, int | float) and said >= 0:
            return float(said)
        tasks = result.get("tasks")
        if isinstance(tasks, int) and 0 <= tasks <= self.tasks:
            return self.tasks_usd * tasks / self.tasks if self.tasks else 0.0
        return self.tasks_usd


def cost_of(config: SweepConfig) -> Cost:
    """The upper bound for one hybrid job.

    Raises:
        ConfigError: Its quantum tasks cost money and nothing says how many there will be.
    """
    instance_usd = config.instance.usd_per_hour * config.job.max_runtime_seconds / 3600
    workload = config.algorithm.workload(config)
    device = config.device
    if workload is None:
        if not device.price.free:
            raise ConfigError(
                f"How many quantum tasks the script runs on {device.arn} is not known, so nothing bounds "
                "the bill: set algorithm.max_tasks and algorithm.max_shots_per_task. (On this machine no "
                "device that costs money is opened: hydra/launcher=braket_local takes device=local.)"
            )
        return Cost(0, 0, 0.0, instance_usd)
    shots = workload.tasks * workload.shots_per_task
    tasks_usd = _tasks_usd(device, workload, workload.tasks)
    if config.tasks.fallback_device is not None:
        tasks_usd = max(
            tasks_usd, _tasks_usd(_device(config.tasks.fallback_device), workload, workload.tasks)
        )
    if warmup := config.warmup.iterations:
        per_evaluation = workload.tasks // (config.max_iterations + 1)
        warm = replace(workload, shots_per_task=config.warmup.shots)
        tasks_usd += _tasks_usd(_device(config.warmup.device), warm, warmup * per_evaluation)
    return Cost(workload.tasks, shots, tasks_usd, instance_usd)


@cache
def _device(arn: str) -> Device:
    """The shipped option of a device string, for its price.

    Raises:
        ConfigError: There is none, so that nothing bounds what its quantum tasks cost.
    """
    if arn.startswith("local:"):
        return Device(arn)
    for file in sorted((shipped("conf") / "device").glob("*.yaml")):
        option = OmegaConf.load(file)
        if isinstance(option, DictConfig) and option.get("arn") == arn:
            price = OmegaConf.merge(OmegaConf.structured(Price), option.get("price", {}))
            return Device(arn, price=cast("Price", OmegaConf.to_object(price)), qubits=option.get("qubits"))
    raise ConfigError(
        f"The price of {arn} is not known, so nothing bounds the bill: name a device of conf/device."
    )


def _tasks_usd(device: Device, workload: Workload, tasks: int) -> float:
    """Price of quantum tasks; a simulator's minutes are bounded by the number of qubits.

    A managed simulator bills 3 s at least. A circuit of up to 22 qubits is taken to need no more, and
    every further qubit to double it, as the state vector does.
    """
    price = device.price
    seconds = max(price.minimum_seconds, _SECONDS_OF_A_TASK)
    seconds *= 2.0 ** max(0, (workload.qubits or device.qubits or 0) - _QUBITS_OF_A_SHORT_TASK)
    return tasks * (
        price.per_task + price.per_minute * seconds / 60 + workload.shots_per_task * price.per_shot
    )
