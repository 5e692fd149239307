"""The optimizers' options, as the source of the algorithms describes them."""

from __future__ import annotations

from typing import ClassVar

from sweeper.config.described import FromSource, Option, sent, with_options
from sweeper.config.execution import SETTINGS


class Optimizer(FromSource):
    """What all optimizers share: a method name and options that travel as `optimizer.<option>`."""

    method: ClassVar[str]

    def hyperparameters(self) -> dict[str, object]:
        """The method under `optimizer`, the options under `optimizer.<option>`."""
        return {"optimizer": self.method, **sent(self.described, self.values())}


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
