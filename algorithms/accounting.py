"""What a job's quantum tasks have cost so far."""

from __future__ import annotations

import math
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from braket.tracking import Tracker

from algorithms.hyperparameters import Hyperparameters

_LONGEST_DOWNLOAD = 20.0
"""Seconds without an answer after which the price list is given up."""


@dataclass(frozen=True)
class Price:
    """Upper bounds in USD of the job's own device.

    Attributes:
        per_task: For each quantum task.
        per_shot: For each shot.
        per_minute: For each minute of simulation.
        minimum_seconds: Least simulation time that is charged for a task.
    """

    per_task: float
    per_shot: float
    per_minute: float
    minimum_seconds: float

    @classmethod
    def read(cls, given: Hyperparameters) -> Price | None:
        """Take it from `price.…`; None where nothing is passed, for a device without fees."""
        if not given.has("price.per_task"):
            return None
        price = given.prefixed("price.")
        names = ("per_task", "per_shot", "per_minute", "minimum_seconds")
        return cls(*(price.number(name, at_least=0.0) for name in names))

    def of(self, shots: int, simulated_seconds: float) -> float:
        """Of one task, USD."""
        seconds = max(simulated_seconds, self.minimum_seconds)
        return self.per_task + shots * self.per_shot + self.per_minute * seconds / 60.0


@dataclass
class TaskRecord:
    """One quantum task of an AWS device, by which it can be found again: `AwsQuantumTask(arn)`."""

    arn: str
    device: str
    shots: int
    state: str
    simulated_seconds: float = 0.0


@dataclass
class Accounts:
    """Counts of everything that was run, retries and warm-up included.

    Attributes:
        tasks: Quantum tasks created.
        shots: Shots asked for.
        retries: Tasks among them that were tried again after a failure.
        fallback_tasks: Tasks among them that ran on the fallback device.
        warmup_tasks: Tasks among them that ran on the warm-up device.
        records: The tasks of AWS devices.
    """

    tasks: int = 0
    shots: int = 0
    retries: int = 0
    fallback_tasks: int = 0
    warmup_tasks: int = 0
    records: list[TaskRecord] = field(default_factory=list)

    def created(self, task: Any, device: str, shots: int) -> None:
        """Count a task when it has been created."""
        self.tasks += 1
        self.shots += shots
        if str(task.id).startswith("arn:"):
            self.records.append(TaskRecord(task.id, device, shots, "CREATED"))

    def ended(self, task: Any, result: Any) -> None:
        """Note how a task ended; its simulation time if the device is a simulator."""
        for record in reversed(self.records):
            if record.arn == task.id:
                record.state = str(task.state())
                metadata = getattr(getattr(result, "additional_metadata", None), "simulatorMetadata", None)
                record.simulated_seconds = getattr(metadata, "executionDuration", 0) / 1000.0
                return

    @property
    def simulated_minutes(self) -> float:
        """Simulation time of managed simulators, min."""
        return math.fsum(record.simulated_seconds for record in self.records) / 60.0

    def cost(self, price: Price | None, device: str, tracker: Tracker | None) -> float | None:
        """USD for all tasks: by Braket's tracker if it saw them all and knows the prices, else by ours.

        None if tasks ran on a device whose price is not known here.
        """
        if not self.records:
            return 0.0
        seen = set(tracker.tracked_resources()) if tracker else set()
        if tracker and seen >= {record.arn for record in self.records}:
            # Braket downloads its price list without a timeout of its own, at the very end of the job.
            before = socket.getdefaulttimeout()
            socket.setdefaulttimeout(_LONGEST_DOWNLOAD)
            try:
                return float(tracker.qpu_tasks_cost() + tracker.simulator_tasks_cost())
            except Exception as error:  # noqa: BLE001 - it downloads a price list, which fails in many ways
                print(f"Braket's price list cannot be used ({type(error).__name__}: {error}).")
            finally:
                socket.setdefaulttimeout(before)
        if price is None or any(record.device != device for record in self.records):
            return None
        return math.fsum(price.of(record.shots, record.simulated_seconds) for record in self.records)

    def state(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Accounts:
        """What `state` returned."""
        return cls(**{**state, "records": [TaskRecord(**record) for record in state["records"]]})

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what `state` returned."""
        vars(self).update(vars(Accounts.from_state(state)))
