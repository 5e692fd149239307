"""What surrounds an optimizer: stopping, warm-up, schedules, fallback metrics, and QAOA depth by depth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from algorithms.accounting import Accounts
from algorithms.gradients import FiniteDifferences
from algorithms.graph import parse_graph
from algorithms.layerwise import layer_by_layer
from algorithms.measurement import QuantumTasks, Retry
from algorithms.objective import Objective, StoppingRule
from algorithms.optimizers import Optimum
from algorithms.optimizers._interface import Function
from algorithms.optimizers.adam import Optimizer as Adam
from algorithms.optimizers.cobyla import Optimizer as Cobyla
from algorithms.qaoa import ExpectedCut

from .fakes import FakeDevice, optimize
from .test_checkpoint import Flips
from .test_optimizers import NO_TASKS, Quadratic

RNG = np.random.default_rng(0)
RING = parse_graph("0-1,1-2,2-3,3-4,4-5,5-0", 6)


def logged(text: str, metric: str) -> list[int]:
    """The iterations in which a metric was logged."""
    return [
        int(line.rsplit("iteration_number=", 1)[1].strip(";"))
        for line in text.splitlines()
        if f" {metric}=" in line
    ]


class TestStoppingRule:
    def objective(self, patience: int, tolerance: float) -> Objective:
        return Objective(Quadratic(), NO_TASKS, 1000, stop=StoppingRule(patience, tolerance))

    def test_ends_a_search_that_no_longer_improves(self) -> None:
        objective = self.objective(10, 1e-3)
        optimum = optimize(Cobyla(0.5, 1e-9, "scipy"), objective, np.zeros(2), 1000, RNG)
        assert "no improvement by more than 0.001 in 10 evaluations" in optimum.message
        assert optimum.x == pytest.approx(np.ones(2), abs=0.1)
        free = Objective(Quadratic(), NO_TASKS, 1000)
        optimize(Cobyla(0.5, 1e-9, "scipy"), free, np.zeros(2), 1000, RNG)
        assert objective.evaluations < free.evaluations

    def test_counts_from_the_last_real_improvement(self) -> None:
        objective = self.objective(3, 0.5)
        for x in (0.0, 0.1, 0.9, 0.91, 0.92):  # values 1, 0.81, 0.01, …: the third improves by more than 0.5
            objective(np.array([x]))
        objective(np.array([0.93]))
        with pytest.raises(Exception, match="no improvement"):
            objective(np.array([0.94]))
        assert objective.evaluations == 6

    def test_leaves_an_optimizer_with_a_present_choice_there(self) -> None:
        objective = self.objective(2, 100.0)
        optimum = optimize(
            Adam(0.1, 0.9, 0.99, gradient=FiniteDifferences(0.5)), objective, np.zeros(1), 100, RNG
        )
        # The first evaluation begins the count; after two gradients there is no improvement by 100, and the
        # choice after those two steps of about 0.1 counts, not the best point 0.6.
        assert objective.evaluations == 4
        assert optimum.x == pytest.approx([0.2], abs=1e-3)


def test_warm_up_runs_elsewhere_and_its_values_do_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    accounts, cheap, dear = Accounts(), FakeDevice(), FakeDevice()
    warmup = QuantumTasks(cheap, 5, accounts=accounts, count_as="warmup_tasks")
    primary = QuantumTasks(dear, 50, accounts=accounts)
    objective = Objective(Flips(), primary, 100, plan=lambda n: (warmup, 5) if n < 2 else (primary, 10 * n))
    objective.batch(np.array([[0.0], [0.0], [1.0], [0.5]]))
    assert [shots for _, shots in cheap.runs] == [5] * 4
    assert [shots for _, shots in dear.runs] == [20, 20, 30, 30]
    assert (accounts.warmup_tasks, accounts.tasks, accounts.shots) == (4, 8, 120)
    assert objective.values[:2].tolist() == [0.0, 0.0]
    assert objective.best_point.tolist() in ([1.0], [0.5])
    assert logged(capsys.readouterr().out, "warmup") == [0, 1]


def test_every_use_of_the_fallback_is_a_metric(capsys: pytest.CaptureFixture[str]) -> None:
    accounts = Accounts()
    fallback = QuantumTasks(FakeDevice(), 5, name="arn:b", accounts=accounts, count_as="fallback_tasks")
    device = FakeDevice([None, None, "FAILED"])
    tasks = QuantumTasks(device, 5, name="arn:a", accounts=accounts, retry=Retry(1, 0.0), fallback=fallback)
    objective = Objective(Flips(), tasks, 100)
    for _ in range(3):
        objective(np.array([0.3]))
    assert logged(capsys.readouterr().out, "fallback_used") == [1, 2]
    assert accounts.fallback_tasks == 3


class TestLayerByLayer:
    def run(self, evaluations: int, depth: int = 3, tol: float = 1e-4) -> tuple[Objective, Optimum]:
        objective = Objective(Quadratic(), NO_TASKS, evaluations)

        def minimize(function: Function, start: NDArray[np.float64], budget: int) -> Optimum:
            return Cobyla(0.5, tol, "scipy").minimize(function, start, budget, RNG)

        return objective, layer_by_layer(np.array([0.3, 0.6]), depth)(minimize, objective, evaluations)

    def test_shares_its_evaluations(self) -> None:
        objective, optimum = self.run(30, tol=1e-12)
        assert objective.evaluations == 30
        layers = [np.count_nonzero(point[:3]) for point in objective.points]
        assert [layers.count(n) for n in (1, 2, 3)] == [10, 10, 10]
        assert optimum.x.shape == (6,)

    def test_passes_on_what_a_depth_leaves(self) -> None:
        objective, optimum = self.run(300, tol=1e-2)
        assert objective.evaluations < 300
        assert optimum.x == pytest.approx(np.ones(6), abs=0.05)

    def test_the_shallow_circuits_leave_the_other_layers_out(self) -> None:
        deep, shallow = ExpectedCut(RING, 3), ExpectedCut(RING, 1)
        angles = np.array([0.4, 0.0, 0.0, 0.6, 0.0, 0.0])
        assert deep.executables(angles) == shallow.executables(np.array([0.4, 0.6]))
