"""What Hydra imports in every application of the environment: kept thin, all work lives elsewhere.

Registered through the entry-point group `hydra.plugins` (Hydra 1.4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.plugins.launcher import Launcher
from hydra.plugins.search_path_plugin import SearchPathPlugin

from sweeper.executors.settings import BraketAwsConf, BraketDockerConf, BraketLocalConf

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

    from sweeper.executors.base import Executor
    from sweeper.executors.workloads import Workloads


for _name, _node in (
    ("braket_local", BraketLocalConf),
    ("braket_aws", BraketAwsConf),
    ("braket_docker", BraketDockerConf),
):
    ConfigStore.instance().store(group="hydra/launcher", name=_name, node=_node, provider="braket-sweeper")


class BraketLauncher(Launcher):
    """Runs a sweep's hybrid jobs; the subclasses say where."""

    name: ClassVar[str]

    def __init__(self, dry_run: bool, wait: bool = True, **options: Any) -> None:
        self._dry_run = dry_run
        self._wait = wait
        self._options = options
        self._shared: dict[str, Any] = {}
        """What the executors of all batches share."""
        self._asks: Workloads | None = None
        self.launched = 0
        """How many jobs it was asked for."""
        self.failed = 0
        """How many of them failed."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Remember the sweep; a hybrid job runs its entry point, so the task function is not used.

        Hydra's sweeper composes every job to validate it, so the loader of its context is replaced as well.
        """
        from sweeper.command.launch import Launch
        from sweeper.command.run_settings import RunSettings
        from sweeper.compose.adaptive import refuse_what_it_cannot_do
        from sweeper.compose.fast_loader import SweepLoader
        from sweeper.compose.hydra_keys import refuse_callbacks_of_jobs, refuse_without_effect
        from sweeper.compose.refusals import home_written_out
        from sweeper.errors import ConfigError
        from sweeper.folder.traces import Missing

        del task_function
        refuse_without_effect(config)
        for key, value in self._options.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ConfigError(
                    f"hydra.launcher.{key}={value} is not possible: it must be a finite number."
                )
        refuse_callbacks_of_jobs(hydra_context.callbacks.callbacks)
        refuse_what_it_cannot_do(config, wait=self._wait)
        if not str(config.hydra.sweep.dir):
            raise ConfigError("hydra.sweep.dir is empty; type hydra.sweep.dir=. for the current directory.")
        root = str(config.hydra.sweep.dir)
        if Path(root).parts[:1] == ("~",):
            raise ConfigError(f"hydra.sweep.dir={root}: {home_written_out('hydra.sweep.dir', root)}")
        loader = SweepLoader(hydra_context.config_loader)
        hydra_context.config_loader = loader  # type: ignore[assignment]  # it answers to the rest as well
        self._config = config
        self._missing = Missing(Path(config.hydra.sweep.dir))
        settings = RunSettings(self.name, self._options, wait=self._wait)
        self._launch = Launch(loader, config, settings, dry_run=self._dry_run)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run a batch of jobs to their end: exactly one return for each, in order."""
        from hydra.core.utils import JobStatus

        self.launched += len(job_overrides)
        jobs = [list(overrides) for overrides in job_overrides]
        returns = self._launch.run(jobs, initial_job_idx, self._executor(), self._workloads())
        self.failed += sum(job.status is JobStatus.FAILED for job in returns)
        return returns

    def look_at(self, job_overrides: Sequence[Sequence[str]]) -> None:
        """Refuse what cannot run, of all batches before the first one starts."""
        self._launch.look_at(job_overrides, self._executor(), self._workloads())

    def close(self) -> None:
        """End the command: sum the sweep up, and take away the folders that Hydra has made for nothing."""
        self._launch.closing.close()
        self._missing.remove()

    def _workloads(self) -> Workloads:
        """Who asks the sources what their jobs will ask of their devices; the same for all batches."""
        from sweeper.executors.workloads import Workloads

        self._asks = self._asks or Workloads(self._shared.get("servers"))
        return self._asks

    def _executor(self) -> Executor:
        """Where a batch runs."""
        from sweeper.executors import make_executor
        from sweeper.folder.layout import SweepFolder

        folder = SweepFolder(Path(self._config.hydra.sweep.dir))
        return make_executor(self.name, folder, {**self._options, **self._shared})


class BraketLocalLauncher(BraketLauncher):
    """`hydra/launcher=braket_local`: on this machine."""

    name = "braket_local"

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """As every launcher; the fork servers are warm for all batches of an adaptive sweeper."""
        from sweeper.executors.forkservers import ForkServers

        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)
        root, allow_aws = Path(config.hydra.sweep.dir), self._options["allow_aws"]
        self._shared["servers"] = ForkServers(root, allow_aws=allow_aws)
        self._executor()  # which refuses limits that are not possible


class BraketAwsLauncher(BraketLauncher):
    """`hydra/launcher=braket_aws`: on Amazon Braket."""

    name = "braket_aws"


class BraketDockerLauncher(BraketLauncher):
    """`hydra/launcher=braket_docker`: in containers on this machine."""

    name = "braket_docker"


class SweeperSearchPath(SearchPathPlugin):
    """Lets a user's config directories extend and override the shipped configs of this application."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Put `--config-dir` and `./conf` before the shipped configs, where Hydra would put them after.

        Other applications' search paths stay as they are.
        """
        from sweeper.config.shipped import own_configs, shipped

        main = [element.path for element in search_path.get_path() if element.provider == "main"]
        if main != [str(shipped("conf"))]:
            return
        for name, folder in reversed(own_configs()):
            search_path.prepend(provider=name, path=f"file://{folder}")
