"""SPSA: simultaneous perturbation stochastic approximation.

After J. C. Spall, "Implementation of the simultaneous perturbation algorithm for stochastic
optimization", IEEE Transactions on Aerospace and Electronic Systems 34, 817 (1998): the gradient along one
random direction from two evaluations, whatever the number of parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from algorithms.hyperparameters import Hyperparameters
from algorithms.optimizers._interface import Function, Optimum

_CALIBRATION_PAIRS = 5
_CALIBRATION_SHARE = 5
"""Calibration takes at most one pair of evaluations in five."""


@dataclass(frozen=True)
class Optimizer:
    """SPSA's gain sequences; step k = 0, 1, … has size `a_k` and perturbs by `c_k`.

    `a_k = a / (stability + k + 1) ** alpha`, `c_k = c / (k + 1) ** gamma`. Spall recommends
    alpha = 0.602, gamma = 0.101 and a stability of about a tenth of the steps.

    Attributes:
        a: Scale of the steps, in rad² per unit of the objective; None to calibrate it, which the
            first evaluations are spent on.
        c: First perturbation, rad; best chosen such that it changes the objective by more than its noise.
        alpha: How fast the steps shrink.
        gamma: How fast the perturbation shrinks.
        stability: Spall's A, in steps: allows a larger `a` without wild first steps.
    """

    a: float | None
    c: float
    alpha: float
    gamma: float
    stability: float

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters."""
        return cls(
            a=options.optional_number("a", above=0.0),
            c=options.number("c", above=0.0),
            alpha=options.number("alpha", above=0.0),
            gamma=options.number("gamma", above=0.0),
            stability=options.number("stability", at_least=0.0),
        )

    def minimize(
        self, objective: Function, start: NDArray[np.float64], max_evaluations: int, rng: np.random.Generator
    ) -> Optimum:
        """Minimise; an evaluation left over by whole pairs is not spent."""
        x = np.array(start, dtype=float)
        pairs = max_evaluations // 2
        calibration = 0 if self.a is not None else min(_CALIBRATION_PAIRS, -(-pairs // _CALIBRATION_SHARE))
        a = self._calibrated(objective, x, calibration, rng) if self.a is None else self.a
        for k in range(pairs - calibration):
            objective.at(x)
            slope, direction = _slope(objective, x, self.c / (k + 1) ** self.gamma, rng)
            x -= a / (self.stability + k + 1) ** self.alpha * slope * direction
        return Optimum(x, f"All {pairs - calibration} steps of two evaluations were taken (a = {a:.4g}).")

    def _calibrated(
        self, objective: Function, x: NDArray[np.float64], pairs: int, rng: np.random.Generator
    ) -> float:
        """The `a` whose first step moves every parameter by about `c`, given the slopes at the start.

        The scale of an objective differs by orders of magnitude (a molecule's energy, a graph's cut),
        so no fixed `a` serves all; Spall's section III.B likewise sets it from the slope and a wanted step.
        """
        slopes = [abs(_slope(objective, x, self.c, rng)[0]) for _ in range(pairs)]
        typical = float(np.mean(slopes)) if slopes else 0.0
        return self.c * float((self.stability + 1) ** self.alpha) / (typical or 1.0)


def _slope(
    objective: Function, x: NDArray[np.float64], perturbation: float, rng: np.random.Generator
) -> tuple[float, NDArray[np.float64]]:
    """Slope along a random direction of ±1 in every parameter, from one evaluation to either side."""
    direction = rng.choice([-1.0, 1.0], size=x.shape)
    difference = objective(x + perturbation * direction) - objective(x - perturbation * direction)
    return difference / (2.0 * perturbation), direction
