"""What a job brought: its saved result, its metrics, and the number a Hydra sweeper minimises."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeper.folder import JobFolder
from sweeper.ledger import Metric

_METRIC_LINE = re.compile(r"^Metrics - (.*)$")
_PAIR = re.compile(r"(?<!\w)(\w+)\s*=(.*)")


@dataclass(frozen=True)
class Outcome:
    """A finished job's result (JSON values), metrics and objective; `problem` says what is amiss."""

    result: dict[str, Any]
    metrics: list[Metric]
    objective: float | None
    problem: str | None


def read_outcome(folder: JobFolder, objective: str | None) -> Outcome:
    """Read what the job left in its folder; whatever cannot be read becomes the outcome's problem.

    Args:
        folder: The job's folder.
        objective: The key of the result, or else the metric, to take the objective from.
    """
    metrics = read_metrics(folder.log)
    result, problem = _read_result(folder.results / "results.json")
    if problem or objective is None:
        return Outcome(result, metrics, None, problem)
    number = _objective(objective, result, metrics)
    if number is None:
        names = sorted({metric.metric for metric in metrics})
        problem = (
            f"algorithm.objective={objective} is neither a number in the saved result "
            f"(keys: {', '.join(result) or 'none'}) nor a metric (logged: {', '.join(names) or 'none'})"
        )
    return Outcome(result, metrics, number, problem)


def read_metrics(log: Path) -> list[Metric]:
    """The metric lines of a log, as `braket.jobs.metrics.log_metric` prints them; others are passed over."""
    metrics: list[Metric] = []
    if not log.is_file():
        return metrics
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
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
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 16384))
        text = file.read().decode(errors="replace")
    kept = [line for line in text.splitlines() if line.strip() and not _METRIC_LINE.match(line)]
    return "\n".join(kept[-lines:])


def _read_result(path: Path) -> tuple[dict[str, Any], str | None]:
    """The dictionary a job passed to `save_job_result`, in Braket's persisted format."""
    try:
        saved = json.loads(path.read_bytes())
        data = saved["dataDictionary"]
        if saved["dataFormat"] != "plaintext":
            return {}, f"{path.name} holds pickled data, which is not read: save plain values instead"
        if not isinstance(data, dict):
            return {}, f"{path.name} is not a Braket job result (its dataDictionary is no dictionary)"
        # Half of a surrogate pair is good JSON, but no text that a database or a table takes.
        return json.loads(json.dumps(data, ensure_ascii=False).encode(errors="replace")), None
    except FileNotFoundError:
        return {}, None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return {}, f"{path.name} is not a Braket job result ({type(error).__name__}: {error})"


def _objective(name: str, result: Mapping[str, Any], metrics: Sequence[Metric]) -> float | None:
    value = result.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # an integer of more than 308 digits
            return float(value)
    return next((metric.value for metric in reversed(metrics) if metric.metric == name), None)
