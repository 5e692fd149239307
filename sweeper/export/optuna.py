"""Optuna: one study for each problem of each algorithm, one trial for each job.

The value of a study is the measure of the sweep's rankings (|error|, ratio, or the objective in its
direction). Its best trial is therefore a job that the sweep's tables call best, and not one with a lucky
energy. A job that failed, or that has an impossible value, is a failed trial.

The destination is an Optuna storage address: an SQLite file beside the sweep by default.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweeper.comparison.convergence import as_judged, main_metric
from sweeper.comparison.display import key_text
from sweeper.comparison.faults import fault_sentences, is_faulty
from sweeper.comparison.metric import Measure, choose_measure, completed
from sweeper.comparison.ranking import sections_of
from sweeper.errors import SweeperError
from sweeper.export import needs
from sweeper.folder.provenance import without_secrets
from sweeper.job.failure import Failure
from sweeper.job.state import JobState
from sweeper.results.selection import problem_keys, says_the_problem, swept_keys, varies

if TYPE_CHECKING:
    from sweeper.api import Sweep

DESTINATION = "sqlite:///{folder}/optuna.db"

_ATTRIBUTES = (
    "job",
    "objective",
    "value",
    "stderr",
    "reference",
    "error",
    "ratio",
    "shots_total",
    "cost_usd",
    "seconds",
)


def export(sweep: Sweep, destination: str) -> str:
    """Write the studies.

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
    for words, rows, measure in _studies(sweep.results):
        name = "-".join([sweep.folder.root.resolve().name, *words])
        trials = _trials(rows, sweep.metrics, measure, optuna)
        better = optuna.study.StudyDirection
        direction = better.MINIMIZE if measure.lower_is_better else better.MAXIMIZE
        try:
            study = optuna.create_study(storage=destination, study_name=name, direction=direction)
            study.set_user_attr("measure", measure.name)
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


def _studies(results: pd.DataFrame) -> Iterator[tuple[list[str], pd.DataFrame, Measure]]:
    """For each study, the words of its name, its jobs, and their measure."""
    for title, rows in sections_of(results):
        algorithm = [title.rpartition("=")[2]] if title else []
        measure = choose_measure(rows)
        problems = [key for key in problem_keys(rows) if varies(rows, key)]
        for values, of_problem in (
            rows.groupby(problems, sort=False, dropna=False) if problems else [((), rows)]
        ):
            of_it = [f"{key}={key_text(value)}" for key, value in zip(problems, values, strict=True)]
            yield [*algorithm, *of_it], of_problem, measure


def _trials(rows: pd.DataFrame, metrics: pd.DataFrame, measure: Measure, optuna: Any) -> list[Any]:
    swept = [key for key in swept_keys(rows) if not says_the_problem(rows, key)]
    distributions = {key: found for key in swept if (found := _distribution(rows[key], optuna)) is not None}
    logged = metrics[metrics["job"].isin(rows["job"])]
    main, is_value = main_metric(rows, logged) if len(logged) else ("", False)
    history = dict(iter(logged[logged["metric"] == main].groupby("job", sort=False)))
    ended = rows[[JobState(state).finished for state in rows["status"]]]
    values = np.where(completed(ended) & ~is_faulty(ended), measure.of(ended), np.nan)
    words = dict(
        zip(ended["job"].array[is_faulty(ended)], fault_sentences(ended, most=len(ended)), strict=True)
    )
    trials = []
    for row, value in zip(ended.to_dict("records"), values, strict=True):
        logged_here = history.get(row["job"])
        if logged_here is not None and is_value:
            reference = np.array(row["reference"], dtype=float)
            _, judged = as_judged("", logged_here["value"].to_numpy(), reference, measure)
            logged_here = logged_here.assign(value=judged)
        row["fault"] = words.get(row["job"])
        trials.append(_trial(row, value, distributions, logged_here, optuna))
    return trials


def _trial(
    row: Mapping[Any, Any],
    value: float,
    distributions: Mapping[str, Any],
    history: pd.DataFrame | None,
    optuna: Any,
) -> Any:
    has = {key: _plain(row[key]) for key in distributions if not _missing(row[key])}
    complete = not math.isnan(value)
    attributes = {name: _plain(row[name]) for name in _ATTRIBUTES if not _missing(row[name])}
    if not _missing(row["reason"]):
        attributes["reason"] = Failure.from_text(row["reason"]).headline
    if row["fault"]:
        attributes["fault"] = row["fault"]
    steps = {}
    if history is not None:
        iterations = history["iteration"].fillna(pd.Series(range(len(history)), index=history.index))
        steps = {int(at): float(value) for at, value in zip(iterations, history["value"], strict=True)}
    state = optuna.trial.TrialState
    return optuna.trial.create_trial(
        state=state.COMPLETE if complete else state.FAIL,
        value=float(value) if complete else None,
        params=has,
        distributions={key: distributions[key] for key in has},
        intermediate_values={at: value for at, value in steps.items() if math.isfinite(value)},
        user_attrs=attributes,
    )


def _distribution(column: pd.Series[Any], optuna: Any) -> Any:
    """The range of a key, from its swept values; None if no job has a value."""
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
    """A value as a built-in Python type, because databases refuse numpy's types."""
    return value.item() if hasattr(value, "item") else value
