"""Gradient descent with a fixed learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from algorithms.gradients import FollowsGradient
from algorithms.optimizers._interface import Function, Optimum
from algorithms.options import Option


@dataclass(frozen=True)
class Optimizer(FollowsGradient):
    """Gradient descent with a fixed learning rate."""

    learning_rate: Annotated[
        float, Option("Step for a gradient of 1", unit="rad² per unit of the objective", above=0)
    ] = 0.3

    def minimize(
        self,
        objective: Function,
        start: NDArray[np.float64],
        max_evaluations: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Optimum:
        """Minimise; deterministic. Evaluations that are not enough for another gradient are not spent."""
        x = np.array(start, dtype=float)
        steps = max_evaluations // self.gradient.evaluations(objective.spectra, len(x))
        for _ in range(steps):
            objective.at(x)
            x = x - self.learning_rate * self.gradient(objective, x)
        return Optimum(x, f"All {steps} steps that the evaluations allow were taken.")
