"""What a person is shown before a paid sweep: bounds, estimates, and how old the prices are."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest

from sweeper.compose.composition import Combination
from sweeper.console.plan_table import ask_consent, show_plan
from sweeper.errors import ConfigError
from sweeper.job.cost import INSTANCE_PRICE, SIMULATOR_SECONDS, Cost
from sweeper.planning.cost_plan import why_unbounded
from sweeper.planning.outlook import Outlook

from .test_runner import ScriptedExecutor, spec

COST = Cost(tasks=10, shots=1000, tasks_usd=1.5, instance_usd=3.6)


def plan(capsys: pytest.CaptureFixture[str], *costs: Cost, **settings: object) -> tuple[float, str]:
    """The upper bound, and what is said."""
    combinations = [
        Combination((f"n={n}",), {}, {}, replace(spec(str(n)), cost=cost)) for n, cost in enumerate(costs)
    ]
    executor = ScriptedExecutor(**{"paid": True, **settings})  # type: ignore[arg-type]
    total = show_plan(combinations, [Outlook.TO_RUN] * len(costs), executor)
    return total, " ".join(capsys.readouterr().err.split())


def ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)).isoformat()


def test_a_bound_is_called_one(capsys: pytest.CaptureFixture[str]) -> None:
    total, said = plan(capsys, COST, COST)
    assert total == pytest.approx(2 * (1.5 + 3.6))
    assert "to run for at most 10.20 USD" in said
    assert "≈" not in said
    assert "1.5000 3.6000 5.1000" in said


def test_packed_jobs_share_one_instance_and_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    total, said = plan(capsys, COST, COST, COST, batch_size=3)
    # 3 × 1.50 of tasks, and 3.60 once.
    assert total == pytest.approx(8.1)
    assert said.count("1.5000 1.2000 2.7000") == 3
    total, _ = plan(capsys, COST, COST, COST, batch_size=2)
    assert total == pytest.approx(4.5 + 2 * 3.6)  # a pack of two, and one alone


def test_estimates_are_marked_where_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = plan(capsys, replace(COST, estimates=(INSTANCE_PRICE,)), COST)
    assert "1.5000 ≈3.6000 ≈5.1000" in said
    assert "1.5000 3.6000 5.1000" in said
    assert "is an estimate and no bound: the instance's price." in said
    assert "to run for about 10.20 USD" in said
    _, said = plan(capsys, replace(COST, estimates=(SIMULATOR_SECONDS,)))
    assert "≈1.5000 3.6000 ≈5.1000" in said
    # Where nothing is paid for, the instance is nobody's price.
    _, said = plan(capsys, replace(COST, estimates=(INSTANCE_PRICE,)), paid=False)
    assert "≈" not in said


def test_what_is_not_priced_is_not_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    unpriced = replace(COST, instance_usd=0.0, unbounded="Braket's price of it is not known.")
    _, said = plan(capsys, unpriced)
    assert "1.5000 ? ?" in said
    assert "to run for an unknown amount" in said
    assert why_unbounded([COST, unpriced]) == "Braket's price of it is not known."
    assert why_unbounded([COST]) is None


@pytest.mark.parametrize(("days", "remarked"), [(90, False), (91, True), (400, True)])
def test_old_prices_are_remarked_upon(capsys: pytest.CaptureFixture[str], days: int, remarked: bool) -> None:
    _, said = plan(capsys, COST, replace(COST, priced_on=ago(days)), replace(COST, priced_on=ago(1)))
    assert (f"Prices are up to {days} days old" in said) is remarked
    assert ("sweeper devices --prices" in said) is remarked


@pytest.mark.parametrize("usd", [0.1433, 0.0001, 2.675, 10.2, 0.1 + 0.2, 12.0])
def test_the_amount_that_is_named_is_enough_as_a_budget(
    capsys: pytest.CaptureFixture[str], usd: float
) -> None:
    _, said = plan(capsys, replace(COST, tasks_usd=usd, instance_usd=0.0))
    named = re.search(r"at most ([0-9.]+) USD \(each", said)
    assert named is not None
    assert usd - 1e-6 <= float(named[1]) < usd + 0.01
    with pytest.raises(ConfigError, match=f"up to {named[1]} USD"):
        ask_consent(usd, None)
    ask_consent(usd, float(named[1]))
