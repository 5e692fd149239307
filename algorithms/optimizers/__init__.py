"""The classical optimizers, one module each: a module's name is the hyperparameter `optimizer`.

To add one, add a module with a frozen dataclass named `Optimizer` that has the methods of
`algorithms.optimizers._interface.Optimizer`; its fields are its options.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from algorithms.optimizers._interface import Optimizer, Optimum


def available() -> list[str]:
    """Names of all optimizers."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def optimizer_class(name: str) -> type[Optimizer]:
    """The class of an optimizer, `name` being one of `available()`."""
    found: type[Optimizer] = import_module(f"{__name__}.{name}").Optimizer
    return found


__all__ = ["Optimizer", "Optimum", "available", "optimizer_class"]
