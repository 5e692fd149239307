"""Grid: a scan of the whole landscape, evaluated as one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from algorithms.hyperparameters import HyperparameterError
from algorithms.optimizers._interface import Function, Optimum
from algorithms.options import Option


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
        size = self.points ** len(start)
        if size > max_evaluations:
            raise HyperparameterError(
                f"optimizer=grid has {self.points}^{len(start)} = {size} points, but max_iterations is "
                f"{max_evaluations}: raise it, or lower optimizer.points."
            )
        axes = self._axes(objective, start)
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(start))
        values = objective.batch(grid)
        return Optimum(grid[int(np.argmin(values))], f"All {size} points of the grid were evaluated.")

    def _axes(self, objective: Function, start: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        if self.span is not None:
            return [np.linspace(x - self.span / 2, x + self.span / 2, self.points) for x in start]
        if objective.periods is None:
            raise HyperparameterError(
                "optimizer=grid cannot scan one period of each parameter, because this objective has none: "
                "set optimizer.span."
            )
        return [np.linspace(0.0, period, self.points, endpoint=False) for period in objective.periods]
