"""The tables of a sweep: one row for each job, and every metric in long form."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from sweeper.config.leaves import flatten
from sweeper.config.whole_sweep import HOW_TO_READ, is_of_the_whole_sweep
from sweeper.contract.remarks import listed
from sweeper.ledger.record import JobRecord
from sweeper.results.selection import MAXIMISED, OBJECTIVES, PROBLEM_KEYS

_FROM_RESULT = ("value", "stderr", "reference", "error", "ratio", "evaluations", "tasks", "shots_total")
_JUDGEMENTS = ("error", "ratio")
_COUNTS = ("evaluations", "tasks", "shots_total")
_FORMULA = ("=", "+", "-", "@", "\t", "\n")
MOST_RESULT_COLUMNS = 200
"""Of the keys that jobs save, at most so many become columns."""
LONGEST_TEXT = 10_000
"""Characters; what is longer does not belong into a table (a spreadsheet's cell takes 32 767)."""
METRIC_COLUMNS = ("job", "iteration", "timestamp", "metric", "value")


def results_frame(jobs: Sequence[JobRecord]) -> pd.DataFrame:
    """One row for each job.

    Columns: `job`, `status`, the config keys that vary among the jobs, `objective`, `value`, `stderr`,
    `reference`, `error`, `ratio`, `evaluations`, `tasks`, `shots_total`, `cost_usd`, `seconds`, `attempts`,
    `job_arn`, `result.<key>` for whatever else the jobs saved, and `reason`, why a job failed. Energies are
    in Ha, `cost_usd` in USD, `seconds` in s. Lists and dictionaries that a job saved are JSON text.

    Of very many keys the first `MOST_RESULT_COLUMNS` that jobs have saved get a column, and of very long
    texts (`LONGEST_TEXT`) the cell is empty; `attrs["left_out"]` then says so.
    Its other `attrs` say how it is to be read: which algorithms maximise their objective, and which further
    keys say the problem.
    """
    return frame_of(jobs, swept_by(jobs))


def remarks_on(results: pd.DataFrame) -> list[str]:
    """What a table of results leaves out, in words."""
    said = results.attrs.get("left_out")
    return [said] if isinstance(said, str) else []


def frame_of(jobs: Sequence[JobRecord], swept: Swept) -> pd.DataFrame:
    """The table of these jobs, whose configs are not looked at; see `results_frame`."""
    extra, without_column = _result_keys(jobs)
    columns = {f"result.{key}": _column([job.result.get(key) for job in jobs]) for key in extra}
    too_long = [
        key
        for key in extra
        if not pd.api.types.is_numeric_dtype(column := columns[f"result.{key}"])
        and column.count() < sum(job.result.get(key) is not None for job in jobs)
    ]
    frame = pd.DataFrame(
        {
            "job": [job.number for job in jobs],
            "status": [str(job.state) for job in jobs],
            **swept.columns,
            "objective": _numbers([job.objective for job in jobs]),
            **{
                name: (_counts if name in _COUNTS else _numbers)([_saved(job.result, name) for job in jobs])
                for name in _FROM_RESULT
            },
            "cost_usd": _numbers([job.cost_usd for job in jobs]),
            "seconds": _numbers([job.seconds for job in jobs]),
            "attempts": _counts([job.attempts for job in jobs]),
            "job_arn": pd.Series([job.job_arn for job in jobs], dtype="str"),
            **columns,
            "reason": pd.Series([job.why for job in jobs], dtype="str"),
        }
    )
    frame.attrs.update(swept.how_to_read)
    if said := _left_out(extra, without_column, too_long):
        frame.attrs["left_out"] = said
    return frame


@dataclass(frozen=True)
class Swept:
    """What a table says of its jobs' configs.

    Attributes:
        columns: Those of the keys that vary.
        how_to_read: The table's `attrs`: algorithms that maximise their objective, what scripts optimise, and
            keys that say the problem.
    """

    columns: Mapping[str, pd.Series[Any]]
    how_to_read: Mapping[str, Any]


def swept_by(jobs: Sequence[JobRecord]) -> Swept:
    """Read the jobs' configs."""
    jobs = _each_algorithm_by_one_name(jobs)
    leaves = [dict(flatten(job.config)) for job in jobs]
    columns = {
        key: _column([_lookup(*job, key) for job in zip(jobs, leaves, strict=True)])
        for key in _varying(jobs, leaves)
    }
    return Swept(columns, _how_to_read(jobs))


def _saved(result: Mapping[str, Any], name: str) -> Any:
    """What a job saved under a name; how good a value is that is no finite number, nobody can say."""
    if name in _JUDGEMENTS and any(_is_no_number(result.get(of)) for of in ("value", "reference")):
        return None
    return result.get(name)


def _is_no_number(saved: object) -> bool:
    """Whether something was saved that is no finite number."""
    if saved is None:
        return False
    try:
        return isinstance(saved, bool) or not (isinstance(saved, int | float) and math.isfinite(saved))
    except OverflowError:  # an integer of more than 308 digits
        return True


def _result_keys(jobs: Sequence[JobRecord]) -> tuple[list[str], int]:
    """The keys that get a column, in the order in which jobs have saved them, and how many do not."""
    keys = list(
        dict.fromkeys(key for job in jobs for key in job.result if key not in {*_FROM_RESULT, "objective"})
    )
    if len(keys) <= MOST_RESULT_COLUMNS:
        return keys, 0
    wanted = {job.wanted for job in jobs}.intersection(keys)
    others = [key for key in keys if key not in wanted][: max(0, MOST_RESULT_COLUMNS - len(wanted))]
    kept = wanted.union(others)
    return [key for key in keys if key in kept], len(keys) - len(kept)


def _left_out(columns: Sequence[str], without_column: int, too_long: Sequence[str]) -> str:
    said = []
    if without_column:
        said.append(
            f"The jobs saved {len(columns) + without_column} different keys: the tables have columns for "
            f"{len(columns)} of them, those saved first."
        )
    if too_long:
        said.append(
            f"Texts and lists of more than {LONGEST_TEXT} characters are left out: {listed(too_long)}."
        )
    return " ".join([*said, "Each job's results.json has everything."]) if said else ""


def _how_to_read(jobs: Sequence[JobRecord]) -> dict[str, Any]:
    """The table's `attrs`: algorithms that maximise their objective, what scripts optimise, problem keys.

    Where jobs of one algorithm say different things, the latest one does: the config was mended.
    """
    direction = {
        str(job.choices.get("algorithm")): (job.config.get("algorithm") or {}).get("direction")
        for job in jobs
    }
    objective = {
        str(job.choices.get("algorithm")): (job.config.get("algorithm") or {}).get("objective")
        for job in jobs
    }
    named = [(job.config.get("algorithm") or {}).get("problem_keys") or () for job in jobs]
    return {
        MAXIMISED: [name for name, stated in direction.items() if stated == "maximize"],
        OBJECTIVES: {name: wanted for name, wanted in objective.items() if isinstance(wanted, str)},
        PROBLEM_KEYS: list(dict.fromkeys(key for keys in named for key in keys)),
    }


def varying_keys(jobs: Sequence[JobRecord]) -> list[str]:
    """The config keys that distinguish the jobs: groups first chosen, then single values.

    A group whose choice varies is one key. A value counts if it varies among jobs with the same choice of
    its group; where only the choice makes the difference, the choice says it all.
    """
    jobs = _each_algorithm_by_one_name(jobs)
    return _varying(jobs, [dict(flatten(job.config)) for job in jobs])


def _each_algorithm_by_one_name(jobs: Sequence[JobRecord]) -> Sequence[JobRecord]:
    """The jobs, with VQE under one of its two names where both occur, so that they are no two algorithms.

    Earlier versions had it as `vqe_h2` alone, with a module of that name.
    """
    if not {"vqe", "vqe_h2"} <= {job.choices.get("algorithm") for job in jobs}:
        return jobs
    return [_named_vqe(job) if job.choices.get("algorithm") == "vqe_h2" else job for job in jobs]


def _named_vqe(job: JobRecord) -> JobRecord:
    algorithm = dict(job.config.get("algorithm") or {})
    if algorithm.get("entry_point") == "algorithms.vqe_h2:main":
        algorithm["entry_point"] = "algorithms.vqe:main"
    config = {**job.config, "algorithm": algorithm}
    return replace(job, choices={**job.choices, "algorithm": "vqe"}, config=config)


def _varying(jobs: Sequence[JobRecord], leaves: Sequence[Mapping[str, Any]]) -> list[str]:
    in_config = dict.fromkeys(key for job in jobs for key in job.config)
    chosen_groups = dict.fromkeys(group for job in jobs for group in job.choices)
    # In the order of the config, then those that only made the config (an experiment).
    groups = sorted(chosen_groups, key=[*in_config, *chosen_groups].index)
    chosen = [group for group in groups if len({job.choices.get(group) for job in jobs}) > 1]

    def varies(key: str) -> bool:
        # Another budget for the rest of a sweep makes no other job, nor does another way to read it.
        if is_of_the_whole_sweep(key) or key in HOW_TO_READ:
            return False
        group = key.partition(".")[0]
        first: dict[str | None, str] = {}
        for job, values in zip(jobs, leaves, strict=True):
            text = repr(values[key]) if key in values else ""
            if first.setdefault(job.choices.get(group), text) != text:
                return True
        return False

    return [*chosen, *filter(varies, dict.fromkeys(key for values in leaves for key in values))]


def metrics_frame(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Every metric in long form: `job`, `iteration`, `timestamp` (s since the epoch), `metric`, `value`."""
    frame = pd.DataFrame(rows, columns=pd.Index(METRIC_COLUMNS))
    return frame.astype(
        {
            "job": "int64",
            "iteration": "Int64",
            "timestamp": "float64",
            "metric": "category",
            "value": "float64",
        }
    )


def read_table(path: Path, version: str | None = None) -> pd.DataFrame | None:
    """A written table, in one go, as a running sweep may put another in its place at any moment.

    Args:
        path: The Parquet file.
        version: The ledger's version that the table must show; any will do if none is given.

    Returns:
        The table; None if it is missing, damaged or shows another version.
    """
    import pyarrow as pa

    try:
        table = pd.read_parquet(BytesIO(path.read_bytes()))
    except (OSError, pa.ArrowException):
        return None
    shown = table.attrs.pop("ledger", None)
    return table if version in (None, shown) else None


def to_csv(table: pd.DataFrame) -> str:
    """CSV for people and their spreadsheets.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, which shows it as text
    (OWASP, "CSV Injection"); a carriage return, which ends a row for some, becomes a line break. The Parquet
    files have it as it was.
    """
    texts = table.select_dtypes(include=["str", "object"]).columns
    safe = table.assign(**{name: table[name].map(_safe_cell) for name in texts})
    return str(safe.rename(columns=_safe_cell).to_csv(index=False))


def _safe_cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def parquet(frame: pd.DataFrame, version: str) -> bytes:
    """A table as the content of a Parquet file; `version` is the ledger's that it shows."""
    buffer = BytesIO()
    frame.attrs["ledger"] = version
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _lookup(job: JobRecord, leaves: Mapping[str, Any], key: str) -> Any:
    """A job's chosen option, or the value at a dotted key; None if it has no such key."""
    return job.choices[key] if key in job.choices else leaves.get(key)


def _numbers(values: Sequence[Any]) -> pd.Series[float]:
    """Numbers as they are; whatever else a job put under a numeric name as missing."""
    return pd.Series([float(v) if _is_number(v) else math.nan for v in values], dtype="float64")


def _counts(values: Sequence[Any]) -> pd.Series[int]:
    """Whole numbers as they are; whatever else a job put under the name of a count as missing."""
    whole = [int(v) if _is_number(v) and abs(v) < 2**63 and v == int(v) else None for v in values]
    return pd.Series(whole, dtype="Int64")


def _is_exact(value: float) -> bool:
    """Whether a column of numbers holds the value without loss."""
    return isinstance(value, float) or abs(value) < 2**63


def _is_number(value: Any) -> bool:
    """Whether a column of floats can hold the value: a float, or an integer that is not huge."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < 2**1023


def _column(values: Sequence[Any]) -> pd.Series[Any]:
    """A column of one type: booleans, integers, floats or text; what is mixed or nested becomes text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.Series(list(values), dtype="boolean")
    if kinds and kinds <= {int, float} and all(value is None or _is_exact(value) for value in values):
        return pd.Series(list(values), dtype="Int64") if kinds == {int} else _numbers(values)
    return pd.Series([_text(value) for value in values], dtype="str")


def _text(value: Any) -> str | None:
    """A value as text; None if it is too long for one cell."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_TEXT else None
