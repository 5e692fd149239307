"""A hybrid job of a variational algorithm: what all their scripts share, and what each adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from algorithms import optimizers, variational
from algorithms.expectation import Expectation
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.randomness import RandomStreams
from algorithms.settings import Settings


@dataclass(frozen=True)
class Job:
    """What a script adds to what all of them share.

    Attributes:
        expectation: What is optimised.
        search: From the random numbers of the start point to a way to use the optimizer.
        qubits: Of each circuit.
        metadata: What `metadata.json` says beside the settings.
        regardless_of: Hyperparameters of its own that change nothing in the most that a job asks for.
        results: What `results.json` says beside what all algorithms save, once the run has ended.
    """

    expectation: Expectation
    search: Callable[[np.random.Generator], variational.Search]
    qubits: int
    metadata: Mapping[str, Any]
    regardless_of: tuple[str, ...] = ()
    results: Callable[[variational.Run], Mapping[str, Any]] = lambda run: {}  # noqa: ARG005


_REGARDLESS_OF = (
    *("seed", "reference", "stop.patience", "stop.tolerance", "retry.attempts", "retry.first_pause"),
    *("noise.depolarizing", "noise.amplitude_damping", "noise.readout"),
    *("execution", "fallback_device", "warmup.device"),
)
"""Hyperparameters of all algorithms that change nothing in the most that a job asks for."""

Read = Callable[[Hyperparameters, Settings], Job]
"""How a script reads its own hyperparameters; raises `HyperparameterError`."""


def run(read: Read) -> None:
    """Read the hyperparameters of this job, optimise, and save the result.

    Raises:
        HyperparameterError: A hyperparameter is missing, malformed or unknown, or some do not go together; no
            circuit has run.
    """
    settings, job, search, streams = _prepared(read, Hyperparameters.of_this_job())
    done = variational.run(job.expectation, search, settings, streams)
    variational.save(
        done,
        job.expectation,
        settings,
        results_of_algorithm=job.results(done),
        metadata_of_algorithm={**job.metadata, "qubits": job.qubits},
    )


def workload(read: Read, hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """The most that a job with these hyperparameters will ask of its devices; no circuit is made.

    Every evaluation of the optimizer and the final one takes one task for each circuit. A task that failed is
    not billed (`braket.tracking` counts it as nothing), so that trying it again adds nothing. Where an answer
    was lost, and so two tasks may be billed for one circuit, the job counts both, and ends before its bound.

    Returns:
        What `docs/contract.md` says of `braket_workload`, and `parameters` and `circuits` of an evaluation.
    """
    try:
        settings, job, _, _ = _prepared(read, Hyperparameters(hyperparameters, Path()))
        optimizers.check(settings.method, job.expectation, settings.max_evaluations)
    except HyperparameterError as error:
        return {"refused": str(error)}
    circuits = job.expectation.circuits
    warmup = settings.warmup
    warming = min(warmup.iterations, settings.max_evaluations) if warmup else 0
    schedule = settings.schedule
    return {
        "refused": None,
        "qubits": job.qubits,
        "tasks": (settings.max_evaluations - warming + 1) * circuits,
        "shots_per_task": max(settings.shots, schedule.first) if schedule else settings.shots,
        "warmup_tasks": warming * circuits,
        "warmup_shots_per_task": warmup.shots if warmup and warming else 0,
        "regardless_of": [
            *_REGARDLESS_OF,
            *job.regardless_of,
            *(f"optimizer.{name}" for name in optimizers.unchecked(settings.method)),
        ],
        "parameters": job.expectation.parameters,
        "circuits": circuits,
    }


def _prepared(read: Read, given: Hyperparameters) -> tuple[Settings, Job, variational.Search, RandomStreams]:
    settings = Settings.read(given)
    job = read(given, settings)
    given.finish()
    streams = RandomStreams.from_seed(settings.seed)
    return settings, job, job.search(streams.start), streams
