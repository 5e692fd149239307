"""The function an optimizer sees: it counts, logs, records and enforces the evaluation limit."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from braket.circuits import Circuit
from braket.jobs.metrics import log_metric
from numpy.typing import NDArray

from algorithms.measurement import Estimate, QuantumTasks


class CostFunction(Protocol):
    """What a variational algorithm estimates on a quantum device.

    Attributes:
        metric: Name under which each evaluation is logged.
        sign: 1 if smaller values are better, -1 if larger.
    """

    metric: str
    sign: float

    def circuits(self, parameters: NDArray[np.float64]) -> list[Circuit]:
        """The circuits of one evaluation."""

    def estimate(self, parameters: NDArray[np.float64], tasks: QuantumTasks) -> Estimate:
        """Run them and evaluate."""


class EvaluationLimitReachedError(Exception):
    """Ends an optimizer that asks for more evaluations than it may have."""


class Objective:
    """A cost function to be minimised, with a hard limit on evaluations.

    Args:
        cost: What to evaluate; maximised if its sign is -1.
        tasks: Where its circuits run.
        max_evaluations: One evaluation is one iteration of the logged metrics.
    """

    def __init__(self, cost: CostFunction, tasks: QuantumTasks, max_evaluations: int) -> None:
        self._cost = cost
        self._tasks = tasks
        self._max_evaluations = max_evaluations
        self._points: list[NDArray[np.float64]] = []
        self._values: list[float] = []

    def __call__(self, parameters: NDArray[np.float64]) -> float:
        """Estimate the objective at `parameters`, shape (parameters,).

        Raises:
            EvaluationLimitReachedError: All evaluations are spent; nothing runs.
        """
        iteration = self.evaluations
        if iteration >= self._max_evaluations:
            raise EvaluationLimitReachedError
        point = np.array(parameters, dtype=float)  # a copy: optimizers reuse theirs
        estimate = self._cost.estimate(point, self._tasks)
        log_metric(metric_name=self._cost.metric, value=estimate.value, iteration_number=iteration)
        log_metric(metric_name="stderr", value=estimate.stderr, iteration_number=iteration)
        self._points.append(point)
        self._values.append(self._cost.sign * estimate.value)
        return self._values[-1]

    @property
    def evaluations(self) -> int:
        """Evaluations so far."""
        return len(self._values)

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
        """Where the smallest value was seen; at least one evaluation is needed."""
        return self._points[int(np.argmin(self._values))]
