"""Grid: a scan of the whole landscape, evaluated as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from algorithms.expectation import Expectation
from algorithms.hyperparameters import HyperparameterError
from algorithms.optimizers._interface import Function, Optimum
from algorithms.options import Option

_NO_PERIOD = (
    "optimizer=grid needs optimizer.span here: there is no period of each parameter to scan, as where edges "
    "of different weights share an angle."
)


@dataclass(frozen=True)
class Optimizer:
    """All points of a grid, evaluated as one batch."""

    points: Annotated[int, Option("Points along each parameter", at_least=2)] = 16
    span: Annotated[
        float | None,
        Option(
            "Length of each side around the start; null: one period of each parameter, from 0",
            unit="rad",
            above=0,
        ),
    ] = None
    checked: ClassVar = ("points", "span")

    def minimize(
        self,
        objective: Function,
        start: NDArray[np.float64],
        max_evaluations: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Optimum:
        """Evaluate all points; the best one wins. Deterministic.

        Raises:
            HyperparameterError: There are more points than evaluations, or no common period to scan.
        """
        size = self._size(len(start), max_evaluations)
        axes = self._axes(objective.periods, start)
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(start))
        values = objective.batch(grid)
        return Optimum(grid[int(np.argmin(values))], f"All {size} points of the grid were evaluated.")

    def check(self, expectation: Expectation, max_evaluations: int) -> None:
        """Refuse what `minimize` would."""
        self._size(expectation.parameters, max_evaluations)
        if self.span is None and expectation.periods() is None:
            raise HyperparameterError(_NO_PERIOD)

    def _size(self, parameters: int, max_evaluations: int) -> int:
        """Points of the whole grid."""
        size: int = self.points**parameters
        if size > max_evaluations:
            raise HyperparameterError(
                f"optimizer.points={self.points} is not possible: {self.points}^{parameters} points are more "
                f"than max_iterations={max_evaluations}. Raise max_iterations, or lower optimizer.points."
            )
        return size

    def _axes(self, periods: Sequence[float] | None, start: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        if self.span is not None:
            return [np.linspace(x - self.span / 2, x + self.span / 2, self.points) for x in start]
        if periods is None:
            raise HyperparameterError(_NO_PERIOD)
        return [np.linspace(0.0, period, self.points, endpoint=False) for period in periods]
