"""Parametrised circuits that prepare the trial states of VQE, one module each.

A module's name is the hyperparameter `ansatz`. To add one, add a module with a frozen dataclass named
`Options` that has the method of `algorithms.ansatz._interface.Options`; its fields are its options
(`algorithms.options`).
The parameter with index i is the `FreeParameter` named by `parameter_name(i)`.
"""

from __future__ import annotations

from algorithms.ansatz._interface import Ansatz, Options, parameter_name
from algorithms.options import Modules

ANSATZE = Modules(__name__, "Options")
"""The options of every ansatz by its name."""

__all__ = ["ANSATZE", "Ansatz", "Options", "parameter_name"]
