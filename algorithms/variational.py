"""What all variational algorithms share: read, optimise, evaluate afresh, save."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from braket.jobs import get_job_device_arn
from braket.tracking import Tracker
from numpy.typing import NDArray

from algorithms import results
from algorithms.accounting import Accounts, Allowance
from algorithms.checkpoint import Checkpoint
from algorithms.devices import open_device
from algorithms.execution import EXECUTIONS
from algorithms.expectation import Expectation
from algorithms.failures import BoundReachedError
from algorithms.measurement import Estimate, QuantumTasks
from algorithms.objective import Evaluation, Objective, OptimizationStoppedError
from algorithms.optimizers import Optimum
from algorithms.optimizers._interface import Function
from algorithms.randomness import RandomStreams
from algorithms.settings import SCHEDULES, Settings

Vector = NDArray[np.float64]
Minimize = Callable[[Function, Vector, int], Optimum]
"""An optimizer: of a function, from a start, with at most so many evaluations."""
Search = Callable[[Minimize, Objective, int], Optimum]
"""A way to use an optimizer on the objective with all the evaluations there are."""


@dataclass(frozen=True)
class Run:
    """A finished optimisation.

    Attributes:
        final: Fresh estimate at the optimizer's parameters: shots the optimizer has not seen, so it
            carries none of the luck by which noisy minima are selected.
        optimum: Where the optimizer ended.
        objective: All its evaluations.
        tasks: What was spent, the final evaluation included.
        simulator: Where the circuits ran: a simulator's own name, or the device's ARN.
        cost_usd: Fees of the quantum tasks, with those whose creation was never answered; None if not known.
    """

    final: Estimate
    optimum: Optimum
    objective: Objective
    tasks: QuantumTasks
    simulator: str
    cost_usd: float | None


def from_point(start: Vector) -> Search:
    """Search from one point."""
    return lambda minimize, objective, evaluations: minimize(objective, start, evaluations)


def run(expectation: Expectation, search: Search, settings: Settings, streams: RandomStreams) -> Run:
    """Optimise `expectation` on this job's device, and evaluate the outcome afresh.

    Where the quantum tasks could come to cost more than their bound, the search ends as it does at the limit
    of evaluations: the best so far is evaluated afresh, for which enough was kept.

    Raises:
        BoundReachedError: Not even one evaluation, or the final one, fits into the bound.
    """
    tracker = Tracker()
    with tracker:
        primary, warmup, simulator = _devices(settings, streams)
        devices = [device for device in (primary, primary.fallback, warmup) if device]
        record = Checkpoint(settings.digest, devices, expectation, streams.shots)

        def plan(number: int) -> tuple[QuantumTasks, int]:
            if warmup and settings.warmup and number < settings.warmup.iterations:
                return warmup, warmup.shots
            return primary, _scheduled_shots(settings, number)

        primary.allowance.kept = _final_tasks(expectation, primary)
        objective = Objective(
            expectation, primary, settings.max_evaluations, plan=plan, stop=settings.stop, record=record
        )

        def minimize(function: Function, start: Vector, evaluations: int) -> Optimum:
            return settings.method.minimize(function, start, evaluations, streams.optimizer)

        try:
            optimum = search(minimize, objective, settings.max_evaluations)
        except (OptimizationStoppedError, BoundReachedError) as stopped:
            if not objective.evaluations:
                raise
            optimum = Optimum(objective.chosen_point, str(stopped))
        primary.allowance.kept = ()
        final = _final(expectation, optimum.x, primary, record)
    fees = primary.accounts.cost(primary.allowance.prices, tracker)
    if fees is not None:
        fees += primary.accounts.unclear_usd
    return Run(final, optimum, objective, primary, simulator, fees)


def _devices(settings: Settings, streams: RandomStreams) -> tuple[QuantumTasks, QuantumTasks | None, str]:
    """The job's own device with its fallback, the warm-up device, and the name of the first."""
    accounts = Accounts()
    own, fees = get_job_device_arn(), settings.fees
    of_devices = [(own, fees.own), (settings.fallback_device, fees.fallback)]
    if settings.warmup:
        of_devices.append((settings.warmup.device, fees.warmup))
    prices = {device: price for device, price in of_devices if device and price}
    allowance = Allowance(accounts, prices, fees.bound_usd)

    def tasks_on(device_string: str, shots: int, **options: Any) -> tuple[QuantumTasks, str]:
        backend = open_device(device_string, streams.shots)
        options |= {"accounts": accounts, "allowance": allowance, "retry": settings.tasks}
        return QuantumTasks(backend.device, shots, name=device_string, **options), backend.name

    fallback = warmup = None
    if settings.fallback_device:
        fallback, _ = tasks_on(settings.fallback_device, settings.shots, count_as="fallback_tasks")
    if settings.warmup:
        warmup, _ = tasks_on(settings.warmup.device, settings.warmup.shots, count_as="warmup_tasks")
    primary, simulator = tasks_on(
        own,
        settings.shots,
        execute=EXECUTIONS[settings.execution],
        fallback=fallback,
        prepare=settings.noise.applied if settings.noise else None,
    )
    return primary, warmup, simulator


def _final_tasks(expectation: Expectation, primary: QuantumTasks) -> list[tuple[str, list[int]]]:
    """What the final evaluation takes, on the job's own device or else on its fallback: device and shots."""
    shots = expectation.allocate(
        primary.shots, len(expectation.executables(np.zeros(expectation.parameters)))
    )
    return [(one.name, shots) for one in (primary, primary.fallback) if one is not None]


def _scheduled_shots(settings: Settings, number: int) -> int:
    if settings.schedule is None:
        return settings.shots
    share = number / max(1, settings.max_evaluations - 1)
    return round(SCHEDULES[settings.schedule.kind](settings.schedule.first, settings.shots, share))


def _final(expectation: Expectation, x: Vector, tasks: QuantumTasks, record: Checkpoint) -> Estimate:
    """A fresh estimate, unless an earlier process has made it."""
    if known := record.replay(x):
        return known.estimate
    estimate = expectation.estimate(x, tasks)
    record.add([Evaluation(tuple(x.tolist()), estimate, time.time())])
    record.save()
    return estimate


def save(
    run: Run,
    expectation: Expectation,
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
            "simulator": run.simulator,
            "shots": settings.shots,
            "seed": settings.seed,
            "max_iterations": settings.max_evaluations,
            "stop": asdict(settings.stop) if settings.stop else None,
            "shots_schedule": asdict(settings.schedule) if settings.schedule else None,
            "execution": settings.execution,
            "noise": asdict(settings.noise) if settings.noise else None,
            "fallback_device": settings.fallback_device,
            "warmup": asdict(settings.warmup) if settings.warmup else None,
        }
    )
    if run.tasks.accounts.records:
        results.save_tasks(run.tasks.accounts.state()["records"])
    value, reference = run.final.value, settings.reference
    values = run.objective.values
    results.save_result(
        {
            "objective": expectation.sign * run.final.optimised,
            "value": value,
            "stderr": run.final.stderr,
            "reference": reference,
            "error": None if reference is None else value - reference,
            **results_of_algorithm,
            "evaluations": run.objective.evaluations + 1,
            "tasks": run.tasks.count,
            "shots_total": run.tasks.shots_total,
            "optimizer_best": expectation.sign * values.min() if len(values) else None,
            "parameters": run.optimum.x.tolist(),
            "message": run.optimum.message,
            "simulator": run.simulator,
            **_accounts_in_result(run, settings),
        }
    )


def _accounts_in_result(run: Run, settings: Settings) -> dict[str, Any]:
    """What was spent beyond the usual, as far as there was occasion for it."""
    accounts = run.tasks.accounts
    extra: dict[str, Any] = {}
    if settings.fallback_device:
        extra["fallback_tasks"] = accounts.fallback_tasks
    if settings.warmup:
        extra["warmup_tasks"] = accounts.warmup_tasks
    if accounts.retries:
        extra["retries"] = accounts.retries
    if accounts.records:
        extra["simulated_minutes"] = accounts.simulated_minutes
        extra["quantum_cost_usd"] = run.cost_usd
    if accounts.unclear_usd:
        extra["unclear_cost_usd"] = accounts.unclear_usd
    return extra
