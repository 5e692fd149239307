"""SciPy's gradient-based methods on an objective that counts its evaluations."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from algorithms.gradients import Gradient
from algorithms.optimizers._interface import Function, Optimum


def minimize_with(  # noqa: PLR0917
    method: Literal["SLSQP", "L-BFGS-B"],
    options: dict[str, Any],
    gradient: Gradient,
    objective: Function,
    start: NDArray[np.float64],
    max_evaluations: int,
) -> Optimum:
    """Run `scipy.optimize.minimize` with our gradient; if stopped, the best point it has tried counts."""
    gradient.evaluations(objective.spectra, len(start))  # refuses before the first evaluation
    best = np.inf

    def value(x: NDArray[np.float64]) -> float:
        nonlocal best
        found = objective(x)
        if found < best:
            best = found
            objective.at(x)
        return found

    limits: Any = {**options, "maxiter": max_evaluations}
    result = optimize.minimize(
        value, start, method=method, jac=lambda x: gradient(objective, x), options=limits
    )
    return Optimum(np.atleast_1d(result.x), str(result.message))
