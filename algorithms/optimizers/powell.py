"""Powell's method: line searches along conjugate directions (Powell 1964)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from algorithms.hyperparameters import Hyperparameters
from algorithms.optimizers._interface import Function, Optimum


@dataclass(frozen=True)
class Optimizer:
    """Powell's options.

    Attributes:
        xtol: Relative accuracy of a line search.
        ftol: Stops when a round of line searches improves the value by a smaller fraction than this.
    """

    xtol: float
    ftol: float

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters."""
        return cls(xtol=options.number("xtol", above=0.0), ftol=options.number("ftol", above=0.0))

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
