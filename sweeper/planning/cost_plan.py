"""Before a paid sweep: what it would run, what that may cost at most, and whether that is wanted."""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from sweeper.compose.composition import Combination
from sweeper.console.results_table import make_console
from sweeper.errors import ConfigError
from sweeper.executors.base import Executor
from sweeper.executors.batches import next_batch
from sweeper.job.cost import INSTANCE_PRICE, SIMULATOR_SECONDS, SUM_ERROR_USD, Cost
from sweeper.planning.outlook import Outlook

_MOST_ROWS = 40
_OLD_DAYS = 90
"""After which a price is remarked upon."""


def show_plan(combinations: Sequence[Combination], outlooks: Sequence[Outlook], executor: Executor) -> float:
    """Print one row for each combination, and what is known of the devices.

    Only what is still to run costs anything.

    Args:
        combinations: The combinations of the sweep.
        outlooks: How each of them stands.
        executor: Where they are to run.

    Returns:
        The upper bound for what is to run in USD; 0 where the executor costs nothing.
    """
    instances = _instance_shares(combinations, outlooks, executor)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("job", justify="right")
    table.add_column("combination", overflow="fold")
    table.add_column("device", overflow="fold")
    started = any(outlook is not Outlook.TO_RUN for outlook in outlooks)
    if started:
        table.add_column("is")
    for name in ("tasks", "shots", "tasks USD", "instance USD", "at most USD"):
        table.add_column(name, justify="right")
    total = 0.0
    for place, (combination, outlook) in enumerate(zip(combinations, outlooks, strict=True)):
        cost, to_run = combination.spec.cost, outlook is Outlook.TO_RUN
        total += cost.tasks_usd + instances[place] if to_run else 0.0
        if place < _MOST_ROWS:
            table.add_row(
                str(place),
                Text(" ".join(combination.overrides) or "as configured"),
                combination.spec.device.rpartition(":")[2].removeprefix("device/"),
                *([str(outlook)] if started else []),
                str(cost.tasks or "?"),
                str(cost.shots or ("exact" if cost.tasks else "?")),
                *(_amounts(cost, instances[place], paid=executor.paid) if to_run else ("", "", "")),
            )
    console = make_console(stderr=True)
    console.print(table)
    if len(combinations) > _MOST_ROWS:
        console.print(f"… and {len(combinations) - _MOST_ROWS} more combinations")
    for remark in executor.remarks([combination.spec for combination in combinations]):
        console.print(remark, soft_wrap=True)
    for remark in _remarks(combinations, outlooks, executor):
        console.print(remark, soft_wrap=True)
    count = Counter(outlooks)
    others = "".join(f"{count[s]} {s}, " for s in Outlook if s is not Outlook.TO_RUN and count[s])
    costs = _to_run(combinations, outlooks) if executor.paid else []
    how = "about" if any(cost.estimates for cost in costs) else "at most"
    amount = "an unknown amount" if any(map(_is_unpriced, costs)) else f"{how} {_cents(total)} USD"
    console.print(
        f"{len(combinations)} jobs {executor.words}: {others}{count[Outlook.TO_RUN]} to run for {amount} "
        "(each job's instance for its longest runtime, all evaluations of the optimizer; what fails and is "
        "tried again costs as much again, and is only started within the budget).",
        soft_wrap=True,
    )
    return total


def _cents(usd: float) -> str:
    """An amount in full cents, rounded up: as a budget it is enough, and as a bound it is one."""
    return f"{math.ceil((usd - SUM_ERROR_USD) * 100) / 100:.2f}"


def why_unbounded(costs: Iterable[Cost]) -> str | None:
    """Why nothing bounds the bill of one of the jobs, and how to bound it; none if all are bounded."""
    return next((cost.unbounded for cost in costs if cost.unbounded), None)


def _amounts(cost: Cost, instance_usd: float, *, paid: bool) -> tuple[str, str, str]:
    """A job's quantum tasks, instance and sum in USD; what is an estimate says so."""
    tasks, instance = SIMULATOR_SECONDS in cost.estimates, paid and INSTANCE_PRICE in cost.estimates
    unknown = paid and _is_unpriced(cost)
    marked = [
        f"{'≈' if estimated else ''}{usd:.4f}"
        for usd, estimated in (
            (cost.tasks_usd, tasks),
            (instance_usd, instance),
            (cost.tasks_usd + instance_usd, tasks or instance),
        )
    ]
    return (marked[0], "?", "?") if unknown else (marked[0], marked[1], marked[2])


def _is_unpriced(cost: Cost) -> bool:
    """Whether not even an estimate of the instance's price is known."""
    return cost.unbounded is not None and not cost.instance_usd


def _to_run(combinations: Sequence[Combination], outlooks: Sequence[Outlook]) -> list[Cost]:
    return [
        combination.spec.cost
        for combination, outlook in zip(combinations, outlooks, strict=True)
        if outlook is Outlook.TO_RUN
    ]


def _remarks(
    combinations: Sequence[Combination], outlooks: Sequence[Outlook], executor: Executor
) -> list[str]:
    """What a person should know of the amounts: what of them is an estimate, and how old the prices are."""
    if not executor.paid:
        return []
    costs = _to_run(combinations, outlooks)
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


def _instance_shares(
    combinations: Sequence[Combination], outlooks: Sequence[Outlook], executor: Executor
) -> dict[int, float]:
    """What each combination that is to run may pay for an instance, which the jobs of a batch share."""
    specs = {place: combination.spec for place, combination in enumerate(combinations)}
    waiting = deque(place for place, outlook in enumerate(outlooks) if outlook is Outlook.TO_RUN)
    shares = dict.fromkeys(specs, 0.0)
    while waiting and executor.paid:
        batch = next_batch(waiting, specs, executor)
        shares |= {place: specs[place].cost.instance_usd / len(batch) for place in batch}
    return shares


def ask_consent(total_usd: float, max_usd: float | None) -> None:
    """See that somebody wants to pay this much: the budget says so, or the person at the terminal.

    Raises:
        ConfigError: The upper bound is over the budget, or nobody consented.
    """
    if max_usd is not None:
        if total_usd > max_usd + SUM_ERROR_USD:
            raise ConfigError(
                f"budget.max_usd={max_usd:g} is less than the {_cents(total_usd)} USD that the sweep may "
                "cost: raise it, or lower job.max_runtime_seconds, max_iterations, shots or the number of "
                "jobs."
            )
        return
    if not total_usd:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(
            f"The sweep may cost up to {_cents(total_usd)} USD and nobody can be asked: set budget.max_usd "
            "to that much or more to consent."
        )
    answer = make_console(stderr=True).input(f"Spend up to {_cents(total_usd)} USD? \\[y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        raise ConfigError("Not confirmed; nothing was started.")
