"""Every optimizer: finds a minimum, keeps to its evaluations, depends on nothing but its arguments."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from algorithms import optimizers
from algorithms.executable import Executable
from algorithms.expectation import Expectation
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.measurement import Estimate, Outcomes, QuantumTasks
from algorithms.objective import EvaluationLimitReachedError, Objective
from algorithms.optimizers import Optimizer, Optimum
from algorithms.options import read

from .fakes import optimize

FINITE = {"gradient": "finite_differences", "step": "0.01"}
OPTIONS: dict[str, dict[str, str]] = {
    "cobyla": {"rhobeg": "0.5", "tol": "1e-4", "implementation": "scipy"},
    "cobyla of nlopt": {"rhobeg": "0.5", "tol": "1e-4", "implementation": "nlopt"},
    "nelder_mead": {"initial_step": "0.5", "xatol": "1e-4", "fatol": "1e-4"},
    "powell": {"xtol": "1e-4", "ftol": "1e-4"},
    "slsqp": {"ftol": "1e-9", **FINITE},
    "l_bfgs_b": {"ftol": "1e-12", "gtol": "1e-6", **FINITE},
    "adam": {"learning_rate": "0.1", "beta1": "0.9", "beta2": "0.99", **FINITE},
    "gradient_descent": {"learning_rate": "0.1", **FINITE},
    "grid": {"points": "3", "span": "2.0"},
    "spsa": {"a": "0.2", "c": "0.1", "alpha": "0.602", "gamma": "0.101", "stability": "0.0"},
}
NAMES = [*optimizers.OPTIMIZERS, *(["cobyla of nlopt"] if find_spec("nlopt") else [])]
DEFAULTS = ("implementation",)
NO_DEVICE: Any = None
NO_TASKS = QuantumTasks(NO_DEVICE, 0)
NO_CHANNEL = Path("/nonexistent")


class Quadratic(Expectation):
    """(x - 1)² summed over the parameters, in place of a quantum device; noisy if asked."""

    metric = "energy"
    parameters = 0

    def __init__(self, sign: float = 1.0, noise: float = 0.0) -> None:
        self.sign = sign
        self._noise = noise
        self._rng = np.random.default_rng(0)

    def executables(self, parameters: NDArray[np.float64]) -> list[Executable]:  # noqa: ARG002
        return []

    def evaluate(self, outcomes: Sequence[Outcomes]) -> Estimate:
        raise NotImplementedError

    def estimates(
        self,
        points: Sequence[NDArray[np.float64]],
        tasks: QuantumTasks,  # noqa: ARG002
        shots: int | None = None,  # noqa: ARG002
    ) -> list[Estimate]:
        return [self._estimate(point) for point in points]

    def _estimate(self, point: NDArray[np.float64]) -> Estimate:
        value = float(((point - 1.0) ** 2).sum()) + self._noise * self._rng.normal()
        return Estimate(self.sign * value, self._noise)


def kind(name: str) -> type[Optimizer]:
    return optimizers.OPTIMIZERS[name.partition(" ")[0]]


def method(name: str) -> Optimizer:
    return read(kind(name), Hyperparameters(OPTIONS[name], NO_CHANNEL))


def run(
    name: str, budget: int, dimension: int = 2, seed: int = 0, **kind: float
) -> tuple[Optimum, Objective]:
    objective = Objective(Quadratic(**kind), NO_TASKS, budget)
    rng = np.random.default_rng(seed)
    return optimize(method(name), objective, np.zeros(dimension), budget, rng), objective


def test_are_found_by_their_files() -> None:
    assert {name.partition(" ")[0] for name in OPTIONS} == set(optimizers.OPTIMIZERS)


@pytest.mark.parametrize("name", NAMES)
class TestEveryOptimizer:
    @pytest.mark.parametrize("dimension", [1, 2, 4])
    def test_finds_a_minimum(self, name: str, dimension: int) -> None:
        optimum, _ = run(name, 400, dimension)
        assert optimum.x == pytest.approx(np.ones(dimension), abs=0.02)
        assert optimum.x.shape == (dimension,)
        assert optimum.message

    def test_finds_a_maximum_of_a_cost_to_be_maximised(self, name: str) -> None:
        optimum, _ = run(name, 400, sign=-1.0)
        assert optimum.x == pytest.approx(np.ones(2), abs=0.02)

    @pytest.mark.parametrize("dimension", [1, 2, 4])
    def test_never_exceeds_its_evaluations(self, name: str, dimension: int) -> None:
        for budget in [*range(1, 25), 50, 101]:
            for noise in (0.0, 0.1):
                if name == "grid" and budget < 3**dimension:
                    with pytest.raises(HyperparameterError, match="Raise max_iterations, or lower"):
                        run(name, budget, dimension)
                    continue
                optimum, objective = run(name, budget, dimension, noise=noise)
                assert objective.evaluations <= budget
                assert optimum.x.shape == (dimension,)

    def test_spends_its_evaluations_while_it_can_improve(self, name: str) -> None:
        for budget in (16, 24) if name != "grid" else (81,):
            optimum, objective = run(name, budget, dimension=4)
            converged = optimum.x == pytest.approx(np.ones(4), abs=1e-6)
            assert objective.evaluations == budget or converged

    def test_depends_on_the_seed_alone(self, name: str) -> None:
        first, first_objective = run(name, 40, noise=0.1, seed=3)
        again, again_objective = run(name, 40, noise=0.1, seed=3)
        assert np.array_equal(first_objective.points, again_objective.points)
        assert np.array_equal(first.x, again.x)

    def test_refuses_missing_and_foreign_options(self, name: str) -> None:
        for option in OPTIONS[name]:
            if option in DEFAULTS:
                continue
            rest = {key: text for key, text in OPTIONS[name].items() if key != option}
            with pytest.raises(HyperparameterError, match=f'"{option}" is missing'):
                read(kind(name), Hyperparameters(rest, NO_CHANNEL))
            negative = Hyperparameters({**OPTIONS[name], option: "-1"}, NO_CHANNEL)
            with pytest.raises(HyperparameterError, match=f'"{option}" is .* expected '):
                read(kind(name), negative)
        given = Hyperparameters({**OPTIONS[name], "foreign": "1"}, NO_CHANNEL)
        read(kind(name), given)
        with pytest.raises(HyperparameterError, match="foreign"):
            given.finish()


class TestCobyla:
    def read(self, implementation: str) -> Any:
        options = {**OPTIONS["cobyla"], "implementation": implementation}
        return read(kind("cobyla"), Hyperparameters(options, NO_CHANNEL))

    def test_is_nlopts_where_that_is_installed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pytest.importorskip("nlopt")
        assert self.read("auto").implementation == "nlopt"
        assert not capsys.readouterr().out
        monkeypatch.setitem(sys.modules, "nlopt", None)
        assert self.read("auto").implementation == "scipy"
        assert "nlopt cannot be imported" in capsys.readouterr().out
        with pytest.raises(HyperparameterError, match=r"Install it, or set optimizer\.implementation=scipy"):
            self.read("nlopt")
        with pytest.raises(HyperparameterError, match="one of auto, nlopt, scipy"):
            self.read("fortran")

    def test_begins_alike_whoever_does_it(self) -> None:
        pytest.importorskip("nlopt")
        start = np.array([0.2, -0.3, 0.1])
        simplices = []
        for implementation in ("nlopt", "scipy"):
            objective = Objective(Quadratic(), NO_TASKS, 4)
            optimize(self.read(implementation), objective, start, 4, np.random.default_rng(0))
            simplices.append(objective.points)
        assert simplices[0] == pytest.approx(simplices[1])
        assert np.ptp(simplices[0], axis=0) == pytest.approx(np.full(3, 0.5))

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_ends_where_the_objective_is_no_number(self, value: float) -> None:
        pytest.importorskip("nlopt")
        objective = Objective(Quadratic(sign=value), NO_TASKS, 100)
        with pytest.raises(ValueError, match=r"The objective is (nan|inf) at "):
            self.read("nlopt").minimize(objective, np.zeros(2), 100, np.random.default_rng(0))
        assert objective.evaluations == 1

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
    def test_lets_through_what_the_objective_raises(self, error: type[BaseException]) -> None:
        pytest.importorskip("nlopt")

        class Broken(Quadratic):
            def _estimate(self, point: NDArray[np.float64]) -> Estimate:
                if point[0] > 0.4:
                    raise error("here")
                return super()._estimate(point)

        objective = Objective(Broken(), NO_TASKS, 100)
        with pytest.raises(error, match="here"):
            self.read("nlopt").minimize(objective, np.zeros(2), 100, np.random.default_rng(0))
        assert objective.evaluations >= 1

    def test_of_a_constant_ends(self) -> None:
        for name in NAMES:
            if name.startswith("cobyla"):
                optimum, objective = run(name, 400, sign=0.0)
                assert objective.evaluations < 400
                assert np.isfinite(optimum.x).all()


def test_spsa_draws_its_directions_from_the_seed() -> None:
    _, one = run("spsa", 20, dimension=4, seed=1)
    _, two = run("spsa", 20, dimension=4, seed=2)
    assert not np.array_equal(one.points, two.points)


def test_spsa_follows_its_gain_sequences() -> None:
    """First step by hand: from 0, with c_0 = 0.1 and a_0 = 0.2 / (1 + stability)^alpha."""
    optimum, objective = run("spsa", 2, dimension=1)
    assert np.sort(np.abs(objective.points.ravel())) == pytest.approx([0.1, 0.1])
    assert optimum.x == pytest.approx([0.2 * 2.0])  # gradient of (x - 1)² at 0 is -2


class TestSpsaCalibration:
    OPTIONS: ClassVar[dict[str, str]] = {**OPTIONS["spsa"], "a": "null"}

    def run(self, budget: int, scale: float = 1.0) -> tuple[Optimum, Objective]:
        method = read(optimizers.OPTIMIZERS["spsa"], Hyperparameters(self.OPTIONS, NO_CHANNEL))
        objective = Objective(Quadratic(sign=scale), NO_TASKS, budget)
        return optimize(method, objective, np.zeros(2), budget, np.random.default_rng(0)), objective

    def test_makes_steps_that_do_not_depend_on_the_objectives_scale(self) -> None:
        energies, _ = self.run(60)
        cuts, _ = self.run(60, scale=100.0)
        assert energies.x == pytest.approx(cuts.x)

    def test_makes_a_first_step_of_about_the_perturbation(self) -> None:
        # 12 evaluations: two pairs calibrate, four steps follow, the first to where the third pair centres.
        _, objective = self.run(12)
        pairs = objective.points.reshape(6, 2, 2).mean(axis=1)
        assert pairs[:3] == pytest.approx(np.zeros((3, 2)))
        assert 0.02 < np.abs(pairs[3]).max() < 0.5

    def test_counts_as_evaluations(self) -> None:
        for budget in range(1, 40):
            optimum, objective = self.run(budget)
            assert objective.evaluations == budget // 2 * 2
            assert np.isfinite(optimum.x).all()


class TestObjective:
    def test_logs_value_and_error_of_each_iteration_from_zero(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        objective = Objective(Quadratic(noise=0.5), NO_TASKS, 2)
        values = [objective(np.zeros(1)), objective(np.ones(1))]
        lines = [line.split("; ", 1)[1] for line in capsys.readouterr().out.splitlines()]
        assert lines == [
            f"energy={values[0]}; iteration_number=0;",
            "stderr=0.5; iteration_number=0;",
            f"energy={values[1]}; iteration_number=1;",
            "stderr=0.5; iteration_number=1;",
        ]

    def test_ends_an_optimizer_that_goes_on(self) -> None:
        objective = Objective(Quadratic(), NO_TASKS, 1)
        objective(np.zeros(1))
        with pytest.raises(EvaluationLimitReachedError):
            objective(np.ones(1))
        assert objective.evaluations == 1

    def test_keeps_points_that_the_optimizer_overwrites(self) -> None:
        objective = Objective(Quadratic(), NO_TASKS, 2)
        x = np.zeros(2)
        objective(x)
        x += 1.0
        objective(x)
        assert objective.points.tolist() == [[0.0, 0.0], [1.0, 1.0]]
        assert objective.values.tolist() == [2.0, 0.0]
        assert objective.best_point.tolist() == [1.0, 1.0]
