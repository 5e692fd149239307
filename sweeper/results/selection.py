"""Columns and rows of a results table: swept keys, seeds and problems, and conditions like `shots>=1000`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from sweeper.errors import ConfigError

PROBLEM_KEYS = "problem_keys"
"""Key in a results table's `attrs`: further keys, beside `problem`'s own, that say the problem."""
MAXIMISED = "maximised"
"""Key in `attrs`: the algorithms that maximise their objective."""
OBJECTIVES = "objectives"
"""Key in `attrs`: the objective of each algorithm that states one (`algorithm.objective`)."""
NOT_ONE_OBJECTIVE = "not_one_objective"
"""Key in `attrs`: a sentence if several sweeps state different objectives of one algorithm."""
_OF_A_SCRIPT = "algorithm.hyperparameters."


def swept_keys(results: pd.DataFrame) -> list[str]:
    """The columns of a results table that hold the swept keys."""
    columns = list(results.columns)
    return columns[columns.index("status") + 1 : columns.index("objective")]


def seeds_randomness(key: str) -> bool:
    """Whether a config key only seeds randomness (`seed`, `problem.seed`, `problem.weight_seed`)."""
    name = key.rpartition(".")[2]
    return name == "seed" or name.endswith("_seed")


def says_the_problem(results: pd.DataFrame, key: str) -> bool:
    """Whether a key says which problem is solved: `problem`, what is below it, and what `attrs` name.

    Another bond length or another random graph is another problem with another exact answer. Jobs are
    compared on the same problems, and problems are not ranked.
    """
    named = results.attrs.get(PROBLEM_KEYS, ())
    return key.partition(".")[0] == "problem" or any(is_named(key, name) for name in named)


def is_named(key: str, name: str) -> bool:
    """Whether a name means a key: it is the whole key, or the short name of a script's hyperparameter."""
    return key in (name, f"{_OF_A_SCRIPT}{name}")


def short_name(key: str) -> str:
    """The short name of a script's hyperparameter; other keys are unchanged."""
    return key.removeprefix(_OF_A_SCRIPT)


def problem_keys(results: pd.DataFrame) -> list[str]:
    """The swept keys that say which problem is solved."""
    return [key for key in swept_keys(results) if says_the_problem(results, key)]


def design_keys(results: pd.DataFrame) -> list[str]:
    """The swept keys that distinguish candidates: all but seeds and problems."""
    return [
        key for key in swept_keys(results) if not seeds_randomness(key) and not says_the_problem(results, key)
    ]


def varies(results: pd.DataFrame, key: str) -> bool:
    """Whether a column has more than one value; a missing value counts as one."""
    return len(results[key].drop_duplicates()) > 1


def check_columns(results: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse a column that the table does not have.

    Raises:
        ConfigError: There is no such column; the message names the columns.
    """
    unknown = [column for column in columns if column not in results]
    if unknown:
        meant = [str(name) for name in results if str(name).endswith(f".{unknown[0]}")]
        hint = f" (did you mean {' or '.join(meant)}?)" if meant else ""
        raise ConfigError(
            f"There is no column {unknown[0]!r}{hint}; there are: {', '.join(results.columns)}."
        )


def select_all(results: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """The rows for which every condition holds.

    Raises:
        ConfigError: A condition cannot be evaluated.
    """
    for condition in conditions:
        results = select(results, condition)
    return results


def select(results: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows for which a condition such as `shots>=1000` holds.

    Raises:
        ConfigError: The condition cannot be evaluated; names the columns there are.
    """
    operators = (">=", "<=", "!=", "==", ">", "<", "=")
    for operator in operators:
        column, found, text = (part.strip() for part in condition.partition(operator))
        if found:
            break
    else:
        raise ConfigError(f"--where {condition!r} compares nothing: write COLUMN{'|'.join(operators)}VALUE.")
    check_columns(results, [column])
    values = results[column]
    compared: Any = values
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    try:
        wanted = float(text) if numeric else text
    except ValueError:
        raise ConfigError(f"--where {condition!r}: {column} is a number, and {text!r} is not.") from None
    if pd.api.types.is_bool_dtype(values):
        compared, wanted = values.astype("str").str.lower(), text.lower()
    elif not numeric:
        compared = values.astype("str")
    masks = {
        ">=": compared.ge,
        "<=": compared.le,
        "!=": compared.ne,
        "==": compared.eq,
        ">": compared.gt,
        "<": compared.lt,
        "=": compared.eq,
    }
    # As in SQL, no condition holds for a row without a value.
    kept: pd.DataFrame = results[masks[operator](wanted).fillna(value=False).astype(bool) & values.notna()]
    return kept
