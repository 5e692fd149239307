"""SLSQP: sequential least squares programming (Kraft 1988)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.cost import CostFunction
from algorithms.gradients import Gradient, check_gradient, read_gradient
from algorithms.hyperparameters import Hyperparameters
from algorithms.optimizers._interface import Function, Optimum
from algorithms.optimizers._scipy_gradient import minimize_with


@dataclass(frozen=True)
class Optimizer:
    """SLSQP's options.

    Attributes:
        ftol: Stops when the objective changes by less than this.
        gradient: The rule for the gradient.
    """

    ftol: float
    gradient: Gradient
    checked: ClassVar = ("gradient",)

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters."""
        return cls(options.number("ftol", above=0.0), read_gradient(options))

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
        """Minimise; deterministic."""
        options = {"ftol": self.ftol}
        return minimize_with("SLSQP", options, self.gradient, objective, start, max_evaluations)
