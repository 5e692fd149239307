"""The function an optimizer sees: it counts, logs, records and enforces the evaluation limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Protocol

import numpy as np
from braket.jobs.metrics import log_metric
from numpy.typing import NDArray

from algorithms.expectation import Expectation, Spectrum
from algorithms.measurement import Estimate, QuantumTasks
from algorithms.options import Option


class OptimizationStoppedError(Exception):
    """Ends an optimizer from outside; the message says why."""


class EvaluationLimitReachedError(OptimizationStoppedError):
    """Ends an optimizer that asks for more evaluations than it may have."""


class NoProgressError(OptimizationStoppedError):
    """Ends an optimizer that no longer improves."""


@dataclass(frozen=True)
class StoppingRule:
    """Stop when the best value has not improved for a while."""

    patience: Annotated[
        int, Option("Stop after so many evaluations without improvement; null: never", at_least=1)
    ]
    tolerance: Annotated[
        float,
        Option("What counts as improvement", unit="the objective's, Ha or weight of the cut", at_least=0),
    ] = 1e-3


@dataclass(frozen=True)
class Evaluation:
    """One evaluation as it is logged and kept for a restart.

    Attributes:
        point: The parameters, rad.
        estimate: What came out.
        timestamp: When, s since the epoch.
        fallback: Whether it used the fallback device.
    """

    point: tuple[float, ...]
    estimate: Estimate
    timestamp: float
    fallback: bool = False


class Record(Protocol):
    """Keeps evaluations beyond the end of the process."""

    def replay(self, point: NDArray[np.float64]) -> Evaluation | None:
        """The next evaluation of an earlier process, if it was at this point; None if it has to be done."""

    def add(self, evaluations: list[Evaluation]) -> None:
        """Keep new evaluations."""


Plan = Callable[[int], tuple[QuantumTasks, int]]
"""On which device, with how many shots of each circuit, an evaluation is done; by its number from 0."""


class Objective:
    """An expectation to be minimised, with a hard limit on evaluations.

    Args:
        expectation: What to evaluate; maximised if its sign is -1.
        tasks: Where its circuits run.
        max_evaluations: One evaluation is one iteration of the logged metrics.
        plan: Another device or number of shots for some evaluations.
        stop: Ends the optimizer early.
        record: Keeps evaluations for a restart.
    """

    def __init__(
        self,
        expectation: Expectation,
        tasks: QuantumTasks,
        max_evaluations: int,
        *,
        plan: Plan | None = None,
        stop: StoppingRule | None = None,
        record: Record | None = None,
    ) -> None:
        self._expectation = expectation
        self._tasks = tasks
        self._max_evaluations = max_evaluations
        self._plan = plan
        self._stop = stop
        self._record = record
        self._points: list[NDArray[np.float64]] = []
        self._values: list[float] = []
        self._counting: list[bool] = []
        self._best = np.inf
        self._best_at = 0
        self._current: NDArray[np.float64] | None = None

    def __call__(self, parameters: NDArray[np.float64]) -> float:
        """Estimate the objective at `parameters`, shape (parameters,).

        Raises:
            OptimizationStoppedError: All evaluations are spent, or there is no progress; nothing runs.
        """
        return float(self.batch(np.asarray(parameters)[np.newaxis])[0])

    def batch(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Estimate the objective at several points together, shape (points, parameters).

        Raises:
            OptimizationStoppedError: There is no progress, and nothing runs; or only as many of the points
                as evaluations are left were evaluated.
        """
        if self._stop and self.evaluations - self._best_at >= self._stop.patience:
            raise NoProgressError(
                f"Stopped: no improvement by more than {self._stop.tolerance:g} in "
                f"{self._stop.patience} evaluations."
            )
        allowed = [np.array(point, dtype=float) for point in points[: self.evaluations_left]]
        numbers = range(self.evaluations, self.evaluations + len(allowed))
        for (tasks, shots), stage in groupby(numbers, key=self._stage):
            self._evaluate([allowed[number - numbers.start] for number in stage], tasks, shots)
        if len(allowed) < len(points):
            raise EvaluationLimitReachedError(f"Stopped at the limit of {self._max_evaluations} evaluations.")
        return self.values[numbers.start :]

    def at(self, parameters: NDArray[np.float64]) -> None:
        """The optimizer's present choice, which counts if it is stopped."""
        self._current = np.array(parameters, dtype=float)

    def expect_progress(self) -> None:
        """Begin to look for progress afresh, as when another search begins."""
        self._best, self._best_at = np.inf, self.evaluations

    @property
    def spectra(self) -> list[Spectrum] | None:
        """As `Expectation.spectra`."""
        return self._expectation.spectra()

    @property
    def periods(self) -> list[float] | None:
        """As `Expectation.periods`."""
        return self._expectation.periods()

    @property
    def evaluations(self) -> int:
        """Evaluations so far."""
        return len(self._values)

    @property
    def evaluations_left(self) -> int:
        """Evaluations that may still be done."""
        return self._max_evaluations - self.evaluations

    @property
    def points(self) -> NDArray[np.float64]:
        """Every point evaluated, in order; shape (evaluations, parameters)."""
        return np.array(self._points)

    @property
    def values(self) -> NDArray[np.float64]:
        """The objective at every point; shape (evaluations,)."""
        return np.array(self._values)

    @property
    def best_point(self) -> NDArray[np.float64]:
        """Where the smallest value was seen; at least one evaluation is needed.

        A warm-up device's values count only if there are no others.
        """
        values = self.values
        if any(self._counting):
            values = np.where(self._counting, values, np.inf)
        return self._points[int(np.argmin(values))]

    @property
    def chosen_point(self) -> NDArray[np.float64]:
        """The optimizer's own present choice if it named one, else the best point."""
        return self.best_point if self._current is None else self._current

    def _stage(self, number: int) -> tuple[QuantumTasks, int]:
        return (self._tasks, self._tasks.shots) if self._plan is None else self._plan(number)

    def _evaluate(self, points: list[NDArray[np.float64]], tasks: QuantumTasks, shots: int) -> None:
        """Take what an earlier process has measured, measure the rest."""
        done = 0
        while self._record and done < len(points) and (known := self._record.replay(points[done])):
            self._note(known, tasks)
            done += 1
        # An embedded simulator gains nothing from a batch, and loses less if the process ends within it.
        size = 1 if tasks.embedded else max(1, len(points))
        for start in range(done, len(points), size):
            some = points[start : start + size]
            before = tasks.accounts.fallback_tasks
            estimates = self._expectation.estimates(some, tasks, shots)
            fallback = tasks.accounts.fallback_tasks > before
            now = time.time()
            new = [
                Evaluation(tuple(point.tolist()), estimate, now, fallback)
                for point, estimate in zip(some, estimates, strict=True)
            ]
            if self._record:
                self._record.add(new)
            for evaluation in new:
                self._note(evaluation, tasks)

    def _note(self, evaluation: Evaluation, tasks: QuantumTasks) -> None:
        """Log it, and keep it in the trajectories."""
        estimate, iteration = evaluation.estimate, self.evaluations
        metrics = {self._expectation.metric: estimate.value, "stderr": estimate.stderr}
        if estimate.target is not None:
            metrics["target"] = estimate.target
        if tasks is not self._tasks:
            metrics["warmup"] = 1.0
        if evaluation.fallback:
            metrics["fallback_used"] = 1.0
        for name, value in metrics.items():
            log_metric(
                metric_name=name, value=value, timestamp=evaluation.timestamp, iteration_number=iteration
            )
        value = self._expectation.sign * estimate.optimised
        self._points.append(np.array(evaluation.point))
        self._values.append(value)
        self._counting.append(tasks is self._tasks)
        if value < self._best - (self._stop.tolerance if self._stop else 0.0):
            self._best, self._best_at = value, self.evaluations
