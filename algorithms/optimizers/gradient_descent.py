"""Gradient descent with a fixed learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.cost import CostFunction
from algorithms.gradients import Gradient, check_gradient, read_gradient
from algorithms.hyperparameters import Hyperparameters
from algorithms.optimizers._interface import Function, Optimum


@dataclass(frozen=True)
class Optimizer:
    """Gradient descent's options.

    Attributes:
        learning_rate: Step for a gradient of 1, in rad² per unit of the objective.
        gradient: The rule for the gradient.
    """

    learning_rate: float
    gradient: Gradient
    checked: ClassVar = ("gradient",)

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters."""
        return cls(options.number("learning_rate", above=0.0), read_gradient(options))

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
        steps = max_evaluations // self.gradient.evaluations(objective.spectra, len(x))
        for _ in range(steps):
            objective.at(x)
            x = x - self.learning_rate * self.gradient(objective, x)
        return Optimum(x, f"All {steps} steps that the evaluations allow were taken.")
