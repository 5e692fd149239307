r"""The grammar of metric lines, which a job prints and Braket looks for in its log.

`braket.jobs.metrics.log_metric` prints `Metrics - timestamp=T; NAME=VALUE; iteration_number=N;`. CloudWatch
is asked for every line with `Metrics - ` anywhere in it (SDK, `cwl_insights_metrics_fetcher.py`), and the
pairs are found by `(\w+)\s*=\s*([^;]+)\s*;` (`log_metrics_parser.py`), so that of a name which is not one
word only the end is seen, or nothing. Here a name is all that was given as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sweeper.contract.metric import Metric

MARK = "Metrics - "
LONGEST = 2**16
"""Characters after a mark that are read."""

_ONE_METRIC = re.compile(
    r"timestamp=([^;=\x1b]+); (\w+)=([^;=\x1b]+);(?: iteration_number=([^;=\x1b]+);)?\s*"
)
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_LAST_WORD = re.compile(r"\S*\w$")
_WORD = re.compile(r"\w+")


def metrics_in(line: str) -> Iterator[Metric]:
    """The metrics of a line of a log, wherever in it they begin.

    Text before and between the lines that `log_metric` made is passed over: progress bars, the names of
    processes that MPI puts first, colours. What follows the last semicolon was cut off, or is something else.
    """
    if MARK in line:
        for record in line.split(MARK)[1:]:
            yield from _metrics_of(record[:LONGEST])


def told_apart_by_braket(name: str) -> bool:
    """Whether Braket's console and the SDK's `metrics()` show a metric under the whole of its name."""
    return _WORD.fullmatch(name) is not None


def without_escapes(text: str) -> str:
    """A text without what is meant for the terminal: colours, movements of the cursor, titles of windows."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text


def _metrics_of(record: str) -> Iterator[Metric]:
    """The metrics of what follows one mark."""
    if alone := _ONE_METRIC.fullmatch(record):  # nearly all of millions: three times as fast
        texts = {"timestamp": alone[1], alone[2]: alone[3]}
        if alone[4] is not None:
            texts["iteration_number"] = alone[4]
    else:
        texts = dict(_pairs(without_escapes(record)))
    numbers = {name: number for name, text in texts.items() if (number := _number(text)) is not None}
    timestamp, step = numbers.pop("timestamp", None), numbers.pop("iteration_number", None)
    whole = step is not None and abs(step) < 2**63 and step == int(step)
    iteration = int(step) if step is not None and whole else None
    for name, value in numbers.items():
        yield Metric(iteration, timestamp, name, value)


def _pairs(record: str) -> Iterator[tuple[str, str]]:
    """Names and values, as texts."""
    logged = record.startswith("timestamp=")
    before = ""
    for part in record.split(";")[:-1]:
        name, equals, value = part.rpartition("=")
        if not equals:  # the name has a semicolon in it, or else it is something else's output
            before += f"{part};" if logged else ""
            continue
        name, before = (before + name).strip(), ""
        if not logged and (word := _LAST_WORD.search(name)):
            name = word[0]  # a line that was not made by `log_metric` may begin with words: "step 3: loss=1;"
        if name:
            yield name, value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
