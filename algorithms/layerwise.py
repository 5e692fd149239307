"""QAOA depth by depth: each depth's search starts from the optimum of the one before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.expectation import Spectrum
from algorithms.objective import NoProgressError, Objective, OptimizationStoppedError
from algorithms.optimizers import Optimum
from algorithms.start_points import Angles
from algorithms.variational import Minimize, Search

Vector = NDArray[np.float64]


class ShareSpentError(OptimizationStoppedError):
    """Ends the search at one depth."""


class Shallower:
    """An objective of depth p seen as one of fewer layers: the angles of the missing ones are zero.

    Args:
        objective: Of angles gamma_1 … gamma_p, beta_1 … beta_p.
        layers: How many remain.
        depth: p.
        evaluations: How many may be done.
    """

    def __init__(self, objective: Objective, layers: int, depth: int, evaluations: int) -> None:
        self._objective = objective
        self._left = evaluations
        self._columns = [*range(layers), *range(depth, depth + layers)]
        self._depth = depth

    def full(self, points: Vector) -> Vector:
        """The points with all layers; shape (…, 2 * layers) becomes (…, 2 * depth)."""
        full = np.zeros((*points.shape[:-1], 2 * self._depth))
        full[..., self._columns] = points
        return full

    def shallow(self, point: Vector) -> Vector:
        """The remaining layers of a point of shape (2 * depth,)."""
        found: Vector = point[self._columns]
        return found

    def __call__(self, parameters: Vector, /) -> float:
        """The value at `parameters`, shape (2 * layers,)."""
        return float(self.batch(np.asarray(parameters)[np.newaxis])[0])

    def batch(self, points: Vector, /) -> Vector:
        """The values at several points.

        Raises:
            OptimizationStoppedError: No evaluations are left for this depth, or no progress is made.
        """
        allowed, self._left = points[: self._left], max(0, self._left - len(points))
        values = self._objective.batch(self.full(allowed)) if len(allowed) else np.zeros(0)
        if len(allowed) < len(points):
            raise ShareSpentError("Stopped at the limit of evaluations for this depth.")
        return values

    def at(self, parameters: Vector, /) -> None:
        """The optimizer's present choice."""
        self._objective.at(self.full(np.asarray(parameters)))

    @property
    def spectra(self) -> list[Spectrum] | None:
        """Of the remaining parameters.

        The last layer here counts as one of the deeper circuit's inner layers, which is exact too, only
        not the cheapest.
        """
        spectra = self._objective.spectra
        return None if spectra is None else [spectra[column] for column in self._columns]

    @property
    def periods(self) -> list[float] | None:
        """Of the remaining parameters."""
        periods = self._objective.periods
        return None if periods is None else [periods[column] for column in self._columns]


def layer_by_layer(start: Vector, depth: int) -> Search:
    """Search at depth 1 from `start`, (gamma, beta), then 2 … `depth`, with equal shares of evaluations."""

    def search(minimize: Minimize, objective: Objective, evaluations: int) -> Optimum:
        angles = start
        for layers in range(1, depth + 1):
            # What a depth leaves of its share goes to those that follow.
            share = (evaluations - objective.evaluations) // (depth - layers + 1)
            view = Shallower(objective, layers, depth, share)
            try:
                optimum = minimize(view, angles, share)
            except (ShareSpentError, NoProgressError) as stopped:
                optimum = Optimum(view.shallow(objective.chosen_point), str(stopped))
                objective.expect_progress()
            angles = optimum.x if layers == depth else one_layer_more(optimum.x)
        return Optimum(view.full(angles), optimum.message)

    return search


def one_layer_more(angles: Angles) -> Angles:
    """A start for depth p + 1 from the optimum of depth p, both gammas then betas.

    INTERP of Zhou, Wang, Choi, Pichler and Lukin, Phys. Rev. X 10, 021067 (2020), appendix B.
    """
    return np.concatenate([_stretch(half) for half in np.split(angles, 2)])


def _stretch(values: Angles) -> Angles:
    depth = len(values)
    padded = np.concatenate([[0.0], values, [0.0]])
    share = np.arange(depth + 1) / depth
    stretched: Angles = share * padded[:-1] + (1.0 - share) * padded[1:]
    return stretched
