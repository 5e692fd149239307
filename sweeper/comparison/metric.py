"""What is compared: one measure for every table, picture and verdict on the same jobs."""

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
    """A column, and which of its numbers are better.

    Attributes:
        column: The column, in that column's unit.
        lower_is_better: Its direction.
        of_size: Whether a number's distance from 0 counts and not its sign, as with errors.
    """

    column: str
    lower_is_better: bool = True
    of_size: bool = False

    @property
    def name(self) -> str:
        """What it is called, such as `|error|` or `ratio`."""
        return f"|{self.column}|" if self.of_size else self.column

    def of(self, results: pd.DataFrame) -> NDArray[np.float64]:
        """It of every job; nan where there is none. Shape (jobs,)."""
        values = numbers(results, self.column)
        return np.abs(values) if self.of_size else values

    def stderr(self, results: pd.DataFrame) -> NDArray[np.float64]:
        """Standard error of every job's; nan where none is known. Shape (jobs,)."""
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
        """The same turned so that less is better, shape (jobs,), and its name, such as `1 − ratio`."""
        values = self.of(results)
        if self.lower_is_better:
            return values, self.name
        return (1 - values, f"1 − {self.name}") if self.column == "ratio" else (-values, f"−{self.name}")


def numbers(results: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as floats; nan where there is no finite number. Shape (jobs,)."""
    values = pd.to_numeric(results[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def completed(results: pd.DataFrame) -> NDArray[np.bool_]:
    """Which jobs completed; shape (jobs,). What any other job left behind counts nowhere."""
    return np.asarray(results["status"] == "COMPLETED")


def choose_measure(
    results: pd.DataFrame, wanted: str | None = None, direction: Direction | None = None
) -> Measure:
    """The measure of a column, or of the most telling one that completed jobs have.

    That is the approximation ratio; else |error|, the distance from the exact reference, never the most
    negative one; else, without a reference, the value, if the objective says which way it is better; else
    the objective in its stated direction.

    Args:
        results: Rows of `results_frame`.
        wanted: The column.
        direction: Of the wanted column, where somebody says so.

    Raises:
        ConfigError: There is no such column, it holds no numbers, or algorithms with opposite directions
            are to be compared by their objectives.
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
    """The objective's stated direction (`algorithm.direction`).

    Raises:
        ConfigError: These jobs' algorithms have opposite ones, or sweeps have several for one algorithm.
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
    """Whether less of the value is better, as an energy, or more, as a cut; none if nothing says so.

    An objective that is the value, or its negative, says so by its own direction. An objective may be
    another quantity of the same state (CVaR); then other jobs, or an approximation ratio, which the exact
    optimum makes 1, may tell.
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
