"""Before a paid sweep: what it would run, what that may cost at most, and whether that is wanted."""

from __future__ import annotations

import datetime as dt
import math
from collections import deque
from collections.abc import Iterable, Sequence

from sweeper.compose.composition import Combination
from sweeper.executors.base import Executor
from sweeper.executors.batches import next_batch
from sweeper.job.cost import SUM_ERROR_USD, Cost
from sweeper.planning.outlook import Outlook

_OLD_DAYS = 90
"""After which a price is remarked upon."""


def cents(usd: float) -> str:
    """An amount in full cents, rounded up: as a budget it is enough, and as a bound it is one."""
    return f"{math.ceil((usd - SUM_ERROR_USD) * 100) / 100:.2f}"


def why_unbounded(costs: Iterable[Cost]) -> str | None:
    """Why nothing bounds the bill of one of the jobs, and how to bound it; None if all are bounded."""
    return next((cost.unbounded for cost in costs if cost.unbounded), None)


def is_unpriced(cost: Cost) -> bool:
    """Whether not even an estimate of the instance's price is known."""
    return cost.unbounded is not None and not cost.instance_usd


def costs_to_run(combinations: Sequence[Combination], outlooks: Sequence[Outlook]) -> list[Cost]:
    """The costs of those combinations that are to run."""
    return [
        combination.spec.cost
        for combination, outlook in zip(combinations, outlooks, strict=True)
        if outlook is Outlook.TO_RUN
    ]


def price_remarks(
    combinations: Sequence[Combination], outlooks: Sequence[Outlook], executor: Executor
) -> list[str]:
    """What a person should know of the amounts: what of them is an estimate, and how old the prices are."""
    if not executor.paid:
        return []
    costs = costs_to_run(combinations, outlooks)
    remarks = []
    if words := list(dict.fromkeys(word for cost in costs for word in cost.estimates)):
        remarks.append(f"≈ is an estimate and no bound: {' and '.join(words)}.")
    dates = [date for cost in costs if (date := cost.priced_on)]
    old = [age for date in dates if (age := (_today() - dt.date.fromisoformat(date)).days) > _OLD_DAYS]
    if old:
        remarks.append(
            f"Prices are up to {max(old)} days old: compare them with AWS's by sweeper devices --prices, and "
            "have them mended by sweeper devices --refresh."
        )
    return remarks


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def instance_shares(
    combinations: Sequence[Combination], outlooks: Sequence[Outlook], executor: Executor
) -> dict[int, float]:
    """What each combination that is to run may pay for an instance, which the jobs of a batch share."""
    specs = {place: combination.spec for place, combination in enumerate(combinations)}
    waiting = deque(place for place, outlook in enumerate(outlooks) if outlook is Outlook.TO_RUN)
    shares = dict.fromkeys(specs, 0.0)
    while waiting and executor.paid:
        batch = next_batch(waiting, lambda place: executor.batch_key(specs[place]), executor.batch_size)
        shares |= {place: specs[place].cost.instance_usd / len(batch) for place in batch}
    return shares
