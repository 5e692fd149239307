"""What every optimizer offers, and what it is offered."""

from __future__ import annotations

from dataclasses import Field, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from algorithms.expectation import Spectrum


class Function(Protocol):
    """The objective as an optimizer sees it.

    A call beyond the limit ends the optimizer by an exception, which must be let through.
    """

    def __call__(self, parameters: NDArray[np.float64], /) -> float:
        """The value at parameters in rad, shape (parameters,)."""

    def batch(self, points: NDArray[np.float64], /) -> NDArray[np.float64]:
        """The values at points of shape (points, parameters), evaluated together."""

    def at(self, parameters: NDArray[np.float64], /) -> None:
        """Name the present choice of parameters.

        It counts if the optimizer is ended from outside, instead of the point with the smallest value.
        """

    @property
    def spectra(self) -> list[Spectrum] | None:
        """How the function depends on each parameter, if that is known (`Expectation.spectra`)."""

    @property
    def periods(self) -> list[float] | None:
        """After which each parameter repeats itself, rad, if that is known."""


@dataclass(frozen=True)
class Optimum:
    """Where an optimizer ended.

    Attributes:
        x: The parameters it settled on, shape (parameters,).
        message: Why it stopped.
    """

    x: NDArray[np.float64]
    message: str


class Optimizer(Protocol):
    """A method with its options, which are the fields of the dataclass that implements this.

    One that does not fit every objective, or needs some evaluations at least, has also
    `check(expectation, max_evaluations)`, which raises `HyperparameterError` before a job is submitted, and
    in `checked` the names of the options at which that looks.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def minimize(
        self, objective: Function, start: NDArray[np.float64], max_evaluations: int, rng: np.random.Generator
    ) -> Optimum:
        """Minimise a (possibly noisy) function.

        Args:
            objective: Takes parameters in rad, shape (parameters,).
            start: Start point, shape (parameters,).
            max_evaluations: How often `objective` may be evaluated; it ends the optimizer by an exception
                at the next call, which must be let through.
            rng: For stochastic optimizers; the outcome depends on nothing else that is random.

        Raises:
            HyperparameterError: The options do not fit this objective; nothing was evaluated.
        """
