"""The Hydra application: everything that is not a subcommand of `sweeper`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import hydra
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sweeper.cli.command_line import read
from sweeper.command.answer import answer
from sweeper.compose.combinations import as_basic_sweeper
from sweeper.compose.refusals import explain
from sweeper.compose.resolvers import load_resolvers
from sweeper.compose.vocabulary import LAUNCHERS, foreign_launcher
from sweeper.compose.yaml_files import primary
from sweeper.config.register import register
from sweeper.config.root import SweepConfig
from sweeper.config.shipped import shipped
from sweeper.errors import ConfigError, SweeperError
from sweeper.hydra_plugin import BraketLauncher


def run(arguments: list[str]) -> int:
    """Run Hydra on `arguments`; a mistake of the user's ends in one clear message, not in a traceback.

    Returns:
        The exit code: 0; 1 if the sweep was refused or a job of it failed; 2 if the command line cannot be
        read; 130 if it was interrupted.
    """
    # With this variable Hydra raises its errors, instead of printing them and leaving the process, so
    # that they can be told apart here; jobs never see it.
    full_error = os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        return answer(lambda: _run_hydra(arguments))
    finally:
        if full_error == "1":
            os.environ.pop("HYDRA_FULL_ERROR", None)


def _run_hydra(arguments: list[str]) -> int:
    sys.argv[1:] = read(arguments)
    load_resolvers()
    register()
    launchers: list[BraketLauncher] = []
    try:
        with as_basic_sweeper(), _only_our_launchers(launchers):
            hydra.main(config_path=str(shipped("conf")), config_name="config")(_never_called)()
    except SweeperError:
        raise
    except (HydraException, OmegaConfBaseException) as error:
        raise SweeperError(explain(error, arguments)) from error
    except Exception as error:
        owner = _owner(error.__traceback__)
        if owner == "sweeper" or getattr(error, "filename", None) is not None:
            raise
        if owner == "hydra":
            raise SweeperError(explain(error, arguments)) from error
        raise SweeperError(f"The sweeper {owner} failed: {type(error).__name__}: {error}") from error
    finally:
        for launcher in launchers:
            launcher.close()
    if any(launcher.launched == 0 for launcher in launchers):
        raise SweeperError(
            "The sweeper has asked for no job at all, so nothing was run: look at hydra.sweeper."
        )
    return 1 if any(launcher.failed for launcher in launchers) else 0


def _never_called(config: DictConfig) -> None:
    raise RuntimeError(f"Hydra ran {config.algorithm.entry_point} by itself, and not through a launcher.")


@contextmanager
def _only_our_launchers(made: list[BraketLauncher]) -> Iterator[None]:
    """Refuse every other launcher before it is made, whichever config has chosen it.

    Hydra has no hook that could: it turns what a callback raises into a warning.

    Args:
        made: Gets the launchers that were made.
    """
    plugins = Plugins.instance()
    make = plugins.instantiate_launcher

    def make_ours(*, config: DictConfig, **how: Any) -> Launcher:
        if OmegaConf.get_type(config) is not SweepConfig:
            raise ConfigError(primary(str(config.hydra.job.config_name).removesuffix(".yaml")))
        target = str(config.hydra.launcher.get("_target_", ""))
        if not target.startswith(f"{BraketLauncher.__module__}."):
            name = str(config.hydra.runtime.choices.get("hydra/launcher"))
            raise ConfigError(foreign_launcher(target if name in LAUNCHERS else name))
        launcher = make(config=config, **how)
        if isinstance(launcher, BraketLauncher):
            made.append(launcher)
        return launcher

    plugins.instantiate_launcher = make_ours  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del plugins.instantiate_launcher


def _owner(trace: TracebackType | None) -> str:
    """Whose code an error comes out of: `sweeper`, `hydra`, or else the package of a Hydra sweeper."""
    packages = {"sweeper", "hydra", "hydra_plugins"}
    packages |= {plugin.__module__.partition(".")[0] for plugin in Plugins.instance().discover(Sweeper)}
    owner = "sweeper"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in packages:
            owner = (
                module.partition(".")[0] if not module.startswith("hydra_plugins.") else module.split(".")[1]
            )
        trace = trace.tb_next
    return owner
