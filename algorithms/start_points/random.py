"""Random angles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from algorithms.graph import Graph
from algorithms.start_points._interface import Angles


@dataclass(frozen=True)
class Start:
    """Random angles, over the whole period of unweighted graphs: gamma in [0, 2π), beta in [0, π)."""

    def __call__(
        self,
        graph: Graph,  # noqa: ARG002
        depth: int,
        rng: np.random.Generator,
    ) -> Angles:
        """The angles, shape (2 * depth,), in rad."""
        return np.concatenate([rng.uniform(0, 2 * np.pi, depth), rng.uniform(0, np.pi, depth)])
