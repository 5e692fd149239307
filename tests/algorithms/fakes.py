"""Devices that answer as Braket's do, fail when told to and keep count; and a search outside a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
from botocore.exceptions import ClientError
from braket.circuits import Circuit
from braket.devices import LocalSimulator

from algorithms.objective import Objective, OptimizationStoppedError
from algorithms.optimizers import Optimizer, Optimum
from algorithms.variational import Vector

ARN = "arn:aws:braket:us-east-1:000000000000:quantum-task/"


def service_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} of the fake"}}, "CreateQuantumTask")


@dataclass
class FakeTask:
    """A quantum task that has ended in some state, whose result the SDK would return as None if it failed."""

    id: str
    ends_as: str
    outcome: Any
    reason: str = ""

    def state(self) -> str:
        return self.ends_as

    def result(self) -> Any:
        return self.outcome if self.ends_as == "COMPLETED" else None

    def metadata(self) -> dict[str, Any]:
        return {"failureReason": self.reason} if self.reason else {}


@dataclass
class FakeDevice:
    """A device that runs circuits on the local simulator, after the `script` of what goes wrong.

    An entry is an exception to raise, a state to end in (with a reason after a colon), or None for success;
    when the script has ended everything succeeds.
    """

    script: list[BaseException | str | None] = field(default_factory=list)
    status: str = "ONLINE"
    milliseconds: int = 5000
    runs: list[tuple[Circuit, int]] = field(default_factory=list)
    batches: int = 0
    tasks: dict[str, FakeTask] = field(default_factory=dict)
    _numbers: Any = field(default_factory=count)

    def run(self, circuit: Circuit, shots: int) -> FakeTask:
        self.runs.append((circuit, shots))
        event = self.script.pop(0) if self.script else None
        if isinstance(event, BaseException):
            raise event
        state, _, reason = (event or "COMPLETED").partition(":")
        result = LocalSimulator().run(circuit, shots=shots).result()
        if hasattr(result, "additional_metadata"):
            result.additional_metadata.simulatorMetadata = SimpleNamespace(
                executionDuration=self.milliseconds
            )
        task = FakeTask(f"{ARN}{next(self._numbers)}", state, result, reason)
        self.tasks[task.id] = task
        return task

    def run_batch(self, circuits: list[Circuit], shots: list[int]) -> SimpleNamespace:
        self.batches += 1
        return SimpleNamespace(tasks=[self.run(c, s) for c, s in zip(circuits, shots, strict=True)])


def optimize(
    method: Optimizer, objective: Objective, start: Vector, max_evaluations: int, rng: np.random.Generator
) -> Optimum:
    """Let an optimizer work until it stops or is stopped; then its own choice or the best point counts."""
    try:
        return method.minimize(objective, start, max_evaluations, rng)
    except OptimizationStoppedError as stopped:
        return Optimum(objective.chosen_point, str(stopped))
