"""L-BFGS-B: limited-memory quasi-Newton (Byrd, Lu, Nocedal and Zhu 1995)."""

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
    """L-BFGS-B's options.

    Attributes:
        ftol: Stops when the objective changes by a smaller fraction than this, ...
        gtol: ... or no component of the gradient exceeds this.
        gradient: The rule for the gradient.
    """

    ftol: float
    gtol: float
    gradient: Gradient
    checked: ClassVar = ("gradient",)

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters."""
        ftol, gtol = (options.number(name, above=0.0) for name in ("ftol", "gtol"))
        return cls(ftol, gtol, read_gradient(options))

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
        options = {"ftol": self.ftol, "gtol": self.gtol}
        return minimize_with("L-BFGS-B", options, self.gradient, objective, start, max_evaluations)
