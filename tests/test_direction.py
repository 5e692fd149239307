"""Hydra's sweeper and `algorithm.direction` have to mean the same."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from omegaconf import OmegaConf

from sweeper.compose.composition import Combination
from sweeper.compose.direction import refuse_opposite_direction
from sweeper.errors import ConfigError
from sweeper.ledger.ledger import Ledger
from sweeper.results.tables import results_frame
from tests.synthetic import Made


class Direction(Enum):
    """As hydra-optuna-sweeper's own."""

    minimize = 1
    maximize = 2


def combination(direction: str, objective: str | None = "loss") -> Combination:
    config = {"algorithm": {"objective": objective, "direction": direction}}
    return Combination((), config, {}, spec=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sweeper", "means"),
    [
        ({"direction": "minimize"}, "minimize"),
        ({"direction": "maximize"}, "maximize"),
        ({"direction": Direction.maximize}, "maximize"),
        ({"optim": {"maximize": False}}, "minimize"),
        ({"optim": {"maximize": True}}, "maximize"),
        ({"ax_config": {"experiment": {"minimize": True}}}, "minimize"),
        ({"ax_config": {"experiment": {"minimize": False}}}, "maximize"),
    ],
    ids=str,
)
def test_a_sweeper_that_looks_for_the_worst_is_refused(sweeper: dict[str, Any], means: str) -> None:
    node = OmegaConf.create(sweeper)
    opposite = {"minimize": "maximize", "maximize": "minimize"}[means]
    refuse_opposite_direction(node, [combination(means), combination(opposite, objective=None)])
    with pytest.raises(ConfigError, match=f"looks for the worst objective: algorithm.direction={opposite}"):
        refuse_opposite_direction(node, [combination(means), combination(opposite)])


def test_a_sweeper_without_a_direction_takes_any() -> None:
    for node in ({"params": {"shots": "1,2"}}, {"direction": ["minimize", "maximize"]}, {"direction": None}):
        refuse_opposite_direction(OmegaConf.create(node), [combination("maximize"), combination("minimize")])


def test_a_kept_job_takes_over_how_its_result_is_read(tmp_path: Any) -> None:
    from sweeper.ledger.record import Entry

    def enlisted(direction: str, **more: Any) -> list[int]:
        config = Made({"lr": 1}, algorithm={"direction": direction, "problem_keys": ["molecule"]}).config
        return ledger.enlist([Entry("key", ["lr=1"], config | more, {"algorithm": "script"})])

    ledger = Ledger(tmp_path / "sweep.db")
    same = {"objectives": {}, "problem_keys": ["molecule"]}
    assert enlisted("minimize") == [0]
    assert results_frame(ledger.jobs()).attrs == {"maximised": [], **same}
    assert enlisted("maximize", shots=7) == [0]
    assert results_frame(ledger.jobs()).attrs == {"maximised": ["script"], **same}
    assert "shots" not in ledger.job(0).config
    ledger.close()
