"""Shows the plan of a sweep, and asks for consent to its cost."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from sweeper.compose.composition import Combination
from sweeper.console.console import make_console
from sweeper.errors import ConfigError
from sweeper.executors.base import Executor
from sweeper.job.cost import INSTANCE_PRICE, SIMULATOR_SECONDS, SUM_ERROR_USD, Cost
from sweeper.planning.cost_plan import cents, costs_to_run, instance_shares, is_unpriced, price_remarks
from sweeper.planning.outlook import Outlook

_MOST_ROWS = 40


def show_plan(combinations: Sequence[Combination], outlooks: Sequence[Outlook], executor: Executor) -> float:
    """Print one row for each combination, and remarks on devices and prices.

    Only the jobs that are still to run have a cost.

    Args:
        combinations: The combinations of the sweep.
        outlooks: The outlook of each combination.
        executor: The executor that would run the jobs.

    Returns:
        The upper bound in USD for the jobs that are still to run; 0 if the executor costs nothing.
    """
    instances = instance_shares(combinations, outlooks, executor)
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
    for remark in price_remarks(combinations, outlooks, executor):
        console.print(remark, soft_wrap=True)
    count = Counter(outlooks)
    others = "".join(f"{count[s]} {s}, " for s in Outlook if s is not Outlook.TO_RUN and count[s])
    costs = costs_to_run(combinations, outlooks) if executor.paid else []
    how = "about" if any(cost.estimates for cost in costs) else "at most"
    amount = "an unknown amount" if any(map(is_unpriced, costs)) else f"{how} {cents(total)} USD"
    console.print(
        f"{len(combinations)} jobs {executor.words}: {others}{count[Outlook.TO_RUN]} to run for {amount} "
        "(each job's instance for its longest runtime, all evaluations of the optimizer; a retry "
        "costs as much again and is only started within the budget).",
        soft_wrap=True,
    )
    return total


def _amounts(cost: Cost, instance_usd: float, *, paid: bool) -> tuple[str, str, str]:
    """The cost of a job's quantum tasks, of its instance and the sum, in USD; estimates are marked."""
    tasks, instance = SIMULATOR_SECONDS in cost.estimates, paid and INSTANCE_PRICE in cost.estimates
    unknown = paid and is_unpriced(cost)
    marked = [
        f"{'≈' if estimated else ''}{usd:.4f}"
        for usd, estimated in (
            (cost.tasks_usd, tasks),
            (instance_usd, instance),
            (cost.tasks_usd + instance_usd, tasks or instance),
        )
    ]
    return (marked[0], "?", "?") if unknown else (marked[0], marked[1], marked[2])


def ask_consent(total_usd: float, max_usd: float | None) -> None:
    """Make sure that somebody consents to the cost, by the budget or at the terminal.

    Raises:
        ConfigError: The upper bound is over the budget, or nobody consented.
    """
    if max_usd is not None:
        if total_usd > max_usd + SUM_ERROR_USD:
            raise ConfigError(
                f"budget.max_usd={max_usd:g} is less than the {cents(total_usd)} USD that the sweep may "
                "cost: raise it, or lower job.max_runtime_seconds, max_iterations, shots or the number of "
                "jobs."
            )
        return
    if not total_usd:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(
            f"The sweep may cost up to {cents(total_usd)} USD and nobody can be asked: set budget.max_usd "
            "to that much or more to consent."
        )
    answer = make_console(stderr=True).input(f"Spend up to {cents(total_usd)} USD? \\[y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        raise ConfigError("Not confirmed; nothing was started.")
