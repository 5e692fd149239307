"""Where QAOA's search starts, one module each: a module's name is the hyperparameter `initial_point`.

To add one, add a module with a frozen dataclass named `Start` that has the method of
`algorithms.start_points._interface.Start`; its fields are its options (`algorithms.options`).
"""

from __future__ import annotations

from algorithms.options import Modules
from algorithms.start_points._interface import Angles, Start

START_POINTS = Modules(__name__, "Start")
"""The class of every start point by its name."""

__all__ = ["START_POINTS", "Angles", "Start"]
