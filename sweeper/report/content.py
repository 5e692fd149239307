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

from sweeper.comparison.best import name_of, single_job, tied_names
from sweeper.comparison.blocks import Block, number, ranking
from sweeper.comparison.compare import FAULT, INCOMPLETE, Section
from sweeper.comparison.faults import is_faulty
from sweeper.comparison.metric import completed, numbers
from sweeper.comparison.order import is_outcome
from sweeper.comparison.success import Success
from sweeper.comparison.sweep_tables import SweepTables
from sweeper.contract.outcome import log_tail
from sweeper.folder.layout import SweepFolder
from sweeper.job.known import Known
from sweeper.job.state import JobState
from sweeper.report.part import Part
from sweeper.results.selection import swept_keys

_MOST_RANKED = 100
_MOST_FAILURES = 30
_LINES_OF_LOG = 12
_OUTCOMES = ("value", "stderr", "reference", "error", "ratio", "evaluations")
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
        outcomes: The columns by which a job that has not completed comes last.
        faulty: For each of these jobs whether its value cannot be.
        failures: The failed jobs by reason.
        more_failures: Number of failed jobs that `failures` leaves out.
        runs: The provenance of each run of the sweep, latest first.
        totals: What the sweep has spent.
        remarks: What there is to know of the numbers, a sentence each.
    """

    name: str
    standing: str
    running: bool
    parts: Sequence[Part]
    headlines: Sequence[Sequence[Headline]]
    rankings: Sequence[Block]
    table: pd.DataFrame
    outcomes: frozenset[str]
    faulty: Sequence[bool]
    failures: Sequence[Failure]
    more_failures: int
    runs: Sequence[Mapping[str, Any]]
    totals: Sequence[Headline]
    remarks: Sequence[str]


def read_content(sweep: SweepTables) -> Content:
    """Read a sweep, finished or running."""
    folder, results, metrics = sweep.folder, sweep.results, sweep.metrics
    parts = [Part(section, metrics, folder) for section in sweep.comparison.sections]
    count = Counter(results["status"])
    failures, more = _failures(sweep)
    return Content(
        name=folder.root.resolve().name,
        standing=", ".join(f"{n} {state}" for state, n in count.most_common()) or "no jobs",
        running=any(not JobState(state).finished for state in count),
        parts=parts,
        headlines=[_headlines(part.section) for part in parts],
        rankings=[ranking(part.section, _MOST_RANKED) for part in parts],
        table=_table(results),
        outcomes=frozenset(str(name) for name in results if is_outcome(results, str(name))),
        faulty=is_faulty(results).tolist(),
        failures=failures,
        more_failures=more,
        runs=_runs(folder),
        totals=_totals(results),
        remarks=sweep.remarks,
    )


def _headlines(section: Section) -> list[Headline]:
    """What is best, by how much, is it real, and what did it cost."""
    count = str(int(section.table["faulty"].sum()))
    answer = [Headline("Values that cannot be", count, "named below; they count as no result")]
    answer = answer if section.faults else []
    best = section.best
    if best is None:
        return [Headline("Best", "–", section.why_no_best), *answer]
    interval = (
        f"95 % CI {number(best['ci_low'])} to {number(best['ci_high'])}, n = {best['n']}, {best['ci_method']}"
        if not math.isnan(best["ci_low"])
        else f"n = {best['n']}, so no interval"
    )
    interval += f"; n counts {section.over}" if section.over else ""
    only = len(section.table) == 1
    answer = [
        Headline("Candidates" if only else "Best", name_of(section.by, best), _is_it_real(section)),
        Headline(f"Mean {section.metric}", number(best["mean"]), interval),
        *answer,
    ]
    reference = numbers(section.rows[completed(section.rows)], "reference")
    if (values := np.unique(reference[np.isfinite(reference)])).size:
        exact = (
            number(values[0], 8) if values.size == 1 else f"{number(values[0], 6)} … {number(values[-1], 6)}"
        )
        answer.append(
            Headline("Exact reference", exact, "lowest energy or maximum cut, as the jobs report it")
        )
    if (job := single_job(section)) is not None:
        answer.append(Headline("Best job" if only else "Best job of the best", *job))
    if Success().words(section.rows) is not None and math.isfinite(best["success_rate"]):
        rate = f"{best['successes']} of {best['jobs'] - best['unfinished']}"
        costs = {"evaluations": "evaluations", "shots": "shots"}
        costs |= {"usd": "USD"} if (section.rows["cost_usd"] > 0).any() else {}
        spent = {words: number(best[f"{name}_to_success"], 3) for name, words in costs.items()}
        note = ", ".join(f"{cost} {words}" for words, cost in spent.items() if cost) + " to a success"
        answer.append(Headline("Success" if only else "Success of the best", rate, note))
    return answer


def _is_it_real(section: Section) -> str:
    left_out = int(section.table["verdict"].isin([FAULT, INCOMPLETE]).sum())
    ranked = int((section.table["n"] > 0).sum()) - left_out
    kept = f"; {left_out} not comparable" if left_out else ""
    if ranked == 1:
        return f"nothing to compare with{kept}"
    if tied := tied_names(section):
        tested = int(section.table["p_value"].notna().sum()) or ranked - 1
        return f"{len(section.tied)} of {tested} others are not significantly different: {tied}{kept}"
    if section.table["p_value"].isna().all():
        return f"{ranked - 1} others; no test without replicates (sweep seeds){kept}"
    untested = int(section.table["p_value"].isna().sum()) - 1 - left_out
    others = (
        "the other one" if ranked == 2 else f"all {ranked - 1} others" if not untested else "those tested"
    )
    return f"significantly better than {others}{kept}"


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
        f"{count[Known.UNPRICED]} of them without what they ran on another device"
        if count[Known.UNPRICED]
        else "",
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


def _failures(sweep: SweepTables) -> tuple[list[Failure], int]:
    by_reason: dict[str, list[Any]] = {}
    for job in sweep.failed:
        by_reason.setdefault((job.reason or "no reason").partition("\n")[0], []).append(job)
    shown = list(by_reason.items())[:_MOST_FAILURES]
    failures = [
        Failure(
            reason,
            [job.number for job in jobs],
            " ".join(jobs[0].overrides),
            log_tail(sweep.folder.job(jobs[0].number).log, _LINES_OF_LOG)
            or (jobs[0].reason or "").partition("\n")[2],
        )
        for reason, jobs in shown
    ]
    return failures, len(sweep.failed) - sum(len(failure.jobs) for failure in failures)


def _runs(folder: SweepFolder) -> list[Mapping[str, Any]]:
    try:
        runs: list[Mapping[str, Any]] = json.loads(folder.provenance.read_bytes())["runs"]
    except (OSError, ValueError, KeyError):
        return []
    return runs[::-1]
