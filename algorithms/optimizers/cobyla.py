"""COBYLA: constrained optimisation by linear approximation (Powell 1994), by one of two libraries.

NLopt's is compiled, and lets the trust region grow again where the linear model holds; SciPy's is written in
Python since version 1.16 (PRIMA), and takes about as long for a step as a small circuit. Their first points
are the same, their searches are not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from algorithms.hyperparameters import HyperparameterError
from algorithms.optimizers._interface import Function, Optimum
from algorithms.options import Option


@dataclass(frozen=True)
class Optimizer:
    """Constrained optimisation by linear approximation (Powell 1994)."""

    rhobeg: Annotated[float, Option("First trust-region radius", unit="rad", above=0)] = 0.5
    tol: Annotated[float, Option("Last trust-region radius, where it stops", unit="rad", above=0)] = 1e-4
    implementation: Annotated[
        Literal["auto", "nlopt", "scipy"],
        Option("The library: auto is nlopt where that is installed, else scipy", may_be_absent=True),
    ] = "auto"

    def __post_init__(self) -> None:
        """Settle `auto`; raises HyperparameterError if NLopt is asked for and cannot be imported."""
        object.__setattr__(self, "implementation", _available(self.implementation))

    def minimize(
        self,
        objective: Function,
        start: NDArray[np.float64],
        max_evaluations: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Optimum:
        """Minimise; deterministic."""
        tol = min(self.tol, self.rhobeg)  # a last radius above the first one is no search at all
        if self.implementation == "nlopt":
            return _by_nlopt(objective, start, self.rhobeg, tol)
        return _by_scipy(objective, start, self.rhobeg, tol, max_evaluations)


def _available(wanted: str) -> str:
    """The implementation to use; what `auto` means is said if it is the slow one."""
    if wanted == "scipy":
        return wanted
    try:
        import nlopt  # noqa: F401
    except ImportError as error:
        if wanted == "nlopt":
            raise HyperparameterError(
                f"optimizer.implementation=nlopt: nlopt cannot be imported here ({error}). Install it, or "
                "set optimizer.implementation=scipy."
            ) from error
        print(f"nlopt cannot be imported ({error}): COBYLA is SciPy's, which is slower.")
        return "scipy"
    return "nlopt"


def _by_nlopt(objective: Function, start: NDArray[np.float64], rhobeg: float, tol: float) -> Optimum:
    import nlopt

    best, best_value = start, math.inf
    stopped: BaseException | None = None
    search = nlopt.opt(nlopt.LN_COBYLA, len(start))

    def value(x: NDArray[np.float64], _: Any) -> float:
        nonlocal best, best_value, stopped
        try:
            found = objective(x)
            if not math.isfinite(found):  # it would look for its next point for ever
                raise ValueError(f"The objective is {found} at {x.tolist()}.")
        except BaseException as error:  # noqa: BLE001 - let through once the library's own code has ended
            stopped = error
            search.force_stop()
            return 0.0
        if found < best_value:
            best, best_value = x.copy(), found
        return found

    search.set_min_objective(value)
    search.set_initial_step(rhobeg)
    search.set_xtol_abs(tol)
    try:
        search.optimize(start)
    except (nlopt.ForcedStop, nlopt.RoundoffLimited):
        if stopped:
            raise stopped from None
        return Optimum(best, "Rounding errors allow no further step.")
    return Optimum(best, f"The trust region has shrunk to {tol:g} rad.")


def _by_scipy(
    objective: Function, start: NDArray[np.float64], rhobeg: float, tol: float, max_evaluations: int
) -> Optimum:
    # Fewer evaluations than a first simplex needs are raised to that, with a warning: here the objective
    # itself ends the search at the limit.
    maxiter = max(max_evaluations, len(start) + 2)
    options: Any = {"rhobeg": rhobeg, "tol": tol, "maxiter": maxiter}
    result = optimize.minimize(objective, start, method="COBYLA", options=options)
    return Optimum(result.x, str(result.message))
