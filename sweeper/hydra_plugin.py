"""What Hydra imports in every application of the environment: kept thin, all work lives elsewhere.

Registered through the entry-point group `hydra.plugins` (Hydra 1.4).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.plugins.launcher import Launcher
from hydra.plugins.search_path_plugin import SearchPathPlugin

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


@dataclass
class BraketLocalConf:
    """Hybrid jobs as processes on this machine."""

    _target_: str = "sweeper.hydra_plugin.BraketLocalLauncher"
    # Jobs at a time; none for one on each core.
    n_jobs: int | None = None
    # Memory a job may use, in GiB; none for no limit.
    memory_gib: float | None = None


ConfigStore.instance().store(
    group="hydra/launcher", name="braket_local", node=BraketLocalConf, provider="braket-sweeper"
)


class BraketLocalLauncher(Launcher):
    """`hydra/launcher=braket_local`: runs a sweep's hybrid jobs on this machine."""

    def __init__(self, n_jobs: int | None, memory_gib: float | None) -> None:
        self._n_jobs = n_jobs
        self._memory_gib = memory_gib

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Remember the sweep; a hybrid job runs its entry point, so the task function is not used."""
        del task_function
        self._context = hydra_context
        self._config = config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run a batch of jobs to their end: exactly one return for each, in order."""
        from sweeper.executors.local import LocalExecutor
        from sweeper.launch import launch

        return launch(
            self._context.config_loader,
            self._config,
            [list(overrides) for overrides in job_overrides],
            initial_job_idx,
            lambda folder: LocalExecutor(folder, n_jobs=self._n_jobs, memory_gib=self._memory_gib),
        )


class SweeperSearchPath(SearchPathPlugin):
    """Lets a user's config directories extend and override the shipped configs of this application."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Put `--config-dir` and `./conf` before the shipped configs, where Hydra would put them after.

        Other applications' search paths stay as they are.
        """
        from sweeper.locate import shipped

        main = [element.path for element in search_path.get_path() if element.provider == "main"]
        if main != [str(shipped("conf"))]:
            return
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("--config-dir", "-cd", type=Path)
        given = parser.parse_known_args()[0].config_dir
        for name, folder in (("./conf", Path("conf")), ("--config-dir", given)):
            if folder is not None and folder.is_dir() and folder.resolve() != shipped("conf"):
                search_path.prepend(provider=name, path=f"file://{folder.absolute()}")
