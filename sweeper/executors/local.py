"""Hybrid jobs as processes on this machine, started from fork servers: one for each source module.

A job sees what it would see in Braket's container: the environment variables, the hyperparameter file,
the source module on its path. The S3 variables are not set, as nothing is stored there.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Collection, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sweeper.errors import ConfigError
from sweeper.executors.base import Batch, Status, Submission
from sweeper.executors.forkservers import ForkServers
from sweeper.folder import JobFolder, SweepFolder, open_regular
from sweeper.spec import JobSpec
from sweeper.states import JobState

_MOST_OF_A_REPORT = 2**14


class LocalExecutor:
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
        servers: ForkServers | None = None,
    ) -> None:
        """Make an executor; what it runs first, it learns from `check` or `submit`.

        Args:
            folder: The sweep's folder; jobs write into it directly.
            n_jobs: Jobs at a time; none for one on each core this process may use.
            memory_gib: Memory of a job beyond which its allocations fail; none for no limit.
            servers: Fork servers that outlive this executor; by default its own end with it.

        Raises:
            ConfigError: A limit that is not possible.
        """
        if n_jobs is not None and n_jobs < 1:
            raise ConfigError(
                f"hydra.launcher.n_jobs={n_jobs} is not possible: it must be 1 or more, or null."
            )
        if memory_gib is not None and memory_gib <= 0:
            raise ConfigError(f"hydra.launcher.memory_gib={memory_gib} is not possible: it must be above 0.")
        self.concurrency = n_jobs or len(os.sched_getaffinity(0))
        self._sources = folder.sources.absolute()
        self._jobs = folder.job(0).root.parent.absolute()
        self._lock = folder.jobs_lock.absolute()
        self._memory_bytes = int(memory_gib * 2**30) if memory_gib else None
        self._statuses: dict[str, Status] = {}
        self._servers = servers or ForkServers()
        self._servers_outlive_us = servers is not None
        self._targets: dict[str, str] = {}
        self._spare: dict[str, list[Path]] = {}

    @property
    def words(self) -> str:
        """Where jobs run, for people."""
        return f"on this machine, {self.concurrency} at a time"

    def check(self, spec: JobSpec) -> None:
        """Refuse devices other than embedded simulators: their quantum tasks are paid for.

        The first job that is not refused is expected to run: its fork server starts, and warms up while the
        caller goes on.
        """
        if not spec.device.startswith("local:"):
            raise ConfigError(
                f"device.arn={spec.device} would run paid quantum tasks, which hydra/launcher=braket_local "
                "does not do: choose an embedded simulator (device=local)."
            )
        for channel, place in spec.input_data.items():
            if place.startswith("s3://"):
                raise ConfigError(
                    f"job.input_data.{channel}={place} is in S3, which hydra/launcher=braket_local does not "
                    "read: download it and give the local path."
                )
        self._servers.warm_up(spec)

    def batch_key(self, spec: JobSpec) -> Hashable:
        """Every job is a batch of its own."""
        return spec.key

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        """Nothing: a process on this machine costs nothing and waits for nobody."""
        del specs
        return []

    def enter(
        self, specs: Collection[JobSpec], handles: Collection[str], known: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """There is only one such place: this machine."""
        del specs, handles, known
        return {}

    def news(self) -> list[str]:
        """Nothing that anybody waits for."""
        return []

    def spending_limit(self, specs: Collection[JobSpec], usd: float | None) -> AbstractContextManager[None]:
        """Nothing to limit."""
        del specs, usd
        return contextlib.nullcontext()

    def submit(self, batch: Batch) -> list[str]:
        """Prepare the job's folder and ask for its process."""
        (submission,) = batch.submissions
        spec, folder = submission.spec, submission.folder
        root = folder.root.absolute()
        source = spec.source.snapshot(self._sources)
        # As seen from the working directory, so that a sweep's folder can be moved.
        target = os.path.relpath(source / spec.source.path.name, root / "work")
        work = self._working_directory(root, target)
        for channel, place in spec.input_data.items():
            folder.input.mkdir(exist_ok=True)
            link = folder.input / channel
            link.unlink(missing_ok=True)
            link.symlink_to(place)
        handle = _handle(submission)
        self._servers.start(
            handle,
            spec,
            source,
            {
                "entry_point": spec.entry_point,
                "cwd": str(work),
                "env": _environment(submission, batch.name, root),
                "log": str(root / folder.log.name),
                "failure": str(_failure_file(root)),
                "exit": str(_exit_file(root)),
                "seconds": spec.max_runtime_seconds,
                "memory_bytes": self._memory_bytes,
                "lock": str(self._lock),
            },
        )
        self._statuses[handle] = Status(JobState.QUEUED)
        self._targets[handle] = target
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
            work = folder.root.absolute() / "work"
            target = self._targets.pop(handle, None)
            if target and status.state is JobState.COMPLETED and _holds_only(work, target):
                self._spare.setdefault(target, []).append(work)
            else:
                _tidy(work)
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
        for spare in self._spare.values():
            for work in spare:
                _tidy(work)
        if self._servers_outlive_us and error is None:
            self._servers.rest()
        else:
            self._servers.close()

    def _working_directory(self, root: Path, target: str) -> Path:
        """The job's own folder to work in; the source module is found there, as in Braket's container.

        The folder of a completed job that has written nothing there is moved here: that costs a tenth of
        removing it and making one.
        """
        work = root / "work"
        spare = self._spare.get(target, [])
        while spare:
            with contextlib.suppress(OSError):  # somebody has moved the sweep's folders meanwhile
                spare.pop().rename(work)
                return work
        work.mkdir(parents=True, exist_ok=True)
        link = work / Path(target).name
        if not link.is_symlink():
            link.symlink_to(target)
        return work

    def _take_in(self, event: Mapping[str, Any]) -> None:
        handle = event["id"]
        if event["event"] == "started":
            self._statuses[handle] = Status(JobState.RUNNING, started_at=event["at"])
        else:
            self._statuses[handle] = self._status_of(event)

    def _left_by_earlier_process(self, handle: str) -> Status | None:
        """The end of a job that an earlier orchestrator started, if it came to one."""
        try:
            with open_regular(_exit_file(self._jobs / handle.partition("/")[0])) as file:
                report = json.loads(file.read(_MOST_OF_A_REPORT))
            return self._status_of(report) if report["id"] == handle else None
        except (OSError, ValueError, ArithmeticError, KeyError, TypeError, RecursionError):
            return None  # a job can write there too

    def _status_of(self, report: Mapping[str, Any]) -> Status:
        times = {"started_at": report["started_at"], "ended_at": report["ended_at"], "billed_seconds": 0.0}
        if report["stopped_because"] == "cancelled":
            return Status(JobState.CANCELLED, "cancelled", **times)
        if report["stopped_because"] == "overdue":
            ran = report["ended_at"] - report["started_at"]
            return Status(JobState.FAILED, f"stopped after {ran:.0f} s by job.max_runtime_seconds", **times)
        if report["signal"] is not None:
            name = signal.Signals(report["signal"]).name
            guess = " (was the machine out of memory?)" if report["signal"] == signal.SIGKILL else ""
            return Status(JobState.FAILED, f"killed by {name}{guess}", **times)
        if report["exit_code"] == 0:
            return Status(JobState.COMPLETED, **times)
        try:
            with open_regular(_failure_file(self._jobs / report["id"].partition("/")[0])) as file:
                reason = f"AlgorithmError: {file.read(_MOST_OF_A_REPORT).decode(errors='replace')}"
        except OSError:
            reason = f"exit code {report['exit_code']}"
        return Status(JobState.FAILED, reason, **times)


def _handle(submission: Submission) -> str:
    return f"{submission.number}/{submission.token}"


def _exit_file(root: Path) -> Path:
    """Written by the fork server when the job has ended, so that the end outlives the orchestrator."""
    return root / "exit.json"


def _failure_file(root: Path) -> Path:
    return root / "failure.txt"


def _holds_only(work: Path, target: str) -> bool:
    """Whether the working directory is as it was made: nothing in it but the link to the source."""
    name = Path(target).name
    try:
        return os.listdir(work) == [name] and os.readlink(work / name) == target  # noqa: PTH115, PTH208 - in the loop
    except OSError:
        return False


def _tidy(work: Path) -> None:
    """Remove what the executor has put into a working directory; what a job has written there stays."""
    with contextlib.suppress(OSError):
        for entry in work.iterdir():
            if entry.is_symlink():
                entry.unlink()
        work.rmdir()


def _environment(submission: Submission, name: str, root: Path) -> dict[str, str]:
    """Braket's variables; see "Environment variables" in the Hybrid Jobs chapter of its developer guide."""
    spec, folder = submission.spec, submission.folder
    variables = {
        "AMZN_BRAKET_JOB_NAME": name,
        "AMZN_BRAKET_DEVICE_ARN": spec.device,
        "AMZN_BRAKET_HP_FILE": str(root / folder.hyperparameters.name),
        "AMZN_BRAKET_JOB_RESULTS_DIR": str(root / folder.results.name),
        "AMZN_BRAKET_CHECKPOINT_DIR": str(root / folder.checkpoints.name),
        "AMZN_BRAKET_SCRIPT_ENTRY_POINT": spec.entry_point,
    }
    if spec.input_files or spec.input_data:
        variables["AMZN_BRAKET_INPUT_DIR"] = str(root / folder.input.name)
    return variables
