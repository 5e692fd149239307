"""What every start point offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from algorithms.graph import Graph

Angles = NDArray[np.float64]


class Start(Protocol):
    """A start point; its options are the fields of the dataclass that implements this."""

    def __call__(self, graph: Graph, depth: int, rng: np.random.Generator) -> Angles:
        """The angles gamma_1 … gamma_p, beta_1 … beta_p in rad, shape (2 * depth,).

        Raises:
            HyperparameterError: There are none for this graph or depth.
        """
