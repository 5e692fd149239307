"""The whole config of one job, and the checks that need more than one of its groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from sweeper.schema.check import require
from sweeper.schema.execution import ShotsSchedule, Stop, Tasks, Warmup

LONGEST_RUNTIME_SECONDS = 432_000
"""Braket's limit of five days, not adjustable (StoppingCondition, Amazon Braket API reference)."""


@dataclass
class JobLimits:
    """What holds for one hybrid job, wherever it runs.

    Attributes:
        max_runtime_seconds: A job that runs longer is stopped and counts as failed.
        tags: Tags of the hybrid job.
    """

    max_runtime_seconds: int = 3600
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(
            1 <= self.max_runtime_seconds <= LONGEST_RUNTIME_SECONDS,
            "job.max_runtime_seconds",
            self.max_runtime_seconds,
            f"1 to {LONGEST_RUNTIME_SECONDS} (five days, Braket's limit)",
        )


@dataclass
class SweepConfig:
    """One job's config. The groups hold the dataclass of the chosen option.

    Attributes:
        shots: Shots of each quantum task; 0 for exact expectation values where the device can.
        seed: Seeds the start point, the optimizer and a simulator's shots.
        max_iterations: Objective evaluations the optimizer may spend. The word means the same for
            every optimizer, so that they are compared at equal cost.
        stop: When the optimizer is stopped early.
        shots_schedule: Shots that change from evaluation to evaluation.
        tasks: How circuits become quantum tasks, and what happens to those that fail.
        warmup: First evaluations on another device.
    """

    algorithm: Any = MISSING
    problem: Any = None
    device: Any = MISSING
    optimizer: Any = MISSING
    instance: Any = MISSING
    shots: int = 1000
    seed: int = 0
    max_iterations: int = 60
    stop: Stop = field(default_factory=Stop)
    shots_schedule: ShotsSchedule = field(default_factory=ShotsSchedule)
    tasks: Tasks = field(default_factory=Tasks)
    warmup: Warmup = field(default_factory=Warmup)
    job: JobLimits = field(default_factory=JobLimits)

    def __post_init__(self) -> None:
        require(self.shots >= 0, "shots", self.shots, "0 (exact expectation values) or more")
        require(self.seed >= 0, "seed", self.seed, "0 or more")
        require(self.max_iterations >= 1, "max_iterations", self.max_iterations, "1 or more")
        self.algorithm.check(self)
