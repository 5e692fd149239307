"""The optimizers' options. Each class has its twin, the optimizer itself, in `algorithms/optimizers/`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal

from sweeper.config.check import require


@dataclass
class Optimizer:
    """What all optimizers share: a method name and options that travel as `optimizer.<option>`."""

    method: ClassVar[str]

    def hyperparameters(self) -> dict[str, object]:
        """The method under `optimizer`, every option under `optimizer.<option>`."""
        options = {f"optimizer.{option.name}": getattr(self, option.name) for option in fields(self)}
        return {"optimizer": self.method, **options}

    def _positive(self, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            require(0 < value < math.inf, f"optimizer.{name}", value, "greater than 0")


@dataclass
class Cobyla(Optimizer):
    """Constrained optimisation by linear approximation (Powell 1994)."""

    method: ClassVar[str] = "cobyla"
    rhobeg: float = 0.5
    tol: float = 1e-4
    implementation: Literal["auto", "nlopt", "scipy"] = "auto"

    def __post_init__(self) -> None:
        self._positive("rhobeg", "tol")


@dataclass
class NelderMead(Optimizer):
    """Downhill simplex (Nelder and Mead 1965)."""

    method: ClassVar[str] = "nelder_mead"
    initial_step: float = 0.5
    xatol: float = 1e-4
    fatol: float = 1e-4

    def __post_init__(self) -> None:
        self._positive("initial_step", "xatol", "fatol")


@dataclass
class Powell(Optimizer):
    """Line searches along conjugate directions (Powell 1964)."""

    method: ClassVar[str] = "powell"
    xtol: float = 1e-2
    ftol: float = 1e-2

    def __post_init__(self) -> None:
        self._positive("xtol", "ftol")


@dataclass
class Spsa(Optimizer):
    """Simultaneous perturbation stochastic approximation (Spall 1998).

    `a` scales the steps; none lets the first evaluations choose it.
    """

    method: ClassVar[str] = "spsa"
    a: float | None = None
    c: float = 0.2
    alpha: float = 0.602
    gamma: float = 0.101
    stability: float = 0.0

    def __post_init__(self) -> None:
        self._positive("c", "alpha", "gamma", *(() if self.a is None else ("a",)))
        require(0 <= self.stability < math.inf, "optimizer.stability", self.stability, "0 or more")


@dataclass
class WithGradient(Optimizer):
    """An optimizer that follows a gradient: the parameter-shift rule, or differences over `step` rad."""

    gradient: Literal["parameter_shift", "finite_differences"] = field(
        default="parameter_shift", kw_only=True
    )
    step: float = field(default=0.1, kw_only=True)

    def __post_init__(self) -> None:
        self._positive("step")

    def hyperparameters(self) -> dict[str, object]:
        """The step travels with finite differences only."""
        values = super().hyperparameters()
        if self.gradient == "parameter_shift":
            del values["optimizer.step"]
        return values


@dataclass
class Slsqp(WithGradient):
    """Sequential least squares programming (Kraft 1988)."""

    method: ClassVar[str] = "slsqp"
    ftol: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        self._positive("ftol")


@dataclass
class LBfgsB(WithGradient):
    """Limited-memory quasi-Newton (Byrd, Lu, Nocedal and Zhu 1995)."""

    method: ClassVar[str] = "l_bfgs_b"
    ftol: float = 1e-9
    gtol: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        self._positive("ftol", "gtol")


@dataclass
class GradientDescent(WithGradient):
    """Gradient descent with a fixed learning rate."""

    method: ClassVar[str] = "gradient_descent"
    learning_rate: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        self._positive("learning_rate")


@dataclass
class Adam(WithGradient):
    """Gradient descent with adaptive moments (Kingma and Ba 2014)."""

    method: ClassVar[str] = "adam"
    learning_rate: float = 0.2
    beta1: float = 0.9
    beta2: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        self._positive("learning_rate")
        for name in ("beta1", "beta2"):
            require(
                0 <= getattr(self, name) < 1, f"optimizer.{name}", getattr(self, name), "0 or more, below 1"
            )


@dataclass
class Grid(Optimizer):
    """All points of a grid: `points` along each parameter, over one period or `span` rad around the start."""

    method: ClassVar[str] = "grid"
    points: int = 16
    span: float | None = None

    def __post_init__(self) -> None:
        require(self.points >= 2, "optimizer.points", self.points, "2 or more")
        if self.span is not None:
            self._positive("span")


OPTIMIZERS: tuple[type[Optimizer], ...] = (
    *(Cobyla, NelderMead, Powell, Spsa),
    *(Slsqp, LBfgsB, GradientDescent, Adam, Grid),
)
"""Every optimizer option."""
