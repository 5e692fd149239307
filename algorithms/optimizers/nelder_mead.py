"""Nelder-Mead: the downhill simplex (Nelder and Mead 1965)."""

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
    """Downhill simplex (Nelder and Mead 1965)."""

    initial_step: Annotated[
        float, Option("The first simplex: from the start along each axis", unit="rad", above=0)
    ] = 0.5
    xatol: Annotated[float, Option("Stops when the simplex is smaller", unit="rad", above=0)] = 1e-4
    fatol: Annotated[
        float, Option("Stops when the values at the simplex' corners differ by less", above=0)
    ] = 1e-4

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
