"""The parameter-shift rule against finite differences, for every cost function it claims to hold for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from algorithms.aggregation import CVaR
from algorithms.ansatz import Ansatz
from algorithms.ansatz.hardware_efficient import HardwareEfficient
from algorithms.ansatz.ry_cnot_ry import RyCnotRy
from algorithms.ansatz.ucc import Excitation
from algorithms.energy import Energy
from algorithms.expectation import Expectation
from algorithms.gradients import FiniteDifferences, ParameterShift
from algorithms.graph import Graph, parse_graph
from algorithms.hyperparameters import HyperparameterError
from algorithms.layerwise import Shallower
from algorithms.measurement import QuantumTasks
from algorithms.objective import Objective
from algorithms.pauli import parse_hamiltonian
from algorithms.qaoa import ExpectedCut

ENERGY = "0.5 ZZ, 0.3 XI, -0.7 YX, 0.2 IY, 0.4 XX, 0.3 IZ"
SQUARE = parse_graph("0-1,1-2,2-3,3-0,0-2", 4)
SIGNS = parse_graph("0-1:1,1-2:-1,2-0:1", 3)
UNEVEN = parse_graph("0-1:0.5,1-2:1.3,2-0:-0.7", 3)


def energy(ansatz: Ansatz) -> Expectation:
    return Energy(parse_hamiltonian(ENERGY), 0.0, ansatz)


COSTS: dict[str, Expectation] = {
    "ry_cnot_ry": energy(RyCnotRy(2)),
    "ucc": energy(Excitation(lambda: (0, 1))),
    "hardware_efficient": energy(HardwareEfficient(2, 2, "full", ("ry", "rz"))),
    "qaoa p=1": ExpectedCut(SQUARE, 1),
    "qaoa p=3": ExpectedCut(SQUARE, 3),
    "qaoa, signs": ExpectedCut(SIGNS, 2),
    "multi-angle": ExpectedCut(UNEVEN, 2, multi_angle=True),
}


def objective(cost: Expectation, tasks: QuantumTasks) -> Objective:
    return Objective(cost, tasks, 10_000)


@pytest.mark.parametrize("name", COSTS)
def test_parameter_shift_is_the_derivative(name: str, exact: QuantumTasks) -> None:
    cost = COSTS[name]
    x = np.random.default_rng(0).uniform(-2, 2, cost.parameters)
    counted = objective(cost, exact)
    shift = ParameterShift()
    gradient = shift(counted, x)
    # Central differences with a step of 1e-4 are good to about 1e-7 here.
    assert gradient == pytest.approx(FiniteDifferences(1e-4)(objective(cost, exact), x), abs=2e-6)
    assert np.abs(gradient).max() > 0.01
    assert counted.evaluations == shift.evaluations(cost.spectra(), cost.parameters)


@pytest.mark.parametrize("name", COSTS)
def test_periods_are_periods(name: str, exact: QuantumTasks) -> None:
    cost = COSTS[name]
    periods = cost.periods()
    assert periods is not None
    x = np.random.default_rng(1).uniform(-2, 2, cost.parameters)
    value = cost.estimate(x, exact).value
    for index, period in enumerate(periods):
        shifted = x.copy()
        shifted[index] += period
        assert cost.estimate(shifted, exact).value == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    "cost", [ExpectedCut(UNEVEN, 1), ExpectedCut(SQUARE, 1, aggregation=CVaR(0.5))], ids=["uneven", "cvar"]
)
def test_parameter_shift_refuses_what_it_is_not_exact_for(cost: Expectation, exact: QuantumTasks) -> None:
    counted = objective(cost, exact)
    with pytest.raises(HyperparameterError, match="parameter_shift is not exact"):
        ParameterShift()(counted, np.zeros(2))
    assert counted.evaluations == 0


def test_a_shallower_view_has_the_gradient_of_the_shallower_circuit(exact: QuantumTasks) -> None:
    x = np.array([0.4, 0.9, 0.6, 0.3])
    view = Shallower(objective(ExpectedCut(SQUARE, 3), exact), 2, 3, 1000)
    assert ParameterShift()(view, x) == pytest.approx(
        ParameterShift()(objective(ExpectedCut(SQUARE, 2), exact), x), abs=1e-9
    )


def test_with_shots_it_is_unbiased(tasks_with: Callable[..., QuantumTasks]) -> None:
    """Mean of 60 gradients within 4.5 standard errors: a fresh seed fails once in 40 000 (Student's t)."""
    cost = energy(Excitation(lambda: (0, 1)))
    x = np.array([0.7])
    truth = ParameterShift()(objective(cost, tasks_with(0)), x)
    noisy = tasks_with(50)
    gradients = np.array([ParameterShift()(objective(cost, noisy), x) for _ in range(60)])
    stderr = gradients.std(axis=0, ddof=1) / np.sqrt(60)
    assert (np.abs(gradients.mean(axis=0) - truth) < 4.5 * stderr).all()


def test_graphs_without_edges_have_no_gamma_spectrum() -> None:
    assert ExpectedCut(Graph(2, (), ()), 1).spectra() is None
