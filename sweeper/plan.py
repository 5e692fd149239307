"""Before a paid sweep: what it would run, what that may cost at most, and whether that is wanted."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from sweeper.composition import Combination
from sweeper.errors import ConfigError
from sweeper.executors.base import Executor
from sweeper.render import make_console

_MOST_ROWS = 40


def show_plan(combinations: Sequence[Combination], executor: Executor) -> float:
    """Print one row for each combination, and what is known of the devices.

    Returns:
        The upper bound for the whole sweep in USD; 0 where the executor costs nothing.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("job", justify="right")
    table.add_column("combination", overflow="fold")
    table.add_column("device", overflow="fold")
    for name in ("tasks", "shots", "tasks USD", "instance USD", "at most USD"):
        table.add_column(name, justify="right")
    size = executor.batch_size
    total = 0.0
    for number, combination in enumerate(combinations):
        cost = combination.spec.cost
        together = min(size, len(combinations) - number // size * size)
        instance_usd = cost.instance_usd / together if executor.paid else 0.0
        total += cost.tasks_usd + instance_usd
        if number < _MOST_ROWS:
            table.add_row(
                str(number),
                Text(" ".join(combination.overrides) or "as configured"),
                combination.spec.device.rpartition(":")[2].removeprefix("device/"),
                str(cost.tasks or "?"),
                str(cost.shots or ("exact" if cost.tasks else "?")),
                f"{cost.tasks_usd:.4f}",
                f"{instance_usd:.4f}",
                f"{cost.tasks_usd + instance_usd:.4f}",
            )
    console = make_console(stderr=True)
    console.print(table)
    if len(combinations) > _MOST_ROWS:
        console.print(f"… and {len(combinations) - _MOST_ROWS} more combinations")
    for remark in executor.remarks([combination.spec for combination in combinations]):
        console.print(remark, soft_wrap=True)
    console.print(
        f"{len(combinations)} jobs {executor.words}, at most {total:.2f} USD (each job's instance for its "
        "longest runtime, all evaluations of the optimizer).",
        soft_wrap=True,
    )
    return total


def ask_consent(total_usd: float, max_usd: float | None) -> None:
    """See that somebody wants to pay this much: the budget says so, or the person at the terminal.

    Raises:
        ConfigError: The upper bound is over the budget, or nobody consented.
    """
    if max_usd is not None:
        if total_usd > max_usd:
            raise ConfigError(
                f"budget.max_usd={max_usd:g} is less than the {total_usd:.2f} USD that the sweep may cost: "
                "raise it, or lower job.max_runtime_seconds, max_iterations, shots or the number of jobs."
            )
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(
            f"The sweep may cost up to {total_usd:.2f} USD and nobody can be asked: set budget.max_usd to "
            "that much or more to consent."
        )
    answer = make_console(stderr=True).input(f"Spend up to {total_usd:.2f} USD? \\[y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        raise ConfigError("Not confirmed; nothing was started.")
