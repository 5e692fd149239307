"""The hyperparameters of every variational algorithm here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from algorithms import optimizers
from algorithms.accounting import Fees
from algorithms.execution import EXECUTIONS
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.measurement import Retry
from algorithms.noise import Noise
from algorithms.objective import StoppingRule
from algorithms.optimizers import Optimizer


@dataclass(frozen=True)
class Warmup:
    """First evaluations on a cheap device.

    Attributes:
        iterations: How many.
        device: Device string.
        shots: Of each circuit.
    """

    iterations: int
    device: str
    shots: int


_NOT_DECISIVE = ("price.", "retry.")
"""Prefixes of hyperparameters that have no influence on the result: a checkpoint outlives their change."""

SCHEDULES: dict[str, Callable[[float, float, float], float]] = {
    "linear": lambda first, last, share: first + share * (last - first),
    "geometric": lambda first, last, share: first * (last / first) ** share,
}
"""From the first to the last number of shots, at a share from 0 to 1 of the evaluations."""


@dataclass(frozen=True)
class ShotsSchedule:
    """Shots that change from evaluation to evaluation, from `first` to the job's `shots`."""

    kind: str
    first: int


@dataclass(frozen=True)
class Settings:
    """The hyperparameters of every variational algorithm here.

    Attributes:
        shots: Shots of each circuit; 0 for exact expectation values.
        seed: Determines the start point, the optimizer's chance and a local simulator's shots.
        max_iterations: Objective evaluations the optimizer may spend; the final evaluation comes on top.
        optimizer: The method's name.
        method: The method with its options.
        reference: The exact result, if known.
        stop: Ends the search early; hyperparameters `stop.patience`, `stop.tolerance`.
        schedule: Hyperparameters `shots_schedule.kind`, `shots_schedule.first`.
        execution: A name in `execution.EXECUTIONS`.
        retry: Hyperparameters `retry.attempts`, `retry.first_pause`.
        fallback_device: Device string of the device to use when the job's own is offline or keeps failing.
        warmup: Hyperparameters `warmup.iterations`, `warmup.device`, `warmup.shots`.
        noise: Of the density-matrix simulator; hyperparameters `noise.…`.
        fees: Prices and bound of the quantum tasks; hyperparameters `price.…`.
        digest: Of the device and all hyperparameters that decide the result.
    """

    shots: int
    seed: int
    max_iterations: int
    optimizer: str
    method: Optimizer
    reference: float | None
    stop: StoppingRule | None
    schedule: ShotsSchedule | None
    execution: str
    retry: Retry
    fallback_device: str | None
    warmup: Warmup | None
    noise: Noise | None
    fees: Fees
    digest: str

    @classmethod
    def read(cls, given: Hyperparameters) -> Settings:
        """Take them from the job's hyperparameters; a feature whose keys are not passed is off.

        Raises:
            HyperparameterError: One is missing, malformed or out of range.
        """
        optimizer = given.choice("optimizer", optimizers.available())
        shots = given.integer("shots", at_least=0)
        device = os.environ.get("AMZN_BRAKET_DEVICE_ARN", "")
        schedule = _schedule(given)
        if schedule and shots == 0:
            raise HyperparameterError("shots_schedule needs shots; with shots=0 everything is exact.")
        return cls(
            shots=shots,
            seed=given.integer("seed", at_least=0),
            max_iterations=given.integer("max_iterations", at_least=1),
            optimizer=optimizer,
            method=optimizers.optimizer_class(optimizer).read(given.prefixed("optimizer.")),
            reference=given.optional_number("reference"),
            stop=_stop(given),
            schedule=schedule,
            execution=given.choice("execution", EXECUTIONS, default="tasks"),
            retry=_retry(given),
            fallback_device=given.text("fallback_device") if given.has("fallback_device") else None,
            warmup=_warmup(given),
            noise=Noise.read(given),
            fees=Fees.read(given),
            digest=f"{given.digest(without=_NOT_DECISIVE)} {device}",
        )


def _stop(given: Hyperparameters) -> StoppingRule | None:
    if not given.has("stop.patience"):
        return None
    return StoppingRule(
        given.integer("stop.patience", at_least=1), given.number("stop.tolerance", at_least=0.0)
    )


def _schedule(given: Hyperparameters) -> ShotsSchedule | None:
    if not given.has("shots_schedule.kind"):
        return None
    kind = given.choice("shots_schedule.kind", SCHEDULES)
    return ShotsSchedule(kind, given.integer("shots_schedule.first", at_least=1))


def _retry(given: Hyperparameters) -> Retry:
    if not given.has("retry.attempts"):
        return Retry()
    return Retry(given.integer("retry.attempts", at_least=1), given.number("retry.first_pause", at_least=0.0))


def _warmup(given: Hyperparameters) -> Warmup | None:
    if not given.has("warmup.iterations"):
        return None
    return Warmup(
        given.integer("warmup.iterations", at_least=1),
        given.text("warmup.device"),
        given.integer("warmup.shots", at_least=0),
    )
