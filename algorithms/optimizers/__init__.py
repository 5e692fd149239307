"""The classical optimizers, one module each: a module's name is the hyperparameter `optimizer`.

To add one, add a module with a frozen dataclass named `Optimizer` that has the methods of
`algorithms.optimizers._interface.Optimizer`; its fields are its options (`algorithms.options`).
"""

from __future__ import annotations

from algorithms.optimizers._interface import Optimizer, Optimum
from algorithms.options import Modules

OPTIMIZERS = Modules(__name__, "Optimizer")
"""The class of every optimizer by its name."""

__all__ = ["OPTIMIZERS", "Optimizer", "Optimum"]
