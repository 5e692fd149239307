"""Groups of replicates, and one row of statistics for each.

Problems are the blocks of the design. Jobs on different problems (bond lengths, graphs) are not replicates of
each other. The mean of a group is the mean over its problems, with equal weights. A group that lacks a
problem which another group has solved is not comparable and cannot be the best.

The kind of the problems decides what one independent value is. Chosen problems (bond lengths) are a fixed
set: each seed that was run on all of them gives one value, the mean over the problems, and a verdict is about
these problems only. Random problems (`problem.seed`) are a sample of their family: each problem gives one
value, its mean over the seeds. Chosen problems with fewer than two seeds each count like random ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.comparison.faults import is_faulty
from sweeper.comparison.metric import Measure, completed, numbers
from sweeper.results.selection import says_the_problem, seeds_randomness, swept_keys, varies
from sweeper.statistics.differences import Replicates
from sweeper.statistics.intervals import Interval, mean_interval, rate_interval

_COSTS = {"evaluations": "evaluations", "shots": "shots_total", "usd": "cost_usd"}

Unit = Literal["job", "problem", "seed"]
"""What gives one independent value: a job, a problem (mean over its seeds) or a seed (mean over problems)."""


@dataclass(frozen=True)
class Group:
    """Jobs with the same values of the grouping keys.

    Attributes:
        keys: The values of the grouping keys, in their order; None if the jobs lack a key.
        rows: Positions of the jobs in the results table.
        used: Positions of the jobs that have a value: completed, finite and not a fault.
        measured: The measure of the used jobs.
        weights: Weight of each used job in the mean of the replicates; the sum is 1.
        replicates: The group's independent values, each with its block.
        stderr: Standard error of the mean from the standard errors of the jobs; nan if a job has none.
        problems: Number of problems of which the group has a value.
        faults: Number of jobs with an impossible value.
        lacking: Number of problems of which another group has a value and this group has none.
        not_negative: Whether the measure cannot be below 0.
    """

    keys: tuple[Any, ...]
    rows: NDArray[np.int64]
    used: NDArray[np.int64]
    measured: NDArray[np.float64]
    weights: NDArray[np.float64]
    replicates: Replicates
    stderr: float
    problems: int
    faults: int
    lacking: int
    not_negative: bool = False

    @property
    def interval(self) -> Interval:
        """95 % confidence interval of the mean; at least 0 if the measure cannot be negative."""
        found = mean_interval(self.replicates.numbers)
        return replace(found, low=max(0.0, found.low)) if self.not_negative and found.low < 0 else found

    @property
    def eligible(self) -> bool:
        """Whether the group can be the best: it has values of all problems, none of them impossible."""
        return len(self.replicates) > 0 and not self.faults and not self.lacking


@dataclass(frozen=True)
class Split:
    """A results table in groups.

    Attributes:
        groups: The groups, in the order of their first rows.
        unit: What gives one independent value.
        problems: Keys of the problems that are not grouping keys.
        blocks: The other keys that are not grouping keys: seeds, and candidates' keys that are pooled.
    """

    groups: tuple[Group, ...]
    unit: Unit
    problems: tuple[str, ...]
    blocks: tuple[str, ...]

    @property
    def pooled(self) -> tuple[str, ...]:
        """The candidates' keys that are not grouping keys: groups are averaged over all their values."""
        return tuple(key for key in self.blocks if not seeds_randomness(key))

    @property
    def over(self) -> str:
        """What n counts, and the problems over which groups are averaged; empty if n counts jobs."""
        if self.unit == "job":
            return ""
        keys = f"problems ({', '.join(self.problems)})"
        number = max((group.problems for group in self.groups), default=0)
        return keys if self.unit == "problem" else f"seeds, over {number} {keys}"

    @property
    def pooling(self) -> list[str]:
        """Sentences that say over what groups are averaged, and what counts as one value."""
        notes = []
        number, keys = max((group.problems for group in self.groups), default=0), ", ".join(self.problems)
        over = f"each group is averaged over the {number} problems of {keys}, each weighing the same"
        if self.unit == "seed":
            notes.append(f"{over}; n counts the seeds that were run on all of them")
        elif self.unit == "problem":
            notes.append(f"{over}; n counts problems, and seeds of one are averaged first")
        if self.pooled:
            notes.append(f"each group pools all values of {', '.join(self.pooled)}")
        return notes


def split(results: pd.DataFrame, by: Sequence[str], measure: Measure) -> Split:
    """The groups of a results table.

    Args:
        results: Rows of `results_frame`.
        by: The grouping keys; without any, all jobs are one group.
        measure: The measure that is compared.
    """
    others = [key for key in swept_keys(results) if key not in by and varies(results, key)]
    problems = tuple(key for key in others if says_the_problem(results, key))
    # An option below a grouping key (`optimizer.rhobeg` below `optimizer`) belongs to the group.
    inside = tuple(f"{group}." for group in by)
    blocks = tuple(key for key in others if key not in problems and not key.startswith(inside))
    if results.empty:
        return Split((), "job", problems, blocks)
    cells = _Cells.of(results, by, problems, blocks, measure)
    group = _codes(results, by)
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    keys = results[list(by)].astype(object).where(results[list(by)].notna(), None).to_numpy()
    unit = cells.unit(parts, random=any(seeds_randomness(key) for key in problems))
    groups = tuple(cells.group(tuple(keys[rows[0]]), rows, unit) for rows in parts)
    return Split(groups, unit, problems, blocks)


@dataclass(frozen=True)
class _Cells:
    """The numbers of all jobs from which groups are made; arrays have the shape (jobs,).

    Attributes:
        values: The measure; nan if the job has no value that counts.
        stderr: Standard errors of the values.
        faulty: Whether the job has an impossible value.
        within: Code of the problem keys that are grouping keys. Groups with different codes share no problem.
        problem: Code of the other problem keys.
        block: Code of the seed and of the other keys that are pooled.
        not_negative: Whether the measure cannot be below 0.
    """

    values: NDArray[np.float64]
    stderr: NDArray[np.float64]
    faulty: NDArray[np.bool_]
    within: NDArray[np.int64]
    problem: NDArray[np.int64]
    block: NDArray[np.int64]
    not_negative: bool

    @classmethod
    def of(
        cls,
        results: pd.DataFrame,
        by: Sequence[str],
        problems: Sequence[str],
        blocks: Sequence[str],
        measure: Measure,
    ) -> Self:
        faulty = is_faulty(results)
        values = np.where(completed(results) & ~faulty, measure.of(results), np.nan)
        stderr = measure.stderr(results)
        within = _codes(results, [key for key in by if says_the_problem(results, key)])
        codes = (within, _codes(results, problems), _codes(results, blocks))
        return cls(values, stderr, faulty, *codes, measure.of_size)

    @cached_property
    def needed(self) -> dict[int, set[int]]:
        """For each code in `within`, the problems of which some job has a value."""
        known = np.isfinite(self.values)
        pairs = set(zip(self.within[known].tolist(), self.problem[known].tolist(), strict=True))
        found: dict[int, set[int]] = {within: set() for within in self.within.tolist()}
        for within, problem in pairs:
            found[within].add(problem)
        return found

    def lacking(self, rows: NDArray[np.int64]) -> int:
        """Number of problems that these jobs lack and other jobs with the same `within` have solved."""
        return len(self.needed[int(self.within[rows[0]])].difference(self.problem[self.used(rows)].tolist()))

    def used(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of these jobs that have a value."""
        return rows[np.isfinite(self.values[rows])]

    def whole_blocks(self, rows: NDArray[np.int64]) -> list[int]:
        """Blocks in which these jobs have a value of every problem that they have solved in some block."""
        used = self.used(rows)
        pairs = set(zip(self.block[used].tolist(), self.problem[used].tolist(), strict=True))
        problems = {problem for _, problem in pairs}
        count = Counter(block for block, _ in pairs)
        return sorted(block for block, number in count.items() if number == len(problems))

    def unit(self, groups: Sequence[NDArray[np.int64]], *, random: bool) -> Unit:
        """What gives one independent value; it is the same for all groups."""
        if all(len(problems) <= 1 for problems in self.needed.values()):
            return "job"
        if random:
            return "problem"
        whole = [rows for rows in groups if len(self.used(rows)) and not self.lacking(rows)]
        replicated = whole and all(len(self.whole_blocks(rows)) >= 2 for rows in whole)
        return "seed" if replicated else "problem"

    def group(self, keys: tuple[Any, ...], rows: NDArray[np.int64], unit: Unit) -> Group:
        """The group of these jobs."""
        used = self.used(rows)
        replicates, weights = (
            Replicates(self.block[used], self.values[used]),
            np.full(len(used), 1 / max(1, len(used))),
        )
        if unit != "job" and len(used):
            frame = pd.DataFrame(
                {"problem": self.problem[used], "block": self.block[used], "value": self.values[used]}
            )
            of_unit, cell, problems = "problem", ["problem"], 1
            if unit == "seed":
                frame = frame[frame["block"].isin(self.whole_blocks(rows))]
                of_unit, cell, problems = "block", ["block", "problem"], frame["problem"].nunique()
            # The value of a unit is the mean over its problems; within a problem the jobs have equal weights.
            share = 1 / (frame.groupby(cell)["value"].transform("size") * problems)
            means = (share * frame["value"]).groupby(frame[of_unit]).sum()
            replicates = Replicates(means.index.to_numpy(), means.to_numpy(dtype=float))
            weights = (share / len(means)).reindex(range(len(used)), fill_value=0.0).to_numpy()
        return Group(
            keys=keys,
            rows=rows,
            used=used,
            measured=self.values[used],
            weights=weights,
            replicates=replicates,
            stderr=float(np.sqrt(np.sum((weights * self.stderr[used]) ** 2))) if len(used) else math.nan,
            problems=len(np.unique(self.problem[used])),
            faults=int(self.faulty[rows].sum()),
            lacking=self.lacking(rows),
            not_negative=self.not_negative,
        )


@dataclass(frozen=True)
class Accounts:
    """State, success and spending of every row of the results table; arrays have the shape (jobs,).

    Attributes:
        status: The state of each job.
        success: Whether the job succeeded.
        spent: Evaluations, shots and USD of each job; nan if unknown.
    """

    status: NDArray[np.object_]
    success: NDArray[np.bool_]
    spent: Mapping[str, NDArray[np.float64]]

    @classmethod
    def of(cls, results: pd.DataFrame, success: NDArray[np.bool_]) -> Self:
        """Read the accounts from a results table."""
        spent = {name: numbers(results, column) for name, column in _COSTS.items()}
        return cls(results["status"].to_numpy(dtype=object), success, spent)


def describe(group: Group, accounts: Accounts, *, lower_is_better: bool) -> dict[str, Any]:
    """The row of a group: counts, location, spread, interval, best job, success rate and cost of a success.

    A group over several problems has no best job, because that would be a job of the easiest problem.

    The expected cost of a success is the sum of all spending divided by the number of successes. This is the
    mean cost of restarting until one job succeeds (the expected running time of Hansen et al., COCO:
    Performance Assessment, arXiv:1605.03560).
    """
    values, of_jobs = group.replicates.numbers, group.measured
    best = float(of_jobs.min() if lower_is_better else of_jobs.max()) if len(of_jobs) else math.nan
    status = accounts.status[group.rows]
    failed = int((status == "FAILED").sum())
    done = int((status == "COMPLETED").sum())
    interval = group.interval
    successes, trials = int(accounts.success[group.rows].sum()), done + failed
    rate = rate_interval(successes, trials)
    return {
        "jobs": len(group.rows),
        "n": len(values),
        "failed": failed,
        "unfinished": len(group.rows) - trials,
        "no_value": done - len(group.used) - group.faults,
        "faulty": group.faults,
        "lacking": group.lacking,
        "mean": float(values.mean()) if len(values) else math.nan,
        "sd": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "ci_method": interval.method,
        "median": float(np.median(values)) if len(values) else math.nan,
        "best": best if group.problems <= 1 else math.nan,
        "successes": successes,
        "success_rate": successes / trials if trials else math.nan,
        "success_low": rate.low,
        "success_high": rate.high,
        **{
            f"{name}_to_success": _until_success(spent[group.rows], successes)
            for name, spent in accounts.spent.items()
        },
    }


def _until_success(spent: NDArray[np.float64], successes: int) -> float:
    if np.isnan(spent).all():
        return math.nan
    return float(np.nansum(spent)) / successes if successes else math.inf


def _codes(results: pd.DataFrame, keys: Sequence[str]) -> NDArray[np.int64]:
    """An integer code for each distinct combination of values; shape (jobs,)."""
    if not keys:
        return np.zeros(len(results), dtype=np.int64)
    # A column may mix text and numbers, which cannot be sorted together.
    grouped = results.groupby(list(keys), dropna=False, sort=False, observed=True)
    return np.asarray(grouped.ngroup(), dtype=np.int64)
