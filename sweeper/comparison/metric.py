"""Which column is compared, which direction is better, and what counts as success."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.errors import ConfigError
from sweeper.selection import check_columns

CHEMICAL_ACCURACY = 1.6e-3
"""Ha, one kcal/mol; the usual goal of quantum chemistry."""

_BY_PREFERENCE = ("ratio", "error", "value", "objective")
_WITH_THE_VALUE = frozenset({"value", "error", "result.optimizer_best"})
_HIGHER_IS_BETTER = frozenset({"ratio"})


@dataclass(frozen=True)
class Success:
    """When the reported value of a job counts as success.

    Attributes:
        max_error: Largest |error| where a job has no ratio, Ha (VQE).
        min_ratio: Smallest approximation ratio where it has one (QAOA).
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
        """Which jobs succeeded, by the fresh evaluation they report; shape (jobs,)."""
        ratio, error = numbers(results, "ratio"), numbers(results, "error")
        good = np.where(np.isnan(ratio), np.abs(error) <= self.max_error, ratio >= self.min_ratio)
        return np.asarray(good & completed(results))

    def words(self, results: pd.DataFrame) -> str | None:
        """The criterion that applies to these jobs; none where nothing can be judged."""
        if np.isfinite(numbers(results, "ratio")).any():
            return f"ratio ≥ {self.min_ratio:g}"
        if np.isfinite(numbers(results, "error")).any():
            accuracy = " (chemical accuracy, Ha)" if self.max_error == CHEMICAL_ACCURACY else ""
            return f"|error| ≤ {self.max_error:g}{accuracy}"
        return None


def numbers(results: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as floats; nan where there is no finite number. Shape (jobs,)."""
    values = pd.to_numeric(results[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def completed(results: pd.DataFrame) -> NDArray[np.bool_]:
    """Which jobs completed; shape (jobs,)."""
    return np.asarray(results["status"] == "COMPLETED")


def choose_metric(results: pd.DataFrame, wanted: str | None = None) -> str:
    """The wanted metric, or the most telling one that the jobs have: ratio, error, value or objective.

    Raises:
        ConfigError: There is no such column, or it holds no numbers.
    """
    if wanted is None:
        having = (name for name in _BY_PREFERENCE if np.isfinite(numbers(results, name)).any())
        return next(having, "objective")
    check_columns(results, [wanted])
    if not pd.api.types.is_numeric_dtype(results[wanted]):
        raise ConfigError(f"--metric {wanted}: this column holds no numbers.")
    return wanted


def lower_is_better(results: pd.DataFrame, metric: str) -> bool:
    """Whether less of a metric is better: true but for ratios, and values of an algorithm that maximises.

    Such an algorithm's objective, which is always minimised, is the negative of its value.
    """
    if metric in _HIGHER_IS_BETTER:
        return False
    if metric in _WITH_THE_VALUE:
        value, objective = numbers(results, "value"), numbers(results, "objective")
        return not np.any((objective == -value) & (value != 0))
    return True
