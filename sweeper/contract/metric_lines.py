r"""The grammar of metric lines, which a job prints and Braket finds in its log.

`braket.jobs.metrics.log_metric` prints `Metrics - timestamp=T; NAME=VALUE; iteration_number=N;`. The SDK asks
CloudWatch for every line that contains `Metrics - ` (`cwl_insights_metrics_fetcher.py`), and finds pairs by
`(\w+)\s*=\s*([^;]+)\s*;` (`log_metrics_parser.py`). Of a name that is not one word it sees only the end, or
nothing. Here the whole name is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sweeper.contract.metric import Metric

MARK = "Metrics - "
LONGEST = 2**16
"""Number of characters after a mark that are read."""

_ONE_METRIC = re.compile(
    r"timestamp=([^;=\x1b]+); (\w+)=([^;=\x1b]+);(?: iteration_number=([^;=\x1b]+);)?\s*"
)
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_LAST_WORD = re.compile(r"\S*\w$")
_WORD = re.compile(r"\w+")


def metrics_in(line: str) -> Iterator[Metric]:
    """The metrics in a line of a log, wherever they begin.

    Other text before and between them is ignored: progress bars, colours, the names of processes that MPI
    puts first. Text after the last semicolon is ignored as well.
    """
    if MARK in line:
        for record in line.split(MARK)[1:]:
            yield from _metrics_of(record[:LONGEST])


def told_apart_by_braket(name: str) -> bool:
    """Whether Braket's console and the SDK's `metrics()` show the whole name of a metric."""
    return _WORD.fullmatch(name) is not None


def without_escapes(text: str) -> str:
    """A text without control sequences of terminals: colours, cursor movements, window titles."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text


def _metrics_of(record: str) -> Iterator[Metric]:
    """The metrics in the text after one mark."""
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
    """Pairs of name and value, both as text."""
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
