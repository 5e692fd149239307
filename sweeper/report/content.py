"""What the report says, read from a sweep's folder."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sweeper.api import load_sweep
from sweeper.comparison.blocks import Block, key_text, number, ranking
from sweeper.comparison.compare import BEST, OPEN, Section, compare
from sweeper.comparison.metric import completed, numbers
from sweeper.folder import SweepFolder
from sweeper.known import Known
from sweeper.ledger_reader import read_jobs, reading
from sweeper.outcome import log_tail
from sweeper.report.part import Part
from sweeper.selection import swept_keys
from sweeper.states import JobState

_MOST_RANKED = 100
_MOST_FAILURES = 30
_LINES_OF_LOG = 12
_OUTCOMES = ("value", "stderr", "reference", "error", "ratio", "result.optimizer_best", "evaluations")
_SPENT = ("tasks", "shots_total", "cost_usd", "result.cost_is", "seconds", "attempts", "reason")


@dataclass(frozen=True)
class Headline:
    """One line of the answer: a label, the figure and what qualifies it."""

    label: str
    figure: str
    note: str


@dataclass(frozen=True)
class Failure:
    """Failed jobs with the same reason."""

    reason: str
    jobs: Sequence[int]
    overrides: str
    tail: str


@dataclass(frozen=True)
class Content:
    """Everything the page shows but the pictures.

    Attributes:
        name: The folder's name.
        standing: How many jobs stand how, such as `998 COMPLETED, 2 FAILED`.
        running: Whether jobs have not ended yet.
        parts: One for each algorithm.
        headlines: For each part, its answer.
        rankings: For each part, its table of groups.
        table: One row for each job: the columns worth showing.
        failures: The failed jobs by reason.
        more_failures: Number of failed jobs that `failures` leaves out.
        runs: The provenance of each run of the sweep, latest first.
        totals: What the sweep has spent.
    """

    name: str
    standing: str
    running: bool
    parts: Sequence[Part]
    headlines: Sequence[Sequence[Headline]]
    rankings: Sequence[Block]
    table: pd.DataFrame
    failures: Sequence[Failure]
    more_failures: int
    runs: Sequence[Mapping[str, Any]]
    totals: Sequence[Headline]


def read_content(folder: SweepFolder) -> Content:
    """Read a sweep, finished or running.

    Raises:
        FolderError: It is not the folder of a sweep.
    """
    sweep = load_sweep(folder.root)
    results, metrics = sweep.results, sweep.metrics
    comparison = compare(results)
    parts = [Part(section, metrics, folder) for section in comparison.sections]
    count = Counter(results["status"])
    failures, more = _failures(folder)
    return Content(
        name=folder.root.resolve().name,
        standing=", ".join(f"{n} {state}" for state, n in count.most_common()) or "no jobs",
        running=any(not JobState(state).finished for state in count),
        parts=parts,
        headlines=[_headlines(part.section) for part in parts],
        rankings=[ranking(part.section, _MOST_RANKED) for part in parts],
        table=_table(results),
        failures=failures,
        more_failures=more,
        runs=_runs(folder),
        totals=_totals(results),
    )


def _headlines(section: Section) -> list[Headline]:
    """What is best, by how much, is it real, and what did it cost."""
    best = section.table.iloc[0]
    if best["verdict"] != BEST:
        return [Headline("Best", "–", "no job has a value yet")]
    name = ", ".join(f"{key} {key_text(best[key])}" for key in section.by) or "one combination"
    interval = (
        f"95 % CI {number(best['ci_low'])} to {number(best['ci_high'])}, n = {best['n']}, {best['ci_method']}"
        if not math.isnan(best["ci_low"])
        else f"n = {best['n']}, so no interval"
    )
    answer = [Headline("Best", name, _is_it_real(section))]
    answer.append(Headline(f"Mean {section.metric}", number(best["mean"]), interval))
    reference = numbers(section.rows, "reference")
    if (values := np.unique(reference[np.isfinite(reference)])).size:
        exact = (
            number(values[0], 8) if values.size == 1 else f"{number(values[0], 6)} … {number(values[-1], 6)}"
        )
        answer.append(Headline("Exact reference", exact, "full CI energy or maximum cut, by computation"))
    if (best_job := _best_job(section)) is not None:
        value = (
            number(best_job["value"], 8) if pd.notna(best_job["value"]) else number(best_job[section.metric])
        )
        stderr = f" ± {number(best_job['stderr'], 2)}" if pd.notna(best_job["stderr"]) else ""
        answer.append(
            Headline(
                "Best single job",
                f"{value}{stderr}",
                f"the luckiest: job {best_job['job']}, {section.metric} {number(best_job[section.metric])}",
            )
        )
    if math.isfinite(best["success_rate"]):
        rate = f"{best['successes']} of {best['jobs'] - best['unfinished']}"
        cost = number(best["shots_to_success"], 3)
        note = f"{number(best['evaluations_to_success'], 3)} evaluations, {cost} shots to a success"
        if (section.rows["cost_usd"] > 0).any():
            note += f", {number(best['usd_to_success'], 3)} USD"
        answer.append(Headline("Success of the best", rate, note))
    return answer


def _is_it_real(section: Section) -> str:
    others = len(section.table) - 1
    open_ = section.table[section.table["verdict"] == OPEN]
    tested = int(section.table["p_value"].notna().sum())
    if not others:
        return "nothing to compare with"
    if not tested:
        return f"{others} others; no test without replicates (sweep seeds)"
    if open_.empty:
        return f"significantly better than the {tested} others tested"
    return f"{len(open_)} of {tested} others are not significantly different"


def _best_job(section: Section) -> pd.Series[Any] | None:
    rows = section.rows[completed(section.rows) & np.isfinite(numbers(section.rows, section.metric))]
    if rows.empty:
        return None
    values = numbers(rows, section.metric)
    return rows.iloc[int(values.argmin() if section.lower_is_better else values.argmax())]


def _totals(results: pd.DataFrame) -> list[Headline]:
    def total(column: str, digits: int = 4) -> str:
        return number(float(np.nansum(numbers(results, column))), digits)

    return [
        Headline("Cost", f"{float(np.nansum(numbers(results, 'cost_usd'))):.2f} USD", _how_known(results)),
        Headline("Shots", total("shots_total"), f"in {total('tasks')} quantum tasks"),
        Headline("Job time", f"{total('seconds', 3)} s", f"{len(results)} jobs, side by side"),
    ]


def _how_known(results: pd.DataFrame) -> str:
    """How well the jobs' cost is known, where it is not measured for all of them."""
    if "result.cost_is" not in results:
        return "of all jobs"
    count = Counter(results["result.cost_is"].dropna())
    parts = [
        f"{count[Known.AT_MOST]} of them at the most they can have cost" if count[Known.AT_MOST] else "",
        f"{count[Known.ESTIMATE]} of them at an estimated price" if count[Known.ESTIMATE] else "",
    ]
    return ", ".join(["of all jobs", *filter(None, parts)])


def _table(results: pd.DataFrame) -> pd.DataFrame:
    outcomes = [name for name in (*_OUTCOMES, *_SPENT) if name in results and results[name].notna().any()]
    if not results["value"].notna().any() and results["objective"].notna().any():
        outcomes = ["objective", *outcomes]
    if "attempts" in outcomes and (results["attempts"].fillna(0) <= 1).all():
        outcomes.remove("attempts")
    table = results[["job", "status", *swept_keys(results), *outcomes]].copy()
    if "reason" in table:
        table["reason"] = table["reason"].str.partition("\n")[0]
    return table


def _failures(folder: SweepFolder) -> tuple[list[Failure], int]:
    if not folder.ledger.is_file():
        return [], 0
    with reading(folder.ledger) as db:
        failed = [job for job in read_jobs(db) if job.state is JobState.FAILED]
    by_reason: dict[str, list[Any]] = {}
    for job in failed:
        by_reason.setdefault((job.reason or "no reason").partition("\n")[0], []).append(job)
    shown = list(by_reason.items())[:_MOST_FAILURES]
    failures = [
        Failure(
            reason,
            [job.number for job in jobs],
            " ".join(jobs[0].overrides),
            log_tail(folder.job(jobs[0].number).log, _LINES_OF_LOG)
            or (jobs[0].reason or "").partition("\n")[2],
        )
        for reason, jobs in shown
    ]
    return failures, len(failed) - sum(len(failure.jobs) for failure in failures)


def _runs(folder: SweepFolder) -> list[Mapping[str, Any]]:
    try:
        runs: list[Mapping[str, Any]] = json.loads(folder.provenance.read_bytes())["runs"]
    except (OSError, ValueError, KeyError):
        return []
    return runs[::-1]
