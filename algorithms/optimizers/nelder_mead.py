"""Nelder-Mead: the downhill simplex (Nelder and Mead 1965)."""

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
    """Nelder-Mead's options.

    Attributes:
        initial_step: The first simplex is the start point and one step along each axis, rad.
        xatol: Stops when the simplex is smaller than this, rad, ...
        fatol: ... and the values at its corners differ by less than this.
    """

    initial_step: float
    xatol: float
    fatol: float

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters."""
        return cls(
            initial_step=options.number("initial_step", above=0.0),
            xatol=options.number("xatol", above=0.0),
            fatol=options.number("fatol", above=0.0),
        )

    def minimize(
        self,
        objective: Function,
        start: NDArray[np.float64],
        max_evaluations: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Optimum:
        """Minimise; deterministic."""
        # scipy's own simplex is 5 % of each coordinate: next to nothing at a start point near zero.
        simplex = np.vstack([start, start + self.initial_step * np.eye(len(start))])
        result = optimize.minimize(
            objective,
            start,
            method="Nelder-Mead",
            options={
                "initial_simplex": simplex,
                "xatol": self.xatol,
                "fatol": self.fatol,
                "maxfev": max_evaluations,
                "maxiter": max_evaluations,
            },
        )
        return Optimum(result.x, str(result.message))
