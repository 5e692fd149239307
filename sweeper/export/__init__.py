"""Exports of a sweep to other tools, each in a module of its own, imported only when it is asked for.

A target module has `DESTINATION`, the default of `--output`, and `export(sweep, destination)`, which returns
one line to say. Adding a target is one file.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

from sweeper.errors import ConfigError, SweeperError

if TYPE_CHECKING:
    from sweeper.api import Sweep

TARGETS = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


class Target(Protocol):
    """A module of this package."""

    DESTINATION: str

    def export(self, sweep: Sweep, destination: str) -> str:
        """Write the sweep to the destination; returns what to tell the user."""


def export(sweep: Sweep, to: str, destination: str | None = None) -> str:
    """Export a sweep; returns what to tell the user.

    Args:
        sweep: The sweep.
        to: One of `TARGETS`.
        destination: A folder, or the tool's own address; the target's default if not given.

    Raises:
        ConfigError: There is no such target.
        SweeperError: The tool is not installed, or refuses the destination.
    """
    if to not in TARGETS:
        raise ConfigError(f"--to {to}: a sweep can be exported to {', '.join(TARGETS)}.")
    target = cast("Target", importlib.import_module(f"sweeper.export.{to}"))
    return target.export(sweep, destination or target.DESTINATION.format(folder=sweep.folder.root.resolve()))


def needs(package: str, extra: str) -> SweeperError:
    """The error of a missing optional package."""
    return SweeperError(f"This export needs {package}: pip install 'braket-sweeper[{extra}]'.")
