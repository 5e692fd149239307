"""What every optimizer offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.hyperparameters import Hyperparameters

Function = Callable[[NDArray[np.float64]], float]


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
    """A method with its options, which are the fields of the dataclass that implements this."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @classmethod
    def read(cls, options: Hyperparameters) -> Self:
        """Take the options from the hyperparameters `optimizer.<option>`, all of them required.

        Raises:
            HyperparameterError: An option is missing, malformed or out of range.
        """

    def minimize(
        self, objective: Function, start: NDArray[np.float64], max_evaluations: int, rng: np.random.Generator
    ) -> Optimum:
        """Minimise a (possibly noisy) function.

        Args:
            objective: Takes parameters in rad, shape (parameters,).
            start: Start point, shape (parameters,).
            max_evaluations: How often `objective` may be called; it ends the optimizer by an exception
                at the next call, which must be let through.
            rng: For stochastic optimizers; the outcome depends on nothing else that is random.
        """
