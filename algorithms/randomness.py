"""Independent random streams, all determined by one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RandomStreams:
    """One generator for each purpose, so that using more of one does not shift another.

    Attributes:
        start: Draws the start point: the same for every optimizer and number of shots.
        optimizer: Belongs to stochastic optimizers.
        shots: Draws a local simulator's measurements.
    """

    start: np.random.Generator
    optimizer: np.random.Generator
    shots: np.random.Generator

    @classmethod
    def from_seed(cls, seed: int) -> RandomStreams:
        """Spawn the streams from a non-negative seed."""
        return cls(*(np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)))
