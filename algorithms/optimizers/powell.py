"""Powell's method: line searches along conjugate directions (Powell 1964)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from algorithms.optimizers._interface import Function, Optimum
from algorithms.options import Option


@dataclass(frozen=True)
class Optimizer:
    """Line searches along conjugate directions (Powell 1964)."""

    xtol: Annotated[float, Option("Relative accuracy of a line search", above=0)] = 1e-2
    ftol: Annotated[
        float, Option("Stops when a round of line searches improves by a smaller fraction", above=0)
    ] = 1e-2

    def minimize(
        self,
        objective: Function,
        start: NDArray[np.float64],
        max_evaluations: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Optimum:
        """Minimise; deterministic."""
        result = optimize.minimize(
            objective,
            start,
            method="Powell",
            options={
                "xtol": self.xtol,
                "ftol": self.ftol,
                "maxfev": max_evaluations,
                "maxiter": max_evaluations,
            },
        )
        return Optimum(np.atleast_1d(result.x), str(result.message))
