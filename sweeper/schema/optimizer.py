"""The optimizers' options. Each class has its twin, the optimizer itself, in `algorithms/optimizers/`."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar

from sweeper.schema.check import require


@dataclass
class Optimizer:
    """What all optimizers share: a method name and options that travel as `optimizer.<option>`."""

    method: ClassVar[str]

    def hyperparameters(self) -> dict[str, object]:
        """The method under `optimizer`, every option under `optimizer.<option>`."""
        options = {f"optimizer.{field.name}": getattr(self, field.name) for field in fields(self)}
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
