"""Hybrid jobs as processes on this machine, started from fork servers: one for each source module.

A job sees what it would see in Braket's container (`contract.hybrid_job`); the variables of S3 name nobody's
bucket, as nothing is stored there.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sweeper.contract import hybrid_job
from sweeper.errors import ConfigError
from sweeper.executors.afterwards import read_exit_record
from sweeper.executors.base import Batch, SelfContained, Status, Submission
from sweeper.executors.copies import Copies
from sweeper.executors.forkclient import signal_name
from sweeper.executors.forkservers import ALLOW_AWS, ForkServers
from sweeper.executors.imports import imports_of_source
from sweeper.folder.layout import DIGESTED, JobFolder, SweepFolder, open_regular
from sweeper.job.requirements import remark_or_refuse
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState

_MOST_OF_A_REPORT = 2**14
_NO_ARN = "Device ARN is not a valid format: local:"
"""What `braket.aws.AwsDevice` says of an embedded simulator."""
_TWO = (
    "a script opens local:… in AMZN_BRAKET_DEVICE_ARN with braket.devices.LocalSimulator, and an ARN with "
    "braket.aws.AwsDevice"
)

START_FOLDER = "start"
"""Where a job's process starts, in the job's folder: like Braket's container not where its source is."""

_MOST_JOBS_ON_A_CORE = 100

_GIB_OF_PYTHON = 0.01
_GIB_OF_BRAKETS_SDK = 0.2
"""Data that a job has before its first line: VmData in /proc/self/status, with Python 3.11 and SDK 1.127.5 on
two cores. Below that a job starts with memory that it inherits, and fails at its first larger allocation."""


class LocalExecutor(SelfContained):
    """Runs jobs on this machine, `n_jobs` at a time, one thread each."""

    paid = False
    outlives_us = False
    batch_size = 1

    def __init__(
        self,
        folder: SweepFolder,
        *,
        n_jobs: int | None,
        memory_gib: float | None,
        allow_aws: bool = False,
        way_out: str = ALLOW_AWS,
        servers: ForkServers | None = None,
    ) -> None:
        """Make an executor; what it runs first, it learns from `check` or `submit`.

        Args:
            folder: The sweep's folder; jobs write into it directly.
            n_jobs: Jobs at a time; none for one on each core this process may use.
            memory_gib: Memory of a job beyond which its allocations fail; none for no limit.
            allow_aws: Leave the jobs the AWS credentials of this process; its calls are refused otherwise ...
            way_out: ... with what to do about it.
            servers: Fork servers that outlive this executor; by default its own end with it.

        Raises:
            ConfigError: A limit that is not possible.
        """
        cores = len(os.sched_getaffinity(0))
        if n_jobs is not None and not 1 <= n_jobs <= _MOST_JOBS_ON_A_CORE * cores:
            raise ConfigError(
                f"hydra.launcher.n_jobs={n_jobs} is not possible: each job is a process, and there are "
                f"{cores} "
                f"cores here; it must be 1 to {_MOST_JOBS_ON_A_CORE * cores}, or null (one on each core)."
            )
        if memory_gib is not None and memory_gib <= 0:
            raise ConfigError(f"hydra.launcher.memory_gib={memory_gib} is not possible: it must be above 0.")
        self.concurrency = n_jobs or cores
        self._allow_aws = allow_aws
        self._sources = folder.sources.absolute()
        self._jobs = folder.job(0).root.parent.absolute()
        self._lock = folder.jobs_lock.absolute()
        self._memory_gib = memory_gib
        self._memory_bytes = int(memory_gib * 2**30) if memory_gib else None
        self._statuses: dict[str, Status] = {}
        self._servers = servers or ForkServers(folder.root, allow_aws=allow_aws, way_out=way_out)
        self._servers_outlive_us = servers is not None
        self._copies = Copies(self._sources)
        self._works: dict[str, Path] = {}

    @property
    def words(self) -> str:
        """Where jobs run, for people."""
        return f"on this machine, {self.concurrency} at a time"

    def check(self, spec: JobSpec) -> None:
        """Refuse devices whose quantum tasks are paid for, and sources that need packages which are missing.

        The first job that is not refused is expected to run: its fork server starts, and warms up while the
        caller goes on.
        """
        if not spec.device.startswith("local:"):
            raise ConfigError(
                f"device.arn={spec.device} would run paid quantum tasks, which hydra/launcher=braket_local "
                "does not do: choose hydra/launcher=braket_aws, or device=local, an embedded simulator: "
                f"{_TWO}."
            )
        if spec.cost.tasks_usd and not self._allow_aws:
            raise ConfigError(
                f"The job's own device is {spec.device}, but tasks.fallback_device or warmup.device would "
                "run paid quantum tasks, which hydra/launcher=braket_local does not do: choose an embedded "
                "simulator (local:…) there too, or hydra/launcher=braket_aws."
            )
        for channel, place in spec.input_data.items():
            if place.startswith("s3://"):
                raise ConfigError(
                    f"job.input_data.{channel}={place} is in S3, which hydra/launcher=braket_local does not "
                    "read: download it and give the local path."
                )
        module = spec.source.place(self._sources)  # the original may have changed meanwhile, or be gone
        remark_or_refuse(module, go_on=spec.requirements == "ignore")
        least = _least_gib(spec.source, module)
        if self._memory_gib is not None and self._memory_gib < least:
            raise ConfigError(
                f"hydra.launcher.memory_gib={self._memory_gib:g} is too little to start a job of "
                f"{spec.source.path.name}: what it imports takes {least} GiB. Give more, or null (no limit)."
            )
        self._servers.warm_up(spec.source, module)

    def batch_key(self, spec: JobSpec) -> Hashable:
        """Every job is a batch of its own."""
        return spec.key

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        """What the sources ask for that this machine has not, or may not have; nothing is paid for."""
        sources = {spec.source.place(self._sources) for spec in specs}
        return [remark for source in sorted(sources) for remark in remark_or_refuse(source, go_on=True)]

    def submit(self, batch: Batch) -> list[str]:
        """Prepare the job's folder and ask for its process."""
        (submission,) = batch.submissions
        spec, folder = submission.spec, submission.folder
        root = folder.root.absolute()
        work = root / folder.work.name
        self._copies.give(spec.source, work)
        start_in = root / START_FOLDER
        start_in.mkdir(exist_ok=True)
        for channel, place in spec.input_data.items():
            hybrid_job.give_channel(folder.input, channel, Path(place))
        hybrid_job.take_over_checkpoints(folder.checkpoints, submission.name, submission.earlier_names)
        handle = _handle(submission)
        self._servers.start(
            handle,
            spec,
            self._sources / spec.source.snapshot_name,
            {
                "entry_point": spec.entry_point,
                "path": str(work),
                "cwd": str(work),
                "start_in": str(start_in),
                "env": _environment(submission, root, stored=self._allow_aws),
                "log": str(root / folder.log.name),
                "failure": str(root / folder.failure.name),
                "exit": str(root / folder.exit_record.name),
                "seconds": spec.max_runtime_seconds,
                "memory_bytes": self._memory_bytes,
                "lock": str(self._lock),
                "digested": {name: str(root / name) for name in DIGESTED},
            },
        )
        self._statuses[handle] = Status(JobState.QUEUED)
        self._works[handle] = work
        return [handle]

    def find(self, batch: Batch) -> list[str] | None:
        """A job that an earlier process brought to its end; one it left running has ended with it."""
        handles = [_handle(submission) for submission in batch.submissions]
        return handles if all(self._left_by_earlier_process(handle) for handle in handles) else None

    def poll(self, handles: Collection[str]) -> Mapping[str, Status]:
        """What the fork servers have reported, and what earlier ones left in the exit files."""
        for event in self._servers.receive():
            self._take_in(event)
        known = {}
        for handle in handles:
            status = self._statuses.get(handle) or self._left_by_earlier_process(handle)
            if status is not None:
                known[handle] = status
        return known

    def wait(self, seconds: float) -> None:
        """Sleep until a fork server reports something."""
        self._servers.wait(seconds)

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        """Tidy up; the jobs have written their logs and results where they belong."""
        for handle, (folder, status) in finished.items():
            self._statuses.pop(handle, None)  # the exit file has it from now on
            with contextlib.suppress(OSError):  # it stays if the job has left something there
                os.rmdir(folder.root / START_FOLDER)  # noqa: PTH106 - in the loop
            if work := self._works.pop(handle, None):
                self._copies.take_back(work, reusable=status.state is JobState.COMPLETED)
        return {handle: status for handle, (_, status) in finished.items()}

    def cancel(self, handles: Collection[str]) -> None:
        """Kill the jobs' process groups; `poll` tells when they are gone."""
        for handle in handles:
            self._servers.kill(handle)

    def __enter__(self) -> Self:
        """Use the executor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every job that still runs."""
        if self._servers_outlive_us and error is None:
            self._servers.rest()
        else:
            self._servers.close()
        self._copies.close()

    def _take_in(self, event: Mapping[str, Any]) -> None:
        """Take note of an event; what makes no sense was written by a job into our pipe, and says nothing."""
        handle = event["id"]
        if handle not in self._statuses:
            return
        with contextlib.suppress(ArithmeticError, KeyError, TypeError, ValueError):
            if event["event"] == "started":
                self._statuses[handle] = Status(JobState.RUNNING, started_at=float(event["at"]))
            elif event["event"] == "ended":
                self._statuses[handle] = self._status_of(event)
            elif event["event"] == "lost":
                self._statuses[handle] = self._left_by_earlier_process(handle) or self._lost(
                    handle, event["why"]
                )

    def _lost(self, handle: str, why: str) -> Status:
        """How a job stands that has ended with its fork server, and not by itself."""
        reason = f"killed with the process that starts the jobs, which ended unexpectedly ({why})"
        started_at, now = self._statuses[handle].started_at, time.time()
        return Status(JobState.FAILED, reason, started_at or now, now, billed_seconds=0.0)

    def _left_by_earlier_process(self, handle: str) -> Status | None:
        """The end of a job that an earlier orchestrator started, if it came to one."""
        record = read_exit_record(self._folder_of(handle))
        if record is None or record.get("id") != handle:
            return None
        try:
            return self._status_of(record)
        except (OSError, ValueError, ArithmeticError, KeyError, TypeError):
            return None  # a job can write there too

    def _folder_of(self, handle: str) -> JobFolder:
        return JobFolder(self._jobs / handle.partition("/")[0])

    def _status_of(self, report: Mapping[str, Any]) -> Status:
        status = self._end_of(report)
        said = self._servers.said_of_aws(report["id"])
        if status.state is not JobState.FAILED or status.reason is None:
            return status
        if _NO_ARN in status.reason:
            return replace(status, reason=f"{status.reason} ({_TWO})")
        if said and said not in status.reason:
            return replace(status, reason=f"{status.reason} ({said})")
        return status

    def _end_of(self, report: Mapping[str, Any]) -> Status:
        started_at, ended_at = float(report["started_at"]), float(report["ended_at"])
        digests = report.get("digests")

        def status(state: JobState, reason: str | None = None) -> Status:
            return Status(state, reason, started_at, ended_at, billed_seconds=0.0, digests=digests)

        if immortal := report.get("immortal"):
            pids = ", ".join(str(int(pid)) for pid in immortal)
            return status(
                JobState.FAILED, f"processes that it had started do not end, and may still write: {pids}"
            )
        if report["stopped_because"] == "cancelled":
            return status(JobState.CANCELLED, "cancelled")
        if report["stopped_because"] == "overdue":
            ran = ended_at - started_at
            return status(JobState.FAILED, f"stopped after {ran:.0f} s by job.max_runtime_seconds")
        if report["signal"] is not None:
            name = signal_name(int(report["signal"]))
            guess = " (was the machine out of memory?)" if name == "SIGKILL" else ""
            return status(JobState.FAILED, f"killed by {name}{guess}")
        if report["exit_code"] == 0:
            return status(JobState.COMPLETED)
        try:
            with open_regular(self._folder_of(report["id"]).failure) as file:
                reason = f"AlgorithmError: {file.read(_MOST_OF_A_REPORT).decode(errors='replace')}"
        except OSError:
            reason = f"exit code {int(report['exit_code'])}"
        return status(JobState.FAILED, reason)


@cache
def _least_gib(source: Source, module: Path) -> float:
    """Memory in use when a job of this source starts, in GiB; the module is the source, or a copy of it."""
    libraries = {library.partition(".")[0] for library, _ in imports_of_source(source, module).libraries}
    return _GIB_OF_BRAKETS_SDK if "braket" in libraries else _GIB_OF_PYTHON


def _handle(submission: Submission) -> str:
    return f"{submission.number}/{submission.token}"


def _environment(submission: Submission, root: Path, *, stored: bool) -> dict[str, str]:
    """The variables of a job; if it may store something in S3, the SDK finds the account's own bucket."""
    spec, folder, name = submission.spec, submission.folder, submission.name
    places = hybrid_job.Places(
        root / folder.hyperparameters.name,
        root / folder.input.name,
        root / folder.results.name,
        root / folder.checkpoints.name,
    )
    own = hybrid_job.own_variables(name, spec.device, spec.entry_point, places)
    return own if stored else {**own, **hybrid_job.unstored_variables(name)}
