"""SLSQP: sequential least squares programming (Kraft 1988)."""

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
    """Sequential least squares programming (Kraft 1988)."""

    ftol: Annotated[float, Option("Stops when the objective changes by less", above=0)] = 1e-6

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
