"""L-BFGS-B: limited-memory quasi-Newton (Byrd, Lu, Nocedal and Zhu 1995)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from algorithms.gradients import FollowsGradient
from algorithms.optimizers._interface import Function, Optimum
from algorithms.optimizers._scipy_gradient import minimize_with
from algorithms.options import Option


@dataclass(frozen=True)
class Optimizer(FollowsGradient):
    """Limited-memory quasi-Newton (Byrd, Lu, Nocedal and Zhu 1995)."""

    ftol: Annotated[float, Option("Stops when the objective changes by a smaller fraction", above=0)] = 1e-9
    gtol: Annotated[float, Option("Stops when no component of the gradient is larger", above=0)] = 1e-5

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
