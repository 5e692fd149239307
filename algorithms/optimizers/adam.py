"""Adam: gradient descent with adaptive moments (Kingma and Ba, arXiv:1412.6980)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from algorithms.gradients import FollowsGradient
from algorithms.optimizers._interface import Function, Optimum
from algorithms.options import Option

_EPSILON = 1e-8


@dataclass(frozen=True)
class Optimizer(FollowsGradient):
    """Gradient descent with adaptive moments (Kingma and Ba 2014)."""

    learning_rate: Annotated[float, Option("Size of the first steps", unit="rad", above=0)] = 0.2
    beta1: Annotated[float, Option("Decay of the mean gradient", at_least=0, below=1)] = 0.9
    beta2: Annotated[float, Option("Decay of the mean squared gradient", at_least=0, below=1)] = 0.99

    def minimize(
        self,
        objective: Function,
        start: NDArray[np.float64],
        max_evaluations: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Optimum:
        """Minimise; deterministic. Evaluations that are not enough for another gradient are not spent."""
        x = np.array(start, dtype=float)
        mean, square = np.zeros_like(x), np.zeros_like(x)
        steps = max_evaluations // self.gradient.evaluations(objective.spectra, len(x))
        for step in range(1, steps + 1):
            objective.at(x)
            slope = self.gradient(objective, x)
            mean = self.beta1 * mean + (1.0 - self.beta1) * slope
            square = self.beta2 * square + (1.0 - self.beta2) * slope**2
            unbiased = mean / (1.0 - self.beta1**step)
            scale = np.sqrt(square / (1.0 - self.beta2**step)) + _EPSILON
            x = x - self.learning_rate * unbiased / scale
        return Optimum(x, f"All {steps} steps that the evaluations allow were taken.")
