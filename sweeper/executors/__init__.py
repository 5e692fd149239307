"""Where hybrid jobs run: one module for each place, all behind the protocol of `base`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sweeper.errors import ConfigError, FolderError

if TYPE_CHECKING:
    from sweeper.executors.base import Executor
    from sweeper.folder.layout import SweepFolder

_EXECUTORS = {
    "braket_local": "sweeper.executors.local:LocalExecutor",
    "braket_aws": "sweeper.executors.aws:AwsExecutor",
    "braket_docker": "sweeper.executors.docker:DockerExecutor",
}


def make_executor(launcher: str, folder: SweepFolder, options: Mapping[str, Any]) -> Executor:
    """The executor behind `hydra/launcher=<launcher>`.

    Raises:
        FolderError: There is none of this name.
        ConfigError: Options that are not possible.
    """
    if launcher not in _EXECUTORS:
        raise FolderError(f"The sweep ran with hydra/launcher={launcher}, which this version does not have.")
    module, _, name = _EXECUTORS[launcher].partition(":")
    executor = getattr(importlib.import_module(module), name)(folder, **options)
    return cast("Executor", executor)


def executor_of(folder: SweepFolder, launcher: Mapping[str, Any], profile: str | None = None) -> Executor:
    """The executor with which a sweep was last run.

    Args:
        folder: The sweep's folder.
        launcher: What the ledger has of it.
        profile: Another profile of the AWS configuration than the one it was run with.

    Raises:
        FolderError: This version does not have it.
        ConfigError: It knows no profiles.
    """
    name, options = launcher["name"], dict(launcher["options"])
    if profile is not None:
        if name != "braket_aws":
            raise ConfigError(f"--profile={profile}: the sweep ran with hydra/launcher={name}, not on AWS.")
        options["profile"] = profile
    return make_executor(name, folder, options)
