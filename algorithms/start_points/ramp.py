"""Angles of a short quantum annealing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from algorithms.graph import Graph
from algorithms.start_points._interface import Angles


@dataclass(frozen=True)
class Start:
    """Quantum annealing in `depth` steps: the cost turned on linearly, the mixer off.

    Sack and Serbyn, Quantum 5, 491 (2021), with the schedule taken at the middle of each step; the
    heights are close to the fixed angles of Wurtz and Lykov (2021) for 3-regular graphs.
    """

    def __call__(
        self,
        graph: Graph,  # noqa: ARG002
        depth: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Angles:
        """The angles, shape (2 * depth,), in rad."""
        time = (np.arange(depth) + 0.5) / depth
        return np.concatenate([1.2 * time, 0.75 * (1.0 - time)])
