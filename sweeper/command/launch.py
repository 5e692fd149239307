"""One batch of a sweep: overrides in, jobs run, tables written, one `JobReturn` for each job out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from sweeper.command.closing import Closing
from sweeper.command.run_settings import RunSettings
from sweeper.compose.adaptive import refuse_without_objective
from sweeper.compose.composition import Combination, Composer
from sweeper.compose.direction import refuse_opposite_direction
from sweeper.compose.fast_loader import SweepLoader
from sweeper.contract.signature import remarks_on
from sweeper.errors import ConfigError, JobFailedError, LeftRunning, PlanShown, SweeperError
from sweeper.executors.base import Executor
from sweeper.executors.workloads import Workloads
from sweeper.folder import provenance
from sweeper.folder.layout import SweepFolder
from sweeper.folder.lock import only_writer
from sweeper.folder.traces import HYDRAS_OWN
from sweeper.job.failure import Failure
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.opening import open_ledger
from sweeper.ledger.record import Standing
from sweeper.planning.changes import config_digests
from sweeper.planning.cost_plan import why_unbounded
from sweeper.planning.survey import Survey, enlist, survey, take_over_finished


class Launch:
    """Runs the batches that Hydra's sweeper hands to a launcher, one after the other.

    Attributes:
        closing: What is to be said and written when the last one has ended.
    """

    def __init__(
        self, loader: SweepLoader, config: DictConfig, settings: RunSettings, *, dry_run: bool = False
    ) -> None:
        """Run nothing yet.

        Args:
            loader: Composes the configs.
            config: The sweep's, with Hydra's own node.
            settings: How the launcher runs jobs; what the config says of it is added.
            dry_run: Show the plan of each batch and run nothing.
        """
        self.closing = Closing()
        self._config = config
        self._folder = SweepFolder(Path(config.hydra.sweep.dir))
        self._composer = Composer(loader, config)
        self._settings = settings
        self._dry_run = dry_run
        self._remarked: set[str] = set()

    def look_at(self, job_overrides: Sequence[Sequence[str]], executor: Executor, ask: Workloads) -> None:
        """Refuse what cannot run, of all batches before the first one starts.

        Raises:
            ConfigError: A combination cannot run.
        """
        with executor:
            self._compose(job_overrides, 0, executor, ask)

    def run(
        self, job_overrides: Sequence[Sequence[str]], first: int, executor: Executor, ask: Workloads
    ) -> list[JobReturn]:
        """Run a batch of jobs to their end.

        Finished jobs of an earlier run into the same folder are kept.

        Args:
            job_overrides: Of each job.
            first: Hydra's number of the first one.
            executor: Where the jobs run; left at the end.
            ask: Asks sources what their jobs will ask of their devices.

        Raises:
            ConfigError: A combination cannot run, or costs more than the budget; none was started.
            FolderError: The folder is in use, or its ledger cannot be read.
            PlanShown: Only the plan was asked for.
            LeftRunning: The jobs were handed over, and waiting for them was not asked for.
        """
        folder = self._folder
        with executor:
            combinations = self._compose(job_overrides, first, executor, ask)
            # pandas and rich take half a second, in which the first job's process gets ready.
            from sweeper.command.conduct import conduct

            sweep = survey(folder, combinations)
            self._remark(sweep.to_run)
            total_usd = self._agree(sweep, executor)
            with only_writer(folder.lock):
                folder.cancel_request.unlink(missing_ok=True)  # of a `sweeper cancel` that was killed
                if not first:
                    OmegaConf.save(self._config, folder.root / HYDRAS_OWN)
                with contextlib.closing(open_ledger(folder, durable=executor.paid)) as ledger:
                    numbers = enlist(folder, ledger, sweep)
                    self._keep_digests(ledger, combinations)
                    reused = take_over_finished(folder, ledger, sweep, numbers)
                    configs = (combination.config for combination in combinations)
                    provenance.record(
                        folder, ledger.sweep_id, configs, reused=reused, changes=sweep.changes.lines
                    )
                    settings = self._settings_of(sweep, ledger, total_usd if executor.paid else None)
                    settings.keep(ledger)
                    specs = dict(zip(numbers, sweep.specs, strict=True))
                    conduct(
                        folder, ledger, executor, specs, settings, closing=self.closing, reused=len(reused)
                    )
                    jobs = {number: ledger.standing(number) for number in specs}
        if not settings.wait and any(job.state.active for job in jobs.values()):
            raise LeftRunning(
                f"The jobs go on without this process. Collect them: sweeper resume {folder.typed}"
            )
        name = str(self._config.hydra.job.name)
        return [
            _job_return(jobs[number], combination, folder, name)
            for number, combination in zip(numbers, combinations, strict=True)
        ]

    def _compose(
        self, job_overrides: Sequence[Sequence[str]], first: int, executor: Executor, ask: Workloads
    ) -> list[Combination]:
        def warm_up(spec: JobSpec) -> None:
            with contextlib.suppress(SweeperError):  # said below, when all jobs are looked at
                executor.check(spec)

        with ask:
            combinations = self._composer.compose(job_overrides, ask, first, warm_up)
        refuse_without_objective(self._config, (combination.spec for combination in combinations))
        refuse_opposite_direction(self._config.hydra.sweeper, combinations)
        for combination in combinations:
            executor.check(combination.spec)
        return combinations

    def _remark(self, to_run: Sequence[JobSpec]) -> None:
        """Say where what the scripts make of their hyperparameters is not what one expects, once each."""
        given: dict[tuple[Path, str], list[Mapping[str, str]]] = {}
        for spec in to_run:
            given.setdefault((spec.source.path, spec.entry_point), []).append(spec.hyperparameters)
        for (path, entry_point), hyperparameters in given.items():
            remarks = dict.fromkeys(remarks_on(path, entry_point, hyperparameters))
            _say([remark for remark in remarks if remark not in self._remarked])
            self._remarked.update(remarks)

    def _agree(self, sweep: Survey, executor: Executor) -> float:
        """Show what is about to be paid for, and see that it is wanted; nothing has been started yet.

        Returns:
            The upper bound for what is to run, in USD.
        """
        if not (self._dry_run or executor.paid):
            _say(executor.remarks(sweep.specs))
            return 0.0
        from sweeper.console.plan_table import ask_consent, show_plan
        from sweeper.planning.rehearsal import rehearse

        total_usd = show_plan(sweep.combinations, sweep.outlooks, executor)
        unbounded = why_unbounded(spec.cost for spec in sweep.to_run) if executor.paid else None
        if self._dry_run:
            more = f" As it is, it would be refused: {unbounded}" if unbounded else ""
            raise PlanShown(f"Nothing was started: this was the plan.{more}")
        if unbounded:
            raise ConfigError(f"{unbounded} Nothing was started.")
        budget = sweep.settings["budget"]
        ask_consent(total_usd, budget["max_usd"])
        if budget["spending_limit"] and (budget["max_usd"] is None or not self._settings.wait):
            raise ConfigError(
                "budget.spending_limit=true needs budget.max_usd, and hydra.launcher.wait=true, or nobody "
                "would remove the limit again."
            )
        # Before anything is rehearsed: whether there are credentials, a region and a network.
        executor.enter(sweep.to_run, [], None)
        if sweep.settings["rehearse"] and sweep.to_run:
            with only_writer(self._folder.lock):
                rehearse(self._folder, sweep.to_run)
        return total_usd

    def _keep_digests(self, ledger: Ledger, combinations: Sequence[Combination]) -> None:
        """Write down what the config files say, so that `sweeper resume` notices a change."""
        hydra = self._config.hydra
        digests = config_digests(hydra.runtime.config_sources, str(hydra.job.config_name), combinations)
        ledger.remember("configs", {**(ledger.recall("configs") or {}), **digests})

    def _settings_of(self, sweep: Survey, ledger: Ledger, total_usd: float | None) -> RunSettings:
        """The launcher's settings with those of the config; `total_usd` is what this batch may cost."""
        said, budget = sweep.settings, sweep.settings["budget"]
        max_usd = budget["max_usd"]
        if max_usd is None and total_usd is not None:
            max_usd = ledger.committed_usd() + total_usd
        return replace(
            self._settings,
            max_usd=max_usd,
            spending_limit=budget["spending_limit"],
            max_failures=1 if said["fail_fast"] else said["max_failures"],
            report=said["report"],
        )


def _say(remarks: Sequence[str]) -> None:
    if remarks:
        from sweeper.console.console import make_console

        for remark in remarks:
            make_console(stderr=True).print(remark, soft_wrap=True)


def _job_return(job: Standing, combination: Combination, folder: SweepFolder, name: str) -> JobReturn:
    """What Hydra's sweepers are told of a job; its config is in the job's folder."""
    value = JobReturn()
    value.overrides = list(combination.overrides)
    value.task_name = name
    value.working_dir = str(folder.job(job.number).root)
    if job.state is JobState.COMPLETED:
        value.status = JobStatus.COMPLETED
        value.return_value = job.objective
    else:
        value.status = JobStatus.FAILED
        reason = Failure(job.reason or "").headline or job.state
        value.return_value = JobFailedError(
            f"job {job.number} ({' '.join(combination.overrides)}): {reason}\n"
            f"Its log: {folder.job(job.number).log}"
        )
    return value
