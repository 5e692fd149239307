"""One batch of a sweep: overrides in, jobs run, tables written, one `JobReturn` for each job out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from sweeper.command.conduct import conduct
from sweeper.compose.adaptive import refuse_without_objective
from sweeper.compose.composition import Combination, compose
from sweeper.compose.direction import refuse_opposite_direction
from sweeper.console.console import make_console
from sweeper.console.plan_table import ask_consent, show_plan
from sweeper.contract.signature import remarks_on
from sweeper.errors import ConfigError, JobFailedError, LeftRunning, PlanShown
from sweeper.executors.base import Executor
from sweeper.folder import provenance
from sweeper.folder.layout import SweepFolder
from sweeper.folder.lock import only_writer
from sweeper.folder.traces import HYDRAS_OWN
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.opening import open_ledger
from sweeper.ledger.record import JobRecord
from sweeper.planning.changes import config_digests
from sweeper.planning.cost_plan import why_unbounded
from sweeper.planning.outlook import Outlook
from sweeper.planning.rehearsal import rehearse
from sweeper.planning.survey import Survey, enlist, survey, take_over_finished


@dataclass(frozen=True)
class Launch:
    """How a launcher runs what Hydra's sweeper hands it.

    Attributes:
        launcher: Name of the launcher, and of its executor.
        options: The executor's options.
        dry_run: Show the plan and run nothing.
        wait: Stay until the jobs have ended.
        remarked: What was remarked on the script already, in earlier batches.
    """

    launcher: str
    options: Mapping[str, Any]
    dry_run: bool = False
    wait: bool = True
    remarked: set[str] = field(default_factory=set)

    def run(
        self,
        loader: ConfigLoader,
        config: DictConfig,
        job_overrides: Sequence[Sequence[str]],
        first: int,
        executor: Executor,
    ) -> list[JobReturn]:
        """Run a batch of jobs to their end.

        Finished jobs of an earlier run into the same folder are kept.

        Args:
            loader: Composes the configs.
            config: The sweep's, with Hydra's own node.
            job_overrides: Of each job.
            first: Hydra's number of the first one.
            executor: Where the jobs run; left at the end.

        Raises:
            ConfigError: A combination cannot run, or costs more than the budget; none was started.
            FolderError: The folder is in use, or its ledger cannot be read.
            PlanShown: Only the plan was asked for.
            LeftRunning: The jobs were handed over, and waiting for them was not asked for.
        """
        folder = SweepFolder(Path(config.hydra.sweep.dir))
        with executor:
            combinations = compose(loader, config, job_overrides, first)
            refuse_without_objective(config, (combination.spec for combination in combinations))
            refuse_opposite_direction(config.hydra.sweeper, combinations)
            for combination in combinations:
                executor.check(combination.spec)
            sweep = survey(folder, combinations)
            self._remark(sweep)
            total_usd = self._agree(folder, executor, sweep)
            with only_writer(folder.lock):
                folder.cancel_request.unlink(missing_ok=True)  # of a `sweeper cancel` that was killed
                if not first:
                    OmegaConf.save(config, folder.root / HYDRAS_OWN)
                ledger = open_ledger(folder, durable=executor.paid)
                try:
                    numbers = enlist(folder, ledger, sweep)
                    sources, name = config.hydra.runtime.config_sources, str(config.hydra.job.config_name)
                    digests = config_digests(sources, name, combinations)
                    ledger.remember("configs", {**(ledger.recall("configs") or {}), **digests})
                    self._run(folder, ledger, executor, sweep=sweep, numbers=numbers, total_usd=total_usd)
                    jobs = {number: ledger.job(number) for number in set(numbers)}
                finally:
                    ledger.close()
        name = str(config.hydra.job.name)
        return [
            _job_return(jobs[number], combination, folder, name)
            for number, combination in zip(numbers, combinations, strict=True)
        ]

    def _remark(self, sweep: Survey) -> None:
        """Say where what the scripts make of their hyperparameters is not what one expects."""
        given: dict[tuple[Path, str], list[Mapping[str, str]]] = {}
        for spec in _to_run(sweep):
            given.setdefault((spec.source.path, spec.entry_point), []).append(spec.hyperparameters)
        for (path, entry_point), hyperparameters in given.items():
            for remark in remarks_on(path, entry_point, hyperparameters):
                if remark not in self.remarked:
                    self.remarked.add(remark)
                    make_console(stderr=True).print(remark, soft_wrap=True)

    def _agree(self, folder: SweepFolder, executor: Executor, sweep: Survey) -> float:
        """Show what is about to be paid for, and see that it is wanted; nothing has been started yet.

        Returns:
            The upper bound for what is to run, in USD.
        """
        if not (self.dry_run or executor.paid):
            for remark in executor.remarks(sweep.specs):
                make_console(stderr=True).print(remark, soft_wrap=True)
            return 0.0
        total_usd = show_plan(sweep.combinations, sweep.outlooks, executor)
        to_run = _to_run(sweep)
        unbounded = why_unbounded(spec.cost for spec in to_run) if executor.paid else None
        if self.dry_run:
            more = f" As it is, it would be refused: {unbounded}" if unbounded else ""
            raise PlanShown(f"Nothing was started: this was the plan.{more}")
        if unbounded:
            raise ConfigError(f"{unbounded} Nothing was started.")
        budget = sweep.settings["budget"]
        ask_consent(total_usd, budget["max_usd"])
        if budget["spending_limit"] and (budget["max_usd"] is None or not self.wait):
            raise ConfigError(
                "budget.spending_limit=true needs budget.max_usd, and hydra.launcher.wait=true, or nobody "
                "would remove the limit again."
            )
        # Before anything is rehearsed: whether there are credentials, a region and a network.
        executor.enter(to_run, [], None)
        if sweep.settings["rehearse"] and to_run:
            with only_writer(folder.lock):
                rehearse(folder, to_run)
        return total_usd

    def _run(
        self,
        folder: SweepFolder,
        ledger: Ledger,
        executor: Executor,
        *,
        sweep: Survey,
        numbers: Sequence[int],
        total_usd: float,
    ) -> None:
        specs = dict(zip(numbers, sweep.specs, strict=True))
        reused = take_over_finished(folder, ledger, sweep, numbers)
        configs = (combination.config for combination in sweep.combinations)
        provenance.record(folder, ledger.sweep_id, configs, reused=reused, changes=sweep.changes.lines)
        settings = sweep.settings
        max_usd = settings["budget"]["max_usd"]
        if max_usd is None and executor.paid:
            max_usd = ledger.committed_usd() + total_usd  # what was shown, and consented to
        facts = {
            "max_usd": max_usd,
            "spending_limit": settings["budget"]["spending_limit"],
            "max_failures": 1 if settings["fail_fast"] else settings["max_failures"],
            "report": settings["report"],
        }
        # For `sweeper resume`, which has no config.
        ledger.remember("launcher", {"name": self.launcher, "options": dict(self.options), **facts})
        conduct(folder, ledger, executor, specs, reused=len(reused), **facts, wait=self.wait)
        if not self.wait and any(state.active for state in ledger.states(specs).values()):
            raise LeftRunning(
                f"The jobs go on without this process. Collect them: sweeper resume {folder.typed}"
            )


def _to_run(sweep: Survey) -> list[JobSpec]:
    return [
        combination.spec
        for combination, outlook in zip(sweep.combinations, sweep.outlooks, strict=True)
        if outlook is Outlook.TO_RUN
    ]


def _job_return(job: JobRecord, combination: Combination, folder: SweepFolder, name: str) -> JobReturn:
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
        reason = (job.failure.headline if job.failure else job.reason) or job.state
        value.return_value = JobFailedError(
            f"job {job.number} ({' '.join(job.overrides)}): {reason}\nIts log: {folder.job(job.number).log}"
        )
    return value
