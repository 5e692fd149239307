"""COBYLA: constrained optimisation by linear approximation (Powell 1994)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from importlib import import_module
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from algorithms.hyperparameters import Hyperparameters
from algorithms.optimizers._interface import Function, Optimum

# scipy imports it at the first minimisation: jobs that are forked need not do so one by one.
with contextlib.suppress(ImportError):
    import_module("scipy._lib.pyprima")


@dataclass(frozen=True)
class Optimizer:
    """COBYLA's options.

    Attributes:
        rhobeg: First trust-region radius, rad.
        tol: Last trust-region radius, rad: it stops there.
    """

    rhobeg: float
    tol: float

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters."""
        return cls(rhobeg=options.number("rhobeg", above=0.0), tol=options.number("tol", above=0.0))

    def minimize(
        self,
        objective: Function,
        start: NDArray[np.float64],
        max_evaluations: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Optimum:
        """Minimise; deterministic."""
        # Fewer evaluations than a first simplex needs are raised to that, with a warning: here the
        # objective itself ends the search at the limit.
        maxiter = max(max_evaluations, len(start) + 2)
        result = optimize.minimize(
            objective,
            start,
            method="COBYLA",
            # A last radius above the first one is no search at all.
            options={"rhobeg": self.rhobeg, "tol": min(self.tol, self.rhobeg), "maxiter": maxiter},
        )
        return Optimum(result.x, str(result.message))
