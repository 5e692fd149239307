"""The classical optimizers, one module each: a module's name is the hyperparameter `optimizer`.

To add one, add a module with a frozen dataclass named `Optimizer` that has the methods of
`algorithms.optimizers._interface.Optimizer`; its fields are its options.
"""

from __future__ import annotations

import pkgutil
from dataclasses import fields
from importlib import import_module

from algorithms.cost import CostFunction
from algorithms.optimizers._interface import Optimizer, Optimum


def available() -> list[str]:
    """Names of all optimizers."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def optimizer_class(name: str) -> type[Optimizer]:
    """The class of an optimizer, `name` being one of `available()`."""
    found: type[Optimizer] = import_module(f"{__name__}.{name}").Optimizer
    return found


def check(method: Optimizer, cost: CostFunction, max_evaluations: int) -> None:
    """Refuse a method that does not fit what it is to optimise; most take whatever there is.

    Raises:
        HyperparameterError: Says what would fit.
    """
    refuse = getattr(method, "check", None)
    if refuse is not None:
        refuse(cost, max_evaluations)


def unchecked(method: Optimizer) -> list[str]:
    """The options at which `check` does not look."""
    looked_at = getattr(method, "checked", ())
    return [field.name for field in fields(method) if field.name not in looked_at]


__all__ = ["Optimizer", "Optimum", "available", "check", "optimizer_class", "unchecked"]
