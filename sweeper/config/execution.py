"""How a variational algorithm's evaluations are carried out. What is off does not travel to the job."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from sweeper.config.check import require
from sweeper.config.device import MOST_SHOTS


@dataclass
class Stop:
    """The stopping rule, the same for all optimizers.

    Attributes:
        patience: Stop when the best value has not improved for this many evaluations ...; none for never.
        tolerance: ... by more than this, in the objective's unit (Ha, or weight of the cut).
    """

    patience: int | None = None
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        require(self.patience is None or self.patience >= 1, "stop.patience", self.patience, "1 or more")
        require(0 <= self.tolerance < math.inf, "stop.tolerance", self.tolerance, "0 or more")

    def hyperparameters(self) -> dict[str, object]:
        """Nothing without patience."""
        if self.patience is None:
            return {}
        return {"stop.patience": self.patience, "stop.tolerance": self.tolerance}


@dataclass
class ShotsSchedule:
    """Shots that change with the evaluations, from `first` to `shots` at the last of `max_iterations`."""

    kind: Literal["constant", "linear", "geometric"] = "constant"
    first: int = 100

    def __post_init__(self) -> None:
        require(self.first >= 1, "shots_schedule.first", self.first, "1 or more")

    def hyperparameters(self) -> dict[str, object]:
        """Nothing if constant."""
        if self.kind == "constant":
            return {}
        return {"shots_schedule.kind": self.kind, "shots_schedule.first": self.first}


@dataclass
class Tasks:
    """How circuits become quantum tasks, and what happens to those that fail.

    Attributes:
        execution: `tasks`: one for each circuit; `batch`: as many, created in parallel by `run_batch`;
            `program_set`: one task, and one task fee, for the circuits of an evaluation.
        attempts: Tries of a task that fails for a passing reason.
        first_pause_seconds: Longest pause before the second try; it doubles from try to try.
        fallback_device: Device string of a device for when the job's own is offline or keeps failing.
    """

    execution: Literal["tasks", "batch", "program_set"] = "tasks"
    attempts: int = 4
    first_pause_seconds: float = 2.0
    fallback_device: str | None = None

    def __post_init__(self) -> None:
        require(1 <= self.attempts <= 20, "tasks.attempts", self.attempts, "1 to 20")
        pause = self.first_pause_seconds
        require(0 <= pause <= 3600, "tasks.first_pause_seconds", pause, "0 to 3600")
        if self.fallback_device is not None:
            require_device_string("tasks.fallback_device", self.fallback_device)

    def hyperparameters(self, embedded: bool) -> dict[str, object]:
        """What differs from the job's own defaults; an embedded simulator has no passing failures."""
        values: dict[str, object] = {}
        if self.execution != "tasks":
            values["execution"] = self.execution
        if not embedded:
            values["retry.attempts"] = self.attempts
            values["retry.first_pause"] = self.first_pause_seconds
        if self.fallback_device is not None:
            values["fallback_device"] = self.fallback_device
        return values


@dataclass
class Warmup:
    """The first `iterations` evaluations run on another `device` (a device string) with other `shots`."""

    iterations: int = 0
    device: str = "local:braket/default"
    shots: int = 1000

    def __post_init__(self) -> None:
        require(self.iterations >= 0, "warmup.iterations", self.iterations, "0 (no warm-up) or more")
        allowed = f"0 (exact expectation values) to {MOST_SHOTS}"
        require(0 <= self.shots <= MOST_SHOTS, "warmup.shots", self.shots, allowed)
        require_device_string("warmup.device", self.device)

    def hyperparameters(self) -> dict[str, object]:
        """Nothing without iterations."""
        if not self.iterations:
            return {}
        return {
            "warmup.iterations": self.iterations,
            "warmup.device": self.device,
            "warmup.shots": self.shots,
        }


def require_device_string(key: str, value: str) -> None:
    """Refuse what cannot be a device string.

    Raises:
        ConfigError: Neither an ARN nor an embedded simulator.
    """
    allowed = "a device ARN (arn:aws:braket:…) or an embedded simulator (local:<provider>/<name>)"
    require(value.startswith(("local:", "arn:aws")), key, value, allowed)
