"""What a job brought: its saved result, its metrics, and the number a Hydra sweeper minimises."""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeper.folder import JobFolder, open_regular
from sweeper.job_record import Metric
from sweeper.pickled import unpickled

_METRIC_LINE = re.compile(r"^Metrics - (.*)$")
_LONGEST_LINE = 2**16
_MOST_BYTES = 16 * 2**20
_DEEPEST = 64
_PAIR = re.compile(r"(?<!\w)(\w+)\s*=(.*)")


@dataclass(frozen=True)
class Outcome:
    """A finished job's result (JSON values), metrics and objective; `problem` says what is amiss."""

    result: dict[str, Any]
    metrics: list[Metric]
    objective: float | None
    problem: str | None


def read_outcome(folder: JobFolder, objective: str | None, *, allow_pickle: bool = False) -> Outcome:
    """Read what the job left in its folder; whatever cannot be read becomes the outcome's problem.

    Args:
        folder: The job's folder.
        objective: The key of the result, or else the metric, to take the objective from.
        allow_pickle: Whether a pickled result may be read, which runs whatever code is in it.
    """
    metrics = read_metrics(folder.log)
    result, problem = _read_result(folder.results / "results.json", allow_pickle)
    if problem or objective is None:
        return Outcome(result, metrics, None, problem)
    number = _objective(objective, result, metrics)
    if number is None:
        names = sorted({metric.metric for metric in metrics})
        problem = (
            f"algorithm.objective={objective} is neither a number in the saved result "
            f"(keys: {', '.join(result) or 'none'}) nor a metric (logged: {', '.join(names) or 'none'})"
        )
    elif not math.isfinite(number):
        return Outcome(
            result, metrics, None, f"algorithm.objective={objective} is {number}: nothing to minimise"
        )
    return Outcome(result, metrics, number, problem)


def read_metrics(log: Path) -> list[Metric]:
    """The metric lines of a log, as `braket.jobs.metrics.log_metric` prints them; others are passed over."""
    metrics: list[Metric] = []
    for line in _lines(log):
        if (match := _METRIC_LINE.match(line)) is None:
            continue
        pairs: dict[str, float] = {}
        # What follows the last semicolon was cut off.
        for part in match[1].split(";")[:-1]:
            if pair := _PAIR.search(part):
                with contextlib.suppress(ValueError):
                    pairs[pair[1]] = float(pair[2])
        timestamp, iteration = pairs.pop("timestamp", None), pairs.pop("iteration_number", None)
        step = int(iteration) if iteration is not None and abs(iteration) < 2**63 else None
        metrics += [Metric(step, timestamp, name, value) for name, value in pairs.items()]
    return metrics


def log_tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log that are not metrics; at most 16 KiB of it are read."""
    try:
        file = open_regular(log)
    except OSError:
        return ""
    with file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 16384))
        text = file.read().decode(errors="replace")
    kept = [line for line in text.splitlines() if line.strip() and not _METRIC_LINE.match(line)]
    return "\n".join(kept[-lines:])


def _lines(log: Path) -> Iterator[str]:
    """The lines of a log but those that are too long to be metrics, which are never held as a whole."""
    try:
        file = open_regular(log)
    except OSError:
        return
    with io.TextIOWrapper(file, encoding="utf-8", errors="replace") as text:
        within = False
        while line := text.readline(_LONGEST_LINE):
            ended = line.endswith("\n")
            if not within and (ended or len(line) < _LONGEST_LINE):
                yield line
            within = not ended


def _read_result(path: Path, allow_pickle: bool) -> tuple[dict[str, Any], str | None]:
    """The dictionary a job passed to `save_job_result`, in Braket's persisted format."""
    try:
        with open_regular(path) as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            return {}, (
                f"{path.name} has more than the {_MOST_BYTES // 2**20} MiB that are read: save large arrays "
                "as files of their own beside it"
            )
        saved = json.loads(content, object_pairs_hook=_each_key_once)
        data = saved["dataDictionary"]
        if not isinstance(data, dict):
            return {}, f"{path.name} is not a Braket job result (its dataDictionary is no dictionary)"
        if saved["dataFormat"] != "plaintext":
            if not allow_pickle:
                return {}, (
                    f"{path.name} holds pickled data, which is not read, as that would run whatever code is "
                    "in it: save plain values instead, or set job.allow_pickle=true if you trust the job and "
                    "all that can write to where its results are kept"
                )
            data = unpickled(data)
        _see_nesting(data)
        # Half of a surrogate pair is good JSON, but no text that a database or a table takes.
        return json.loads(json.dumps(data, ensure_ascii=False).encode(errors="replace")), None
    except FileNotFoundError:
        return {}, None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return {}, f"{path.name} is not a Braket job result ({type(error).__name__}: {error})"


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are unambiguous: which of two values is meant, nobody can say."""
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs more than once")
    return values


def _see_nesting(value: Any) -> None:
    """Refuse what is nested so deeply that tools which read the result may give up."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise ValueError(f"it is nested more than {_DEEPEST} levels deep")


def _objective(name: str, result: Mapping[str, Any], metrics: Sequence[Metric]) -> float | None:
    value = result.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # an integer of more than 308 digits
            return float(value)
    return next((metric.value for metric in reversed(metrics) if metric.metric == name), None)
