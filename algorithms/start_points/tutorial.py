"""The Braket tutorial's start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from algorithms.graph import Graph
from algorithms.start_points._interface import Angles


@dataclass(frozen=True)
class Start:
    """The Braket tutorial's 0.1 and 0.5 in every layer.

    Its cost layer exp(-i 0.1 ZZ) is a gamma of -0.2.
    """

    def __call__(
        self,
        graph: Graph,  # noqa: ARG002
        depth: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Angles:
        """The angles, shape (2 * depth,), in rad."""
        return np.repeat([-0.2, 0.5], depth)
