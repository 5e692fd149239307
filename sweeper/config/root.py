"""The whole config of one job, and the checks that need more than one of its groups."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from omegaconf import MISSING

from sweeper.config.check import require
from sweeper.config.execution import SETTINGS, ShotsSchedule, Stop, Tasks, Warmup
from sweeper.contract.hyperparameters import INPUT_CHANNEL

LONGEST_RUNTIME_SECONDS = 432_000
"""Braket's limit of five days, not adjustable (StoppingCondition, Amazon Braket API reference)."""


@dataclass
class JobLimits:
    """What holds for one hybrid job, wherever it runs.

    Attributes:
        max_runtime_seconds: A job that runs longer is stopped and counts as failed.
        tags: Tags of the hybrid job.
        image_uri: Container image on AWS; None means Braket's base image.
        input_data: Local path or S3 URI of each input channel.
        reservation_arn: Braket Direct reservation of the device.
        retries: How often a job is retried after a transient failure.
        first_pause_seconds: The longest pause before the first retry; each further retry doubles it.
        allow_pickle: Read results that a job has pickled, which runs whatever code is in them.
        requirements: Whether jobs run on this machine if it has not what the source's requirements.txt asks
            for: `check` refuses, `ignore` goes on.
    """

    max_runtime_seconds: int = 3600
    tags: dict[str, str] = field(default_factory=dict)
    image_uri: str | None = None
    input_data: dict[str, str] = field(default_factory=dict)
    reservation_arn: str | None = None
    retries: int = 2
    first_pause_seconds: float = 10.0
    allow_pickle: bool = False
    requirements: Literal["check", "ignore"] = "check"

    def __post_init__(self) -> None:
        require(
            1 <= self.max_runtime_seconds <= LONGEST_RUNTIME_SECONDS,
            "job.max_runtime_seconds",
            self.max_runtime_seconds,
            f"1 to {LONGEST_RUNTIME_SECONDS} (five days, Braket's limit)",
        )
        require(0 <= self.retries <= 20, "job.retries", self.retries, "0 (none) to 20")
        pause = self.first_pause_seconds
        require(0 <= pause <= 3600, "job.first_pause_seconds", pause, "0 to 3600")
        for tag, text in self.tags.items():
            require(isinstance(text, str), f"job.tags.{tag}", text, "one text")
        for channel, place in self.input_data.items():
            one_text = "one path or S3 URI; several files are a folder, or a channel each"
            require(bool(place) and isinstance(place, str), f"job.input_data.{channel}", place, one_text)
            require(
                re.fullmatch(r"(?!\.+$)[A-Za-z0-9._-]{1,64}", channel) is not None
                and channel != INPUT_CHANNEL,
                "job.input_data",
                channel,
                f"a channel of letters, digits, dots, hyphens and underscores other than {INPUT_CHANNEL!r}",
            )


@dataclass
class Budget:
    """What the sweep may cost.

    Attributes:
        max_usd: No job is started with which the sweep could cost more than this many USD. Setting it
            is the consent that a paid sweep needs where nobody can be asked.
        spending_limit: Also set Braket's own spending limit on each QPU of the sweep, and remove it after.
    """

    max_usd: float | None = None
    spending_limit: bool = False

    def __post_init__(self) -> None:
        require(self.max_usd is None or self.max_usd >= 0, "budget.max_usd", self.max_usd, "0 or more")


@dataclass
class SweepConfig:
    """One job's config. The groups hold the dataclass of the chosen option.

    Attributes:
        shots: Shots of each quantum task; 0 for exact expectation values where the device can.
        seed: Seeds the start point, the optimizer and a simulator's shots.
        max_iterations: Objective evaluations the optimizer may spend. The word means the same for
            every optimizer, so that they are compared at equal cost.
        budget: What the sweep may cost.
        fail_fast: After the first failed job start no further one; what runs goes on to its end.
        max_failures: The same after so many failed jobs; None means no limit.
        reuse_from: Folders of other sweeps, whose finished results are taken over for equal combinations.
        accept_changes: Go on in a folder although the source or the configs have changed since.
        report: Write `report.html` at the end.
        rehearse: Before anything is paid for, run each distinct program briefly on this machine.
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
    budget: Budget = field(default_factory=Budget)
    rehearse: bool = True
    fail_fast: bool = False
    max_failures: int | None = None
    reuse_from: list[str] = field(default_factory=list)
    accept_changes: bool = False
    report: bool = True

    def __post_init__(self) -> None:
        for key in ("shots", "seed", "max_iterations"):
            SETTINGS[key].require(key, getattr(self, key))
        most = self.max_failures
        require(most is None or most >= 1, "max_failures", most, "1 or more, or null (no limit)")
        require(
            not (self.fail_fast and most is not None and most > 1),
            "max_failures",
            most,
            "1 or null beside fail_fast=true",
        )
        self.algorithm.check(self)
