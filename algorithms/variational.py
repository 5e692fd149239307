"""What all variational algorithms share: read, optimise, evaluate afresh, save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from braket.jobs import get_job_device_arn
from numpy.typing import NDArray

from algorithms import optimizers, results
from algorithms.devices import Backend, open_device
from algorithms.hyperparameters import Hyperparameters
from algorithms.measurement import Estimate, QuantumTasks
from algorithms.objective import CostFunction, EvaluationLimitReachedError, Objective
from algorithms.optimizers import Optimizer, Optimum
from algorithms.randomness import RandomStreams


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
    """

    shots: int
    seed: int
    max_iterations: int
    optimizer: str
    method: Optimizer
    reference: float | None

    @classmethod
    def read(cls, given: Hyperparameters) -> Settings:
        """Take them from the job's hyperparameters.

        Raises:
            HyperparameterError: One is missing, malformed or out of range.
        """
        optimizer = given.choice("optimizer", optimizers.available())
        return cls(
            shots=given.integer("shots", at_least=0),
            seed=given.integer("seed", at_least=0),
            max_iterations=given.integer("max_iterations", at_least=1),
            optimizer=optimizer,
            method=optimizers.optimizer_class(optimizer).read(given.prefixed("optimizer.")),
            reference=given.optional_number("reference"),
        )


@dataclass(frozen=True)
class Run:
    """A finished optimisation.

    Attributes:
        final: Fresh estimate at the optimizer's parameters: shots the optimizer has not seen, so it
            carries none of the luck by which noisy minima are selected.
        optimum: Where the optimizer ended.
        objective: All its evaluations.
        tasks: What was spent, the final evaluation included.
        backend: Where the circuits ran.
    """

    final: Estimate
    optimum: Optimum
    objective: Objective
    tasks: QuantumTasks
    backend: Backend


def run(cost: CostFunction, start: NDArray[np.float64], settings: Settings, streams: RandomStreams) -> Run:
    """Optimise `cost` on this job's device, from `start`, and evaluate the outcome afresh."""
    backend = open_device(get_job_device_arn(), streams.shots)
    tasks = QuantumTasks(backend.device, settings.shots)
    objective = Objective(cost, tasks, settings.max_iterations)
    optimum = optimize(settings.method, objective, start, settings.max_iterations, streams.optimizer)
    final = cost.estimate(optimum.x, tasks)
    return Run(final, optimum, objective, tasks, backend)


def optimize(
    method: Optimizer,
    objective: Objective,
    start: NDArray[np.float64],
    max_evaluations: int,
    rng: np.random.Generator,
) -> Optimum:
    """Let an optimizer work until it stops or its evaluations are spent; then the best point counts."""
    try:
        return method.minimize(objective, start, max_evaluations, rng)
    except EvaluationLimitReachedError:
        return Optimum(objective.best_point, f"Stopped at the limit of {max_evaluations} evaluations.")


def save(
    run: Run,
    cost: CostFunction,
    settings: Settings,
    *,
    results_of_algorithm: Mapping[str, Any],
    metadata_of_algorithm: Mapping[str, Any],
) -> None:
    """Write trajectories, metadata and, last, the result into the job's results folder."""
    results.save_array("parameter_trajectory.npy", run.objective.points)
    results.save_array("objective_trajectory.npy", run.objective.values)
    results.save_metadata(
        {
            **metadata_of_algorithm,
            "optimizer": settings.optimizer,
            "optimizer_options": asdict(settings.method),
            "device": get_job_device_arn(),
            "simulator": run.backend.name,
            "shots": settings.shots,
            "seed": settings.seed,
            "max_iterations": settings.max_iterations,
        }
    )
    value, reference = run.final.value, settings.reference
    values = run.objective.values
    results.save_result(
        {
            "objective": cost.sign * value,
            "value": value,
            "stderr": run.final.stderr,
            "reference": reference,
            "error": None if reference is None else value - reference,
            **results_of_algorithm,
            "evaluations": run.objective.evaluations + 1,
            "tasks": run.tasks.count,
            "shots_total": run.tasks.shots_total,
            "optimizer_best": cost.sign * values.min() if len(values) else None,
            "parameters": run.optimum.x.tolist(),
            "message": run.optimum.message,
            "simulator": run.backend.name,
        }
    )
