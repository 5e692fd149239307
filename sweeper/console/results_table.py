"""The results table and the failures, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.record import JobRecord
from sweeper.terminal import visible

if TYPE_CHECKING:
    import pandas as pd

    from sweeper.comparison.compare import Comparison

_SHOWN = (
    *("value", "stderr", "reference", "error", "ratio"),
    *("evaluations", "tasks", "shots_total", "cost_usd", "seconds"),
)
_OPTIONAL = ("tasks", "shots_total", "seconds", "evaluations", "reference")
"""Left out of a table that is too wide for the terminal, in this order."""
_IN_UNITS_OF_VALUE = {"value", "reference", "error", "objective", "result.optimizer_best"}
_FORMATS = {"stderr": ".2g", "seconds": ".2f", "cost_usd": ".4f", "ratio": ".4f"}
_COST_MARKS = {"not known": "?", "at most": "≤", "estimate": "≈"}
"""Before a cost that is no measurement, by the column `result.cost_is`."""
_MOST_FAILURES = 5


def render_results(
    results: pd.DataFrame, console: Console, *, limit: int | None = None, columns: Sequence[str] = ()
) -> Group:
    """The results as a table.

    Values are shown to the precision of their standard error. Columns without any value are left out, as
    is the objective where it only repeats the value, the luckiest value that an optimizer saw, which looks
    like a result and is none, and the least important ones of a table that is too wide. A value that cannot
    be is marked.

    Args:
        results: Rows of `results_frame`.
        console: Where the table is to fit.
        limit: Most rows to show.
        columns: The columns to show; by default the job, what was swept and what came out.
    """
    from sweeper.comparison.faults import is_faulty

    status = results["status"].where(~is_faulty(results), results["status"] + " (fault)")
    results = results.assign(status=status)
    shown = results if limit is None else results.head(limit)
    names = list(columns) or _default_columns(results)
    notes = []
    for name in () if columns else _OPTIONAL:
        if _width(_table(shown, names), console) <= console.width:
            break
        if name in names:
            names.remove(name)
            notes = [
                Text("Some columns are left out; a wider terminal or --columns shows them.", style="dim")
            ]
    rest = len(results) - len(shown)
    if rest > 0:
        notes.append(Text(f"… and {rest} more rows: sweeper table DIR --limit 0", style="dim"))
    return Group(_table(shown, names), *notes)


def _width(table: Table, console: Console) -> int:
    """Columns of text the table would like to have."""
    return Measurement.get(console, console.options.update(max_width=10_000), table).maximum


def _table(results: pd.DataFrame, names: Sequence[str]) -> Table:
    import pandas as pd

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        numeric = pd.api.types.is_numeric_dtype(results[name])
        table.add_column(
            Text(name.removeprefix("result.")), justify="right" if numeric else "left", overflow="fold"
        )
    for record in results.to_dict("records"):
        state, _, fault = str(record.get("status")).partition(" ")
        style = "magenta" if fault else {"FAILED": "red", "COMPLETED": ""}.get(state, "yellow")
        table.add_row(*(Text(_cell(name, record)) for name in names), style=style)
    return table


def render_answers(results: pd.DataFrame, compared: Callable[[], Comparison]) -> Group:
    """What is best among the candidates, and which values cannot be: a line each; nothing of a single job.

    Args:
        results: Rows of `results_frame`.
        compared: Compares them, if there is something to compare.
    """
    from sweeper.comparison.best import answers
    from sweeper.comparison.faults import fault_words

    lines = [Text(sentence, style="magenta") for sentence in fault_words(results)]
    if len(results) > 1:
        lines += [Text(line) for line in answers(compared())]
    return Group(*lines)


def render_failures(jobs: Sequence[JobRecord], folder: SweepFolder, of: int | None = None) -> Group | None:
    """Why jobs failed, with the ends of their logs; none if none failed.

    Args:
        jobs: The sweep's jobs, or only those that have failed.
        folder: The sweep's folder.
        of: How many jobs the sweep has, if these are not all of them.
    """
    failed = [job for job in jobs if job.state is JobState.FAILED]
    if not failed:
        return None
    lines = [Text(f"{len(failed)} of {of or len(jobs)} jobs failed:", style="bold red")]
    for job in failed[:_MOST_FAILURES]:
        reason, _, tail = (job.reason or "").partition("\n")
        lines.append(Text(f"  job {job.number} ({' '.join(job.overrides)}): {reason}", style="red"))
        lines += [Text(f"    | {line}", style="dim") for line in tail.splitlines()]
        lines.append(Text(f"    log: {folder.job(job.number).log}", style="dim"))
    if len(failed) > _MOST_FAILURES:
        lines.append(Text(f"  … and {len(failed) - _MOST_FAILURES} more: see the column reason."))
    return Group(*lines)


def _default_columns(results: pd.DataFrame) -> list[str]:
    swept = list(results.columns[2 : results.columns.get_loc("objective")])
    has_value = results["value"].notna().any()
    shown = _SHOWN if has_value else ("objective", *_SHOWN)
    outcome = [name for name in shown if results[name].notna().any()]
    if not results["cost_usd"].gt(0).any():
        outcome = [name for name in outcome if name != "cost_usd"]
    return ["job", "status", *swept, *outcome]


def _cell(name: str, record: dict[Any, Any]) -> str:
    import pandas as pd

    value = record[name]
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if not isinstance(value, float):
        return visible(str(value))
    if name == "cost_usd":
        return f"{_COST_MARKS.get(str(record.get('result.cost_is')), '')}{value:{_FORMATS[name]}}"
    if name in _IN_UNITS_OF_VALUE:
        return f"{value:.{_decimals(record.get('stderr'))}f}"
    return format(value, _FORMATS.get(name, "g"))


def _decimals(stderr: Any) -> int:
    """Decimals that show two digits of the standard error; six where the value is exact."""
    if not isinstance(stderr, float) or not 0 < stderr < math.inf:
        return 6
    return min(8, max(2, 1 - math.floor(math.log10(stderr))))
