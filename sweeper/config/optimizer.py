"""The optimizers' options, as the source of the algorithms describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sweeper.config.check import require
from sweeper.config.described import FromSource, Option, sent, with_options
from sweeper.config.execution import SETTINGS
from sweeper.errors import ConfigError


@dataclass(frozen=True)
class Search:
    """What an optimizer is to work on.

    Attributes:
        parameters: Number of parameters.
        max_iterations: Evaluations it may spend.
        shift_evaluations: What one gradient by the parameter-shift rule takes.
        inexact: Why the parameter-shift rule does not hold; none if it does.
        aperiodic: Whether some parameter has no period.
    """

    parameters: int
    max_iterations: int
    shift_evaluations: int
    inexact: str | None
    aperiodic: bool


class Optimizer(FromSource):
    """What all optimizers share: a method name and options that travel as `optimizer.<option>`."""

    method: ClassVar[str]

    def hyperparameters(self) -> dict[str, object]:
        """The method under `optimizer`, the options under `optimizer.<option>`."""
        return {"optimizer": self.method, **sent(self.described, self.values())}

    def check(self, search: Search) -> None:
        """Refuse options that do not fit what is to be optimised.

        Raises:
            ConfigError: Names the keys and what would fit.
        """
        options: Any = self
        if "gradient" in self.options:
            shift = options.gradient == "parameter_shift"
            if shift and search.inexact:
                raise ConfigError(
                    f"optimizer.gradient=parameter_shift is not exact: {search.inexact}. Choose "
                    "optimizer.gradient=finite_differences."
                )
            needed = search.shift_evaluations if shift else 2 * search.parameters
            allowed = f"{needed} or more, which one gradient takes"
            require(search.max_iterations >= needed, "max_iterations", search.max_iterations, allowed)
        if self.method == "grid":
            if options.points**search.parameters > search.max_iterations:
                raise ConfigError(
                    f"optimizer.points={options.points} is not possible: {options.points}^"
                    f"{search.parameters} points are more than max_iterations={search.max_iterations}. "
                    "Raise max_iterations, or lower optimizer.points."
                )
            if options.span is None and search.aperiodic:
                raise ConfigError(
                    "optimizer=grid needs optimizer.span here: edges of different weights have no "
                    "common period to scan."
                )


def _made(method: str, text: str, options: tuple[Option, ...]) -> type[Optimizer]:
    name = "".join(part.capitalize() for part in method.split("_"))
    schema = type(name, (Optimizer,), {"method": method, "__doc__": text, "__module__": __name__})
    return with_options("optimizer.", options)(schema)


_OPTIONS = {branch.values[0]: branch.options for branch in SETTINGS["optimizer"].branches}

OPTIMIZERS: dict[str, type[Optimizer]] = {
    method: _made(method, text, _OPTIONS.get(method, ()))
    for method, text in SETTINGS["optimizer"].choices.items()
}
"""Every optimizer by its name."""

# Configs are copied by pickle, which finds a class by its name in its module.
globals().update({schema.__name__: schema for schema in OPTIMIZERS.values()})
