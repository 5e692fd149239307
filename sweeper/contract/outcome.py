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

from sweeper.contract.metric import Metric
from sweeper.contract.metric_lines import LONGEST, MARK, metrics_in, told_apart_by_braket, without_escapes
from sweeper.contract.pickled import unpickled
from sweeper.contract.remarks import Remark, names_beyond_words, names_left_out, thinned_metrics
from sweeper.contract.thinning import MOST_NAMES, thinned
from sweeper.folder.layout import JobFolder, open_regular

_PIECE = 2**17
"""Characters of a log that are read at once."""
_PROCESS = re.compile(r"\[[^\]]*\]<\w+>:")
"""What MPI puts before a line: `[1,mpirank:0,algo-1]<stdout>:`."""
_MOST_BYTES = 16 * 2**20
_DEEPEST = 64
_MOST_SHOWN = 60


@dataclass(frozen=True)
class Logged:
    """The metrics of a log in their order, and what there is to say about them."""

    metrics: list[Metric]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class Outcome:
    """A finished job's result (JSON values), log and objective; `problem` says what is amiss."""

    result: dict[str, Any]
    logged: Logged
    objective: float | None
    problem: str | None

    @property
    def metrics(self) -> list[Metric]:
        """What the job logged."""
        return self.logged.metrics


def read_outcome(folder: JobFolder, objective: str | None, *, allow_pickle: bool = False) -> Outcome:
    """Read what the job left in its folder; whatever cannot be read becomes the outcome's problem.

    Args:
        folder: The job's folder.
        objective: The key of the result, or else the metric, to take the objective from.
        allow_pickle: Whether a pickled result may be read, which runs whatever code is in it.
    """
    logged = read_log(folder.log, always=objective)
    metrics = logged.metrics
    result, problem = _read_result(folder.results / "results.json", allow_pickle)
    if problem or objective is None:
        return Outcome(result, logged, None, problem)
    number = _objective(objective, result, metrics)
    if number is None:
        names = sorted({metric.metric for metric in metrics})
        saved = f"keys: {', '.join(result) or 'none'}"
        if objective in result:
            saved = f"it is {_shown(result[objective])}; save a number, as float(…) makes it"
        problem = (
            f"algorithm.objective={objective} is neither a number in the saved result ({saved}) "
            f"nor a metric (logged: {', '.join(names) or 'none'})"
        )
    elif not math.isfinite(number):
        return Outcome(
            result, logged, None, f"algorithm.objective={objective} is {number}: nothing to minimise"
        )
    return Outcome(result, logged, number, problem)


def read_log(log: Path, always: str | None = None) -> Logged:
    """The metrics of a log, as `log_metric` prints them, wherever in a line.

    It is read once from beginning to end, in memory that does not grow with it.

    Args:
        log: The file; if there is none, nothing was logged.
        always: A metric that is kept even if very many others were logged before it.
    """
    found = thinned((metric for line in _lines_with_metrics(log) for metric in metrics_in(line)), always)
    metrics = found.metrics
    remarks = []
    if names := [n for n in dict.fromkeys(m.metric for m in metrics) if not told_apart_by_braket(n)]:
        remarks.append(names_beyond_words(names))
    if len(metrics) < found.count:
        remarks.append(thinned_metrics(len(metrics), found.count))
    if found.names_left_out:
        remarks.append(names_left_out(found.names_left_out, MOST_NAMES))
    return Logged(metrics, tuple(remarks))


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
    kept = [line for line in map(_last_words, text.split("\n")) if line.strip()]
    return "\n".join(kept[-lines:])


def _last_words(line: str) -> str:
    """What a terminal shows of a line in the end, without metrics: of a progress bar its last state."""
    states = without_escapes(line).split("\r")
    shown = next((state for state in reversed(states) if state.strip()), "")
    before, mark, _ = shown.partition(MARK)
    return "" if mark and _PROCESS.fullmatch(before.strip()) else before.rstrip() if mark else shown


def _lines_with_metrics(log: Path) -> Iterator[str]:
    """The lines of a log that may hold metrics; a line that has no end, such as dots, comes in pieces.

    A carriage return ends a line too: progress bars begin with one.
    """
    try:
        file = open_regular(log)
    except OSError:
        return
    with io.TextIOWrapper(file, encoding="utf-8", errors="replace") as text:
        rest = ""
        while piece := text.read(_PIECE):
            *lines, rest = (rest + piece).split("\n")
            yield from (line for line in lines if MARK in line)
            if len(rest) > LONGEST + len(MARK):
                begun = max(rest.rfind(MARK), 0)
                yield rest[:begun]
                rest = rest[begun:]
            if len(rest) > LONGEST + len(MARK):
                yield rest
                rest = rest[1 - len(MARK) :]
        yield rest


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


def _shown(value: Any) -> str:
    """What was saved where a number belongs, cut short, in the words of its file."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _objective(name: str, result: Mapping[str, Any], metrics: Sequence[Metric]) -> float | None:
    value = result.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # an integer of more than 308 digits
            return float(value)
    return next((metric.value for metric in reversed(metrics) if metric.metric == name), None)
