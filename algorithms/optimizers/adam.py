"""Adam: gradient descent with adaptive moments (Kingma and Ba, arXiv:1412.6980)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.cost import CostFunction
from algorithms.gradients import Gradient, check_gradient, read_gradient
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.optimizers._interface import Function, Optimum

_EPSILON = 1e-8


@dataclass(frozen=True)
class Optimizer:
    """Adam's options.

    Attributes:
        learning_rate: Size of the first steps, rad.
        beta1: Decay of the mean gradient, below 1.
        beta2: Decay of the mean squared gradient, below 1.
        gradient: The rule for the gradient.
    """

    learning_rate: float
    beta1: float
    beta2: float
    gradient: Gradient
    checked: ClassVar = ("gradient",)

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters."""
        beta1, beta2 = (options.number(name, at_least=0.0) for name in ("beta1", "beta2"))
        if max(beta1, beta2) >= 1.0:
            raise HyperparameterError("optimizer.beta1 and optimizer.beta2 must be below 1.")
        return cls(options.number("learning_rate", above=0.0), beta1, beta2, read_gradient(options))

    def check(self, cost: CostFunction, max_evaluations: int) -> None:
        """Refuse a rule that is not exact here, and less than one gradient."""
        check_gradient(self.gradient, cost, max_evaluations)

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
