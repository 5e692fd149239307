"""Verdicts: how each group compares with the best one, and why a group cannot be the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweeper.comparison.groups import Group
from sweeper.statistics.differences import difference
from sweeper.statistics.multiplicity import holm

SIGNIFICANT = 0.05
"""Largest adjusted p value of a difference that is called significant."""
_ROUNDING = 1e-9
"""Difference between exact simulators that is only rounding; Ha, or weight of the cut."""

BEST = "best"
WORSE = "worse"
OPEN = "not significant"
WITHIN = "within noise"
"""Both groups have one value, and they differ by at most 1.96 standard errors (95 % of equal ones do)."""
UNTESTED = "untested"
NOTHING = "no value"
"""All jobs of the group failed, are unfinished, or have no number."""
FAULT = "fault"
"""The group has a value that is impossible."""
INCOMPLETE = "incomplete"
"""The group lacks a problem that another group solved."""
LISTED = "listed"
"""The groups are problems, which are not ranked."""
_NOT_RANKED = {FAULT: "an impossible value", INCOMPLETE: "lacks problems", NOTHING: "no values"}
"""Verdicts of the groups below the ranked ones, in this order, each with its reason."""


def ranked(groups: Sequence[Group], *, lower_is_better: bool) -> list[tuple[Group, dict[str, Any]]]:
    """Groups from best to worst by their mean, each with its verdict and its difference from the best.

    Groups that cannot be the best follow the ranked ones: first groups with an impossible value, then groups
    that lack problems, then groups without a value.
    """
    sign = 1.0 if lower_is_better else -1.0
    eligible = sorted(
        (group for group in groups if group.eligible), key=lambda group: sign * group.replicates.mean
    )
    differences = [difference(group.replicates, eligible[0].replicates) for group in eligible[1:]]
    tested = [d.p_value for d in differences if d.p_value is not None]
    adjusted = iter(holm(tested, len(eligible) * (len(eligible) - 1) // 2))
    order = [(group, _row(BEST, "", minus_best=0.0)) for group in eligible[:1]]
    for group, from_best in zip(eligible[1:], differences, strict=True):
        if from_best.p_value is not None:
            p_value = next(adjusted)
            verdict = WORSE if p_value < SIGNIFICANT else OPEN
            row = _row(verdict, f"{from_best.test}, n = {from_best.n}", from_best.mean, p_value)
        elif within_noise(from_best.mean, group.stderr, eligible[0].stderr):
            row = _row(WITHIN, "standard errors of the values", from_best.mean)
        else:
            row = _row(UNTESTED, from_best.test, from_best.mean)
        order.append((group, row))
    return order + [
        (group, _row(verdict, reason))
        for verdict, reason in _NOT_RANKED.items()
        for group in groups
        if _why_not_ranked(group) == verdict
    ]


def listed(groups: Sequence[Group]) -> list[tuple[Group, dict[str, Any]]]:
    """Groups that are problems, in their own order: problems are not ranked."""
    return [(group, _row(LISTED, "problems are not ranked")) for group in groups]


def _row(verdict: str, test: str, minus_best: float = math.nan, p_value: float = math.nan) -> dict[str, Any]:
    return {"minus_best": minus_best, "p_value": p_value, "test": test, "verdict": verdict}


def _why_not_ranked(group: Group) -> str | None:
    if group.faults:
        return FAULT
    if not len(group.replicates):
        return NOTHING
    return INCOMPLETE if group.lacking else None


def within_noise(difference: float, *stderrs: float) -> bool:
    """Whether noise explains a difference of two values: standard errors, or rounding if these are 0."""
    spread = 1.96 * float(np.hypot.reduce(stderrs))
    return bool(np.isfinite(spread) and abs(difference) <= max(spread, _ROUNDING))


def why_no_best(table: pd.DataFrame) -> str:
    """Why a ranking has no best group; "" if it has one, or if it has no groups."""
    verdicts = set(table["verdict"]) if len(table) else {BEST}
    if BEST in verdicts:
        return ""
    if FAULT in verdicts:
        return "no group is the best: each has an impossible value, or lacks values (--where leaves jobs out)"
    if INCOMPLETE in verdicts:
        return (
            "no group is the best: none has a value of every problem "
            "(--where chooses problems that all have, --by with the problem's key ranks within each)"
        )
    waits = " yet" if table["unfinished"].any() else ""
    return f"no group is the best: none has a value{waits}"
