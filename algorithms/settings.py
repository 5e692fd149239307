"""The hyperparameters of every variational algorithm here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from algorithms.accounting import Fees
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.measurement import Retry
from algorithms.noise import Noise
from algorithms.objective import StoppingRule
from algorithms.optimizers import OPTIMIZERS, Optimizer
from algorithms.options import Option, name_of, read

_MOST_SHOTS = 1_000_000_000
"""Of one task on an embedded simulator, which holds every shot in memory."""

_DEVICE = "local:|arn:aws"
_A_DEVICE = "a device ARN (arn:aws:braket:…) or an embedded simulator (local:<provider>/<name>)"


@dataclass(frozen=True)
class Warmup:
    """First evaluations on a cheap device."""

    iterations: Annotated[int, Option("First evaluations on another device; 0: none", at_least=1)]
    device: Annotated[
        str, Option("Device string of the other device", pattern=_DEVICE, expected=_A_DEVICE)
    ] = "local:braket/default"
    shots: Annotated[
        int, Option("Shots there; 0: exact expectation values", at_least=0, at_most=_MOST_SHOTS)
    ] = 1000


_NOT_DECISIVE = ("price.", "retry.")
"""Prefixes of hyperparameters that have no influence on the result: a checkpoint outlives their change."""

SCHEDULES: dict[str, Callable[[float, float, float], float]] = {
    "linear": lambda first, last, share: first + share * (last - first),
    "geometric": lambda first, last, share: first * (last / first) ** share,
}
"""From the first to the last number of shots, at a share from 0 to 1 of the evaluations."""


@dataclass(frozen=True)
class ShotsSchedule:
    """Shots that change from evaluation to evaluation."""

    kind: Annotated[
        Literal["linear", "geometric"], Option("Shots from the first evaluation to `shots` at the last")
    ]
    first: Annotated[int, Option("Shots of the first evaluation", at_least=1)] = 100


@dataclass(frozen=True)
class Settings:
    """The hyperparameters of every variational algorithm here; a feature whose keys are not passed is off.

    Attributes:
        digest: Of the device and all hyperparameters that decide the result.
    """

    shots: Annotated[int, Option("Shots of each circuit; 0: exact expectation values", at_least=0)]
    seed: Annotated[
        int, Option("Of the start point, the optimizer's chance and a local simulator's shots", at_least=0)
    ]
    max_evaluations: Annotated[
        int,
        Option(
            "Objective evaluations the optimizer may spend; a final one comes on top",
            name="max_iterations",
            at_least=1,
        ),
    ]
    method: Annotated[
        Optimizer, Option("The classical optimizer", name="optimizer", one_of=OPTIMIZERS, prefix="optimizer.")
    ]
    reference: Annotated[float | None, Option("The exact result; null: not known")]
    stop: Annotated[StoppingRule | None, Option(prefix="stop.", off=None)]
    schedule: Annotated[ShotsSchedule | None, Option(prefix="shots_schedule.", off="constant")]
    execution: Annotated[
        Literal["tasks", "batch", "program_set"],
        Option(
            "A task for each circuit; the same created in parallel; or one task for an evaluation's circuits",
            may_be_absent=True,
        ),
    ] = "tasks"
    tasks: Annotated[Retry, Option(prefix="retry.")] = field(default=Retry())
    fallback_device: Annotated[
        str | None,
        Option(
            "Device string for when the job's own is offline or keeps failing",
            pattern=_DEVICE,
            expected=_A_DEVICE,
            may_be_absent=True,
        ),
    ] = None
    warmup: Annotated[Warmup | None, Option(prefix="warmup.", off=0)] = None
    noise: Annotated[Noise | None, Option(prefix="noise.")] = None
    fees: Annotated[Fees, Option(prefix="price.")] = field(default_factory=Fees)
    digest: str = ""

    @property
    def optimizer(self) -> str:
        """The method's name."""
        return name_of(OPTIMIZERS, self.method)

    @classmethod
    def read(cls, given: Hyperparameters) -> Settings:
        """Take them from the job's hyperparameters.

        Raises:
            HyperparameterError: One is missing, malformed or out of range.
        """
        device = os.environ.get("AMZN_BRAKET_DEVICE_ARN", "")
        settings = read(cls, given, digest=f"{given.digest(without=_NOT_DECISIVE)} {device}")
        if settings.schedule and settings.shots == 0:
            raise HyperparameterError("shots_schedule needs shots; with shots=0 everything is exact.")
        return settings
