"""Optuna: one study for each algorithm, one trial for each job, for its plots, importances and samplers.

The destination is an Optuna storage address: an SQLite file beside the sweep by default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from sweeper.comparison.compare import sections_of
from sweeper.comparison.metric import numbers
from sweeper.errors import SweeperError
from sweeper.export import needs
from sweeper.provenance import without_secrets
from sweeper.selection import swept_keys
from sweeper.states import JobState

if TYPE_CHECKING:
    from sweeper.api import Sweep

DESTINATION = "sqlite:///{folder}/optuna.db"

_ATTRIBUTES = ("job", "value", "stderr", "reference", "error", "ratio", "shots_total", "cost_usd", "seconds")


def export(sweep: Sweep, destination: str) -> str:
    """Write the studies, which minimise the objective.

    Raises:
        SweeperError: Optuna is missing, cannot open the storage, or has a study of the same name there.
    """
    try:
        import optuna
        from optuna.exceptions import DuplicatedStudyError, StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError  # what Optuna stores with
    except ImportError as error:
        raise needs("Optuna", "optuna") from error
    written = []
    shown = without_secrets(destination)
    sections = sections_of(sweep.results)
    for title, rows in sections:
        name = "-".join(filter(None, [sweep.folder.root.resolve().name, title.rpartition("=")[2]]))
        trials = _trials(rows, sweep.metrics, optuna)
        try:
            study = optuna.create_study(storage=destination, study_name=name, direction="minimize")
            study.add_trials(trials)
        except DuplicatedStudyError as error:
            raise SweeperError(
                f"{shown} already has a study {name!r}: delete it (optuna delete-study) or name "
                "another --output."
            ) from error
        except (StorageInternalError, SQLAlchemyError, ValueError, ImportError) as error:
            raise SweeperError(without_secrets(f"Optuna refuses {shown}: {error}")) from error
        left = len(rows) - len(trials)
        written.append(
            f"{len(trials)} trials in study {name!r}" + (f" ({left} unfinished left out)" if left else "")
        )
    return f"{'; '.join(written) or 'no jobs, so no study'} of {shown}"


def _trials(rows: pd.DataFrame, metrics: pd.DataFrame, optuna: Any) -> list[Any]:
    distributions = {
        key: found for key in swept_keys(rows) if (found := _distribution(rows[key], optuna)) is not None
    }
    logged = metrics[metrics["job"].isin(rows["job"])]
    first = logged["metric"].iloc[0] if len(logged) else None
    history = dict(iter(logged[logged["metric"] == first].groupby("job", sort=False)))
    ended = rows[[JobState(state).finished for state in rows["status"]]]
    return [
        _trial(row, objective, distributions, history.get(row["job"]), optuna)
        for row, objective in zip(ended.to_dict("records"), numbers(ended, "objective"), strict=True)
    ]


def _trial(
    row: Mapping[Any, Any],
    objective: float,
    distributions: Mapping[str, Any],
    history: pd.DataFrame | None,
    optuna: Any,
) -> Any:
    has = {key: _plain(row[key]) for key in distributions if not _missing(row[key])}
    complete = row["status"] == "COMPLETED" and not math.isnan(objective)
    attributes = {name: _plain(row[name]) for name in _ATTRIBUTES if not _missing(row[name])}
    if not _missing(row["reason"]):
        attributes["reason"] = row["reason"].partition("\n")[0]
    steps = {}
    if history is not None:
        iterations = history["iteration"].fillna(pd.Series(range(len(history)), index=history.index))
        steps = {int(at): float(value) for at, value in zip(iterations, history["value"], strict=True)}
    state = optuna.trial.TrialState
    return optuna.trial.create_trial(
        state=state.COMPLETE if complete else state.FAIL,
        value=objective if complete else None,
        params=has,
        distributions={key: distributions[key] for key in has},
        intermediate_values={at: value for at, value in steps.items() if math.isfinite(value)},
        user_attrs=attributes,
    )


def _distribution(column: pd.Series[Any], optuna: Any) -> Any:
    """The range of a key: what was swept of it; none where no job has a value."""
    given = column.dropna()
    if given.empty:
        return None
    if pd.api.types.is_bool_dtype(given) or not pd.api.types.is_numeric_dtype(given):
        return optuna.distributions.CategoricalDistribution(
            [_plain(value) for value in given.drop_duplicates()]
        )
    low, high = _plain(given.min()), _plain(given.max())
    kinds = optuna.distributions
    return (kinds.IntDistribution if isinstance(low, int) else kinds.FloatDistribution)(low, high)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _plain(value: Any) -> Any:
    """A value of Python's own types; numpy's are refused by databases."""
    return value.item() if hasattr(value, "item") else value
