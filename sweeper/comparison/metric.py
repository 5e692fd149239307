"""The measure by which jobs are compared, the same in every table, picture and verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.errors import ConfigError
from sweeper.results.selection import MAXIMISED, NOT_ONE_OBJECTIVE, check_columns

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Measure:
    """A column of the results table, and which of its numbers are better.

    Attributes:
        column: Name of the column; the measure has its unit.
        lower_is_better: Whether smaller numbers are better.
        of_size: Whether the absolute value counts, as for errors.
    """

    column: str
    lower_is_better: bool = True
    of_size: bool = False

    @property
    def name(self) -> str:
        """Name of the measure, such as `|error|` or `ratio`."""
        return f"|{self.column}|" if self.of_size else self.column

    def of(self, results: pd.DataFrame) -> NDArray[np.float64]:
        """The measure of every job; nan if a job has none. Shape (jobs,)."""
        values = numbers(results, self.column)
        return np.abs(values) if self.of_size else values

    def stderr(self, results: pd.DataFrame) -> NDArray[np.float64]:
        """Standard error of the measure of every job; nan if unknown. Shape (jobs,)."""
        stderr, value = numbers(results, "stderr"), numbers(results, "value")
        if self.column in ("value", "error"):
            return stderr
        if self.column == "ratio":
            reference = np.abs(numbers(results, "reference"))
            return stderr / np.where(reference > 0, reference, np.nan)
        is_value = np.abs(numbers(results, self.column)) == np.abs(value)
        found: NDArray[np.float64] = np.where(is_value, stderr, np.nan)
        return found

    def loss(self, results: pd.DataFrame) -> tuple[NDArray[np.float64], str]:
        """A form of the measure of which less is better, shape (jobs,), and its name, such as `1 − ratio`."""
        values = self.of(results)
        if self.lower_is_better:
            return values, self.name
        return (1 - values, f"1 − {self.name}") if self.column == "ratio" else (-values, f"−{self.name}")


def numbers(results: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as floats; nan replaces everything that is not a finite number. Shape (jobs,)."""
    values = pd.to_numeric(results[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def completed(results: pd.DataFrame) -> NDArray[np.bool_]:
    """Which jobs completed; shape (jobs,). Values of other jobs count nowhere."""
    return np.asarray(results["status"] == "COMPLETED")


def choose_measure(
    results: pd.DataFrame, wanted: str | None = None, direction: Direction | None = None
) -> Measure:
    """The measure of the wanted column, or of the most telling column that completed jobs have.

    The most telling column is the approximation ratio. Without ratios it is |error|, the distance from the
    exact reference. Without a reference it is the value, if the objective says which way the value is better.
    Otherwise it is the objective in its stated direction.

    Args:
        results: Rows of `results_frame`.
        wanted: The wanted column; None chooses the most telling one.
        direction: Direction of the wanted column; None derives it.

    Raises:
        ConfigError: There is no such column, it has no numbers, or the algorithms have objectives with
            opposite directions.
    """
    done = results[completed(results)]
    if wanted is None:
        having = {
            name
            for name in ("ratio", "error", "value")
            if name in done and np.isfinite(numbers(done, name)).any()
        }
        if "value" in having and value_is_minimised(done) is None:
            having.discard("value")
        wanted = next((name for name in ("ratio", "error", "value") if name in having), "objective")
    else:
        check_columns(results, [wanted])
        if not pd.api.types.is_numeric_dtype(results[wanted]) or pd.api.types.is_bool_dtype(results[wanted]):
            raise ConfigError(f"--metric {wanted}: this column holds no numbers.")
    if direction is not None:
        return Measure(wanted, direction == "minimize", of_size=wanted == "error")
    if wanted == "error":
        return Measure(wanted, of_size=True)
    if wanted == "ratio":
        return Measure(wanted, lower_is_better=False)
    if wanted in ("value", "result.optimizer_best"):
        return Measure(wanted, lower_is_better=value_is_minimised(done) is not False)
    if wanted == "objective" or _same(numbers(done, wanted), numbers(done, "objective")):
        return Measure(wanted, lower_is_better=objective_is_minimised(results))
    return Measure(wanted)


def objective_is_minimised(results: pd.DataFrame) -> bool:
    """Whether the objective is minimised, as `algorithm.direction` says.

    Raises:
        ConfigError: The algorithms have opposite directions, or sweeps state several for one algorithm.
    """
    if (said := results.attrs.get(NOT_ONE_OBJECTIVE)) is not None:
        raise ConfigError(said)
    maximised = set(results.attrs.get(MAXIMISED, ()))
    if "algorithm" not in results:
        return not maximised
    found = {str(name) in maximised for name in results["algorithm"].unique()}
    if len(found) > 1:
        raise ConfigError(
            "One of these algorithms minimises its objective and another maximises it: compare them by "
            "another column (--metric), or one at a time (--where algorithm=NAME)."
        )
    return True not in found


def value_is_minimised(results: pd.DataFrame) -> bool | None:
    """Whether a smaller value is better, as for an energy; False for a cut; None if nothing says so.

    If the objective is the value or its negative, its direction says so. If the objective is another quantity
    of the same state (CVaR), other jobs may say so, or the sign of the references of jobs with a ratio.
    """
    value, objective = numbers(results, "value"), numbers(results, "objective")
    telling = np.isfinite(value) & np.isfinite(objective) & (value != 0)
    if NOT_ONE_OBJECTIVE in results.attrs:
        telling[:] = False
    same, opposite = telling & (objective == value), telling & (objective == -value)
    if same.any() != opposite.any():
        return objective_is_minimised(results) == bool(same.any())
    if np.isfinite(numbers(results, "ratio")).any() and not same.any():
        return bool((numbers(results, "reference") < 0).any())
    return None


def _same(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    known = np.isfinite(second)
    return bool(known.any() and np.array_equal(first[known], second[known]))
