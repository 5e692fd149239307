"""From the distribution of sampled cuts to the number that an optimizer maximises."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray

from algorithms.options import Option

Distribution = NDArray[np.float64]


class Aggregation(Protocol):
    """A functional of a distribution of values, in the values' unit."""

    linear: bool
    """Whether it is an expectation value, which the parameter-shift rule needs."""

    def __call__(self, values: NDArray[np.float64], frequencies: Distribution) -> float:
        """The functional of values with their frequencies, both of shape (outcomes,)."""


@dataclass(frozen=True)
class Mean:
    """The expectation value."""

    linear = True

    def __call__(self, values: NDArray[np.float64], frequencies: Distribution) -> float:
        """The mean."""
        return float(frequencies @ values)


@dataclass(frozen=True)
class CVaR:
    """Conditional value at risk: the mean of the best fraction `alpha`.

    Barkoutsos et al., Quantum 4, 256 (2020).
    """

    alpha: Annotated[
        float, Option("Fraction of the best shots that CVaR averages", above=0, at_most=1, name="cvar_alpha")
    ] = 0.25
    linear = False

    def __call__(self, values: NDArray[np.float64], frequencies: Distribution) -> float:
        """The mean of the largest values whose frequencies add up to `alpha`; the last one counts in part."""
        best_first = np.argsort(-values, kind="stable")
        counted = np.clip(
            self.alpha - np.concatenate([[0.0], np.cumsum(frequencies[best_first])[:-1]]), 0, None
        )
        weights = np.minimum(frequencies[best_first], counted)
        return float(weights @ values[best_first] / weights.sum())


@dataclass(frozen=True)
class Gibbs:
    """The Gibbs objective `ln ⟨exp(eta C)⟩ / eta` (Li et al., Phys. Rev. Research 2, 023074, 2020).

    Divided by eta it has the cut's unit; it is the mean for small eta and the largest value for large.
    """

    eta: Annotated[float, Option("Inverse temperature of the Gibbs objective", above=0, name="gibbs_eta")] = (
        1.0
    )
    linear = False

    def __call__(self, values: NDArray[np.float64], frequencies: Distribution) -> float:
        """The objective, computed relative to the largest value so that nothing overflows."""
        largest = values.max()
        return float(largest + math.log(frequencies @ np.exp(self.eta * (values - largest))) / self.eta)


AGGREGATIONS: dict[str, type[Aggregation]] = {"mean": Mean, "cvar": CVaR, "gibbs": Gibbs}
"""Every aggregation by the name of the hyperparameter `aggregation`."""
