"""What jobs may cost at most, and whether the budget still allows them. All amounts in USD."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from sweeper.config.device import Device, require_price
from sweeper.config.root import SweepConfig
from sweeper.errors import ConfigError
from sweeper.job.known import Known
from sweeper.job.tasks_seen import TasksSeen
from sweeper.job.workload import Workload

_SECONDS_OF_A_TASK = 3.0
_QUBITS_OF_A_SHORT_TASK = 22

SIMULATOR_SECONDS = "the simulator's seconds"
INSTANCE_PRICE = "the instance's price"
"""What may be an estimate, in words for people."""

SUM_ERROR_USD = 1e-6
"""Far less than a cent, and far more than sums of the same amounts in another order differ by."""

TRACKED = ("quantum_cost_usd", "braket_tasks_cost", "estimated cost")
"""Keys under which a job may save what its quantum tasks cost: ours, and those of Amazon's own examples."""

Devices = Callable[[str], Device | None]
"""The device of a device string, with its price and caps; none if nothing describes it."""


@dataclass(frozen=True)
class Cost:
    """The most that one job may cost.

    Attributes:
        tasks: Most quantum tasks.
        shots: Most shots of all tasks together.
        tasks_usd: Price of these.
        instance_usd: Price of the instance and its volume for the longest runtime.
        estimates: What of it is an estimate that nothing enforces, in words.
        unbounded: Why nothing bounds it, so that no paid sweep may run it; none if something does.
        priced_on: The day of the oldest price in it (ISO); none if nobody dated any.
        rates: Price of the quantum tasks of the job's own device, by the names of the config.
        counted: Whether the number of tasks is somebody's word, so that the place is to count them.
    """

    tasks: int
    shots: int
    tasks_usd: float
    instance_usd: float
    estimates: tuple[str, ...] = ()
    unbounded: str | None = None
    priced_on: str | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    counted: bool = False

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The cost of these values; an older version's have fewer."""
        return cls(**{**values, "estimates": tuple(values.get("estimates", ()))})

    @property
    def usd(self) -> float:
        """Everything together."""
        return self.tasks_usd + self.instance_usd

    def of_tasks(self, result: Mapping[str, Any], seen: TasksSeen | None = None) -> tuple[float, Known]:
        """What the quantum tasks cost, and how well that is known.

        Args:
            result: What the job saved: its own cost tracker's sum under one of `TRACKED`, or else the number
                of its `tasks`.
            seen: The job's tasks as the service counted them; none if it was not asked.
        """
        counted = None if seen is None else self._of_seen(seen)
        for key in TRACKED:
            said = result.get(key)
            if isinstance(said, int | float) and not isinstance(said, bool) and 0 <= said < math.inf:
                # A tracker sees the tasks of its own process only.
                if counted is not None and counted[1] is Known.MEASURED and seen and seen.sharers == 1:
                    return max(float(said), counted[0]), Known.MEASURED
                return float(said), Known.MEASURED
        if counted is not None:
            return counted
        elsewhere = seen is not None and bool(seen.elsewhere)
        if elsewhere or not self.tasks_usd:
            return self.tasks_usd, Known.UNPRICED if elsewhere else Known.MEASURED
        tasks = result.get("tasks")
        if self.counted and isinstance(tasks, int) and 0 <= tasks <= self.tasks:
            return self.tasks_usd * tasks / self.tasks if self.tasks else 0.0, Known.AT_MOST
        return self.tasks_usd, Known.AT_MOST

    def tracked(self, result: Mapping[str, Any]) -> bool:
        """Whether the job itself said what its tasks cost, or could not have created any that cost."""
        return not self.tasks_usd or any(isinstance(result.get(key), int | float) for key in TRACKED)

    def _of_seen(self, seen: TasksSeen) -> tuple[float, Known] | None:
        """The price of counted tasks, or a job's share of it; none if it is not known for all of them."""
        if not seen.tasks:
            return 0.0, Known.MEASURED
        if not self.rates or seen.elsewhere:
            return None
        usd = seen.tasks * self.rates["per_task"] + seen.shots * self.rates["per_shot"]
        if not self.rates["per_minute"]:
            return usd / seen.sharers, Known.MEASURED
        seconds = sum(max(one, self.rates["minimum_seconds"]) for one in seen.seconds)
        return (usd + self.rates["per_minute"] * seconds / 60) / seen.sharers, Known.AT_MOST


def cost_of(config: SweepConfig, workload: Workload | None, device_of: Devices) -> Cost:
    """The most that one hybrid job may cost.

    Args:
        config: The job's config; its device and instance have their own prices.
        workload: The most that it asks of its devices; none if nobody knows.
        device_of: Finds the other devices.

    Raises:
        ConfigError: Its quantum tasks cost money and nothing says how many there will be, or the price of a
            device is not known.
    """
    instance_usd, estimates, unbounded = _of_instance(config)
    device = config.device
    if workload is None:
        if not device.price.free:
            raise ConfigError(
                f"How many quantum tasks the script runs on {device.arn} is not known, so nothing bounds "
                "the bill: set algorithm.max_tasks and algorithm.max_shots_per_task (and, on a simulator, "
                "algorithm.max_qubits, or it counts as using all that the device has), or let the script say "
                "so by a function braket_workload (docs/contract.md). On this machine no "
                "device that costs money is opened: hydra/launcher=braket_local takes device=local."
            )
        priced_on = _oldest(config, [])
        return Cost(0, 0, 0.0, instance_usd, estimates, unbounded, priced_on, counted=True)
    fallback, warmup = other_devices(config, workload, device_of)
    per_task = _of_one_task(device, workload, workload.shots_per_task)
    if fallback is not None:
        per_task = max(per_task, _of_one_task(fallback, workload, workload.shots_per_task))
    tasks_usd = workload.tasks * per_task
    if warmup is not None:
        tasks_usd += workload.warmup_tasks * _of_one_task(warmup, workload, workload.warmup_shots_per_task)
    used = [one for one in (device, fallback, warmup) if one is not None]
    if not workload.enforced and any(one.price.per_minute for one in used):
        estimates = (*estimates, SIMULATOR_SECONDS)
    return Cost(
        tasks=workload.tasks + workload.warmup_tasks,
        shots=workload.tasks * workload.shots_per_task
        + workload.warmup_tasks * workload.warmup_shots_per_task,
        tasks_usd=tasks_usd,
        instance_usd=instance_usd,
        estimates=estimates,
        unbounded=unbounded,
        priced_on=_oldest(config, used),
        rates={} if device.price.free else device.price.rates(),
        counted=not workload.enforced,
    )


def fees(config: SweepConfig, workload: Workload | None, cost: Cost, device_of: Devices) -> dict[str, object]:
    """What a job of ours needs to add up its fees, and to stop before they exceed their bound.

    Returns:
        `price.<rate>` of the job's own device, `price.fallback.<rate>` and `price.warmup.<rate>` of the
        others, `…task_seconds` as in `task_seconds`, and `price.bound_usd`; nothing if nothing is paid for.
    """
    if workload is None or not workload.enforced:
        return {}
    values: dict[str, object] = {}
    fallback, warmup = other_devices(config, workload, device_of)
    for prefix, device in (("", config.device), ("fallback.", fallback), ("warmup.", warmup)):
        if device is not None and not device.price.free:
            rates = {**device.price.rates(), "task_seconds": 0.0}
            if device.price.per_minute:
                rates["task_seconds"] = task_seconds(device, workload.qubits)
            values |= {f"price.{prefix}{name}": rate for name, rate in rates.items()}
    return {**values, "price.bound_usd": cost.tasks_usd} if values else {}


def other_devices(
    config: SweepConfig, workload: Workload, device_of: Devices
) -> tuple[Device | None, Device | None]:
    """The devices on which a job's tasks run beside its own: the fallback's, and the warm-up's.

    Raises:
        ConfigError: The price of one is not known, or it cannot run the circuits; names the key.
    """
    fallback = warmup = None
    if config.tasks.fallback_device is not None:
        fallback = _found("tasks.fallback_device", config.tasks.fallback_device, config, device_of)
        fallback.check_shots(config.shots)
        _check_qubits(fallback, "tasks.fallback_device", config, workload)
        if config.shots_schedule.kind != "constant":
            fallback.check_shots(config.shots_schedule.first, "shots_schedule.first")
    if config.warmup.iterations:
        warmup = _found("warmup.device", config.warmup.device, config, device_of)
        warmup.check_shots(config.warmup.shots, "warmup.shots")
        _check_qubits(warmup, "warmup.device", config, workload)
    return fallback, warmup


def task_seconds(device: Device, qubits: int | None) -> float:
    """Seconds that a task of so many qubits (none: all of the device's) is taken to be billed on a simulator.

    A managed simulator bills 3 s at least. A state of up to 22 qubits is taken to need no more, and every
    further qubit to double it, as the state vector does: 34 qubits make 3.4 hours, for which Amazon's guide
    says 1 to 2 ("State vector simulator (SV1)"). A density matrix of n qubits is as large as a state vector
    of 2n. No task runs for longer than the device lets it.
    """
    size = (qubits or device.qubits or 0) * (2 if device.density_matrix else 1)
    seconds = max(device.price.minimum_seconds, _SECONDS_OF_A_TASK)
    seconds *= 2.0 ** min(max(0, size - _QUBITS_OF_A_SHORT_TASK), 1000)
    return min(seconds, device.max_task_seconds or math.inf)


def _of_one_task(device: Device, workload: Workload, shots: int) -> float:
    price = device.price
    seconds = task_seconds(device, workload.qubits) if price.per_minute else 0.0
    return price.per_task + price.per_minute * seconds / 60 + shots * price.per_shot


def _of_instance(config: SweepConfig) -> tuple[float, tuple[str, ...], str | None]:
    """Price of the instance for the longest runtime, what of it is an estimate, and why it bounds nothing."""
    instance = config.instance
    hourly = instance.hourly_usd
    usd = 0.0 if hourly is None else hourly * config.job.max_runtime_seconds / 3600
    if not instance.estimated:
        return usd, (), None
    price = "no price of it is known here"
    accept = ""
    if hourly is not None:
        estimate = f"{instance.estimate_usd_per_hour:g} USD an hour"
        price = f"{estimate} is another service's ({instance.estimate_source})"
        accept = ", or accept the estimate with instance.accept_estimate=true"
    elsewise = (
        f"Braket's price of {instance.type} is not known, and {price}. Read AWS's price list with "
        f"`sweeper devices --refresh`, or say instance.usd_per_hour=…{accept}."
    )
    accepted = instance.accept_estimate and hourly is not None
    estimates = () if hourly is None else (INSTANCE_PRICE,)
    return usd, estimates, None if accepted else elsewise


def _oldest(config: SweepConfig, devices: list[Device]) -> str | None:
    dates = [one.price.as_of for one in devices if not one.price.free] + [config.instance.as_of]
    return min((str(date) for date in dates if date), default=None)


def _found(key: str, arn: str, config: SweepConfig, device_of: Devices) -> Device:
    if arn == config.device.arn:
        found: Device = config.device
        return found
    device = device_of(arn)
    if device is None:
        # A simulator inside the job has no price; what it can do the job itself will say.
        device = Device(arn, exact=arn.startswith("local:"))
    require_price(device, key)
    return device


def _check_qubits(device: Device, key: str, config: SweepConfig, workload: Workload) -> None:
    if device.qubits is not None and (workload.qubits or 0) > device.qubits:
        what = config.algorithm.entry_point if config.problem is None else f"problem={config.problem.name}"
        raise ConfigError(
            f"{key}={device.arn} has {device.qubits} qubits, but {what} needs {workload.qubits}."
        )
