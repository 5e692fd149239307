"""The classical optimizers, one module each: a module's name is the hyperparameter `optimizer`.

To add one, add a module with a frozen dataclass named `Optimizer` that has the methods of
`algorithms.optimizers._interface.Optimizer`; its fields are its options (`algorithms.options`).
"""

from __future__ import annotations

from dataclasses import fields

from algorithms.expectation import Expectation
from algorithms.optimizers._interface import Optimizer, Optimum
from algorithms.options import Modules

OPTIMIZERS = Modules(__name__, "Optimizer")
"""The class of every optimizer by its name."""


def check(method: Optimizer, expectation: Expectation, max_evaluations: int) -> None:
    """Refuse a method that does not fit what it is to optimise; most take whatever there is.

    Raises:
        HyperparameterError: Says what would fit.
    """
    refuse = getattr(method, "check", None)
    if refuse is not None:
        refuse(expectation, max_evaluations)


def unchecked(method: Optimizer) -> list[str]:
    """The options at which `check` does not look."""
    looked_at = getattr(method, "checked", ())
    return [field.name for field in fields(method) if field.name not in looked_at]


__all__ = ["OPTIMIZERS", "Optimizer", "Optimum", "check", "unchecked"]
