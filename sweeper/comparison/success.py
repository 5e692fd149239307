"""The criterion by which a job is a success."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.comparison.faults import is_faulty
from sweeper.comparison.metric import completed, numbers
from sweeper.errors import ConfigError

CHEMICAL_ACCURACY = 1.6e-3
"""Ha, one kcal/mol; the usual goal of quantum chemistry."""


@dataclass(frozen=True)
class Success:
    """When the reported value of a job counts as success.

    Attributes:
        max_error: Largest |error| of a success, Ha, for jobs without a ratio (VQE).
        min_ratio: Smallest approximation ratio of a success, for jobs with a ratio (QAOA).
    """

    max_error: float = CHEMICAL_ACCURACY
    min_ratio: float = 0.9

    def __post_init__(self) -> None:
        if not self.max_error > 0:
            raise ConfigError(f"The largest error of a success has to be positive; it is {self.max_error:g}.")
        if not self.min_ratio > 0:
            raise ConfigError(
                f"The smallest ratio of a success has to be positive; it is {self.min_ratio:g}."
            )

    def reached(self, results: pd.DataFrame) -> NDArray[np.bool_]:
        """Which jobs succeeded, judged by the fresh evaluation that they report; shape (jobs,)."""
        ratio, error = numbers(results, "ratio"), numbers(results, "error")
        good = np.where(np.isnan(ratio), np.abs(error) <= self.max_error, ratio >= self.min_ratio)
        return np.asarray(good & completed(results) & ~is_faulty(results))

    def words(self, results: pd.DataFrame) -> str | None:
        """The criterion for these jobs in words; None if no job can be judged."""
        results = results[completed(results)]
        if np.isfinite(numbers(results, "ratio")).any():
            return f"ratio ≥ {self.min_ratio:g}"
        if np.isfinite(numbers(results, "error")).any():
            accuracy = " (chemical accuracy, Ha)" if self.max_error == CHEMICAL_ACCURACY else ""
            return f"|error| ≤ {self.max_error:g}{accuracy}"
        return None
