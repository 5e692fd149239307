"""How often a 95 % confidence interval holds the mean, by simulation.

Errors of an optimizer are non-negative and skewed; shot noise is normal. The coverage goes into
docs/comparing.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sweeper.statistics.intervals import mean_interval

from .page import table, write

SWEEPS = 5_000
REPLICATES = (3, 5, 10, 30, 100)
Draw = Callable[[np.random.Generator, int], np.ndarray]
DISTRIBUTIONS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, n: rng.normal(2.0, 1.0, n), 2.0),
    "exponential": (lambda rng, n: rng.exponential(1.0, n), 1.0),
}
"""Each with its mean."""


def coverage(distribution: str, n: int, sweeps: int) -> float:
    """The share of simulated sweeps, each with n replicates, whose interval holds the mean; seeded."""
    draw, mean = DISTRIBUTIONS[distribution]
    rng = np.random.default_rng(2026)
    found = [mean_interval(draw(rng, n)) for _ in range(sweeps)]
    return float(np.mean([interval.low <= mean <= interval.high for interval in found]))


def run(evidence: Path) -> None:
    """Simulate, and write the table."""
    rows = [
        (name, *(f"{100 * coverage(name, n, SWEEPS):.1f} %" for n in REPLICATES)) for name in DISTRIBUTIONS
    ]
    figures = table(("values", *(f"n = {n}" for n in REPLICATES)), rows)
    (evidence / "coverage.md").write_text(figures)
    write("comparing.md", "coverage", figures)
