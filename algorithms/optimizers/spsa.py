"""SPSA: simultaneous perturbation stochastic approximation.

After J. C. Spall, "Implementation of the simultaneous perturbation algorithm for stochastic
optimization", IEEE Transactions on Aerospace and Electronic Systems 34, 817 (1998): the gradient along one
random direction from two evaluations, whatever the number of parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from algorithms.optimizers._interface import Function, Optimum
from algorithms.options import Option

_CALIBRATION_PAIRS = 5
_CALIBRATION_SHARE = 5
"""Calibration takes at most one pair of evaluations in five."""


@dataclass(frozen=True)
class Optimizer:
    """Simultaneous perturbation stochastic approximation (Spall 1998).

    Step k = 0, 1, … has size `a_k` and perturbs by `c_k`.

    `a_k = a / (stability + k + 1) ** alpha`, `c_k = c / (k + 1) ** gamma`. Spall recommends
    alpha = 0.602, gamma = 0.101 and a stability of about a tenth of the steps.
    """

    a: Annotated[
        float | None,
        Option(
            "Scale of the steps; null: the first evaluations choose it",
            unit="rad² per unit of the objective",
            above=0,
        ),
    ] = None
    c: Annotated[
        float,
        Option("First perturbation; best above the noise of the objective", unit="rad", above=0),
    ] = 0.2
    alpha: Annotated[float, Option("How fast the steps shrink", above=0)] = 0.602
    gamma: Annotated[float, Option("How fast the perturbation shrinks", above=0)] = 0.101
    stability: Annotated[
        float, Option("Allows a larger a without wild first steps; Spall's A", unit="steps", at_least=0)
    ] = 0.0

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
