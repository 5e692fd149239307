"""Hybrid jobs as processes on this machine, started from a fork server.

A job sees what it would see in Braket's container: the environment variables, the hyperparameter file,
the source module on its path. The S3 variables are not set, as nothing is stored there.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sweeper.errors import ConfigError, SweeperError
from sweeper.executors import forkserver
from sweeper.executors.base import Batch, Status, Submission
from sweeper.folder import JobFolder, SweepFolder
from sweeper.spec import JobSpec
from sweeper.states import JobState

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class LocalExecutor:
    """Runs jobs on this machine, `n_jobs` at a time, one thread each."""

    paid = False
    outlives_us = False
    batch_size = 1

    def __init__(self, folder: SweepFolder, *, n_jobs: int | None, memory_gib: float | None) -> None:
        """Start the fork server, which warms up while the caller goes on.

        Args:
            folder: The sweep's folder; jobs write into it directly.
            n_jobs: Jobs at a time; none for one on each core this process may use.
            memory_gib: Memory of a job beyond which its allocations fail; none for no limit.

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
        self._memory_bytes = int(memory_gib * 2**30) if memory_gib else None
        self._statuses: dict[str, Status] = {}
        self._buffer = b""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the executor
        self._server = subprocess.Popen(
            [sys.executable, "-P", forkserver.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
            # Ctrl-C reaches the orchestrator alone, which then ends the jobs in order.
            start_new_session=True,
        )
        assert self._server.stdout is not None
        os.set_blocking(self._server.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server.stdout, selectors.EVENT_READ)

    @property
    def words(self) -> str:
        """Where jobs run, for people."""
        return f"on this machine, {self.concurrency} at a time"

    def check(self, spec: JobSpec) -> None:
        """Refuse devices other than embedded simulators: their quantum tasks are paid for."""
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

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        """Nothing: a process on this machine costs nothing and waits for nobody."""
        del specs
        return []

    def spending_limit(self, specs: Collection[JobSpec], usd: float) -> AbstractContextManager[None]:
        """Nothing to limit."""
        del specs, usd
        return contextlib.nullcontext()

    def submit(self, batch: Batch) -> list[str]:
        """Prepare the job's folder and ask for its process."""
        (submission,) = batch.submissions
        spec, folder = submission.spec, submission.folder
        root = folder.root.absolute()
        source = spec.source.snapshot(self._sources)
        work = _working_directory(root, source)
        for channel, place in spec.input_data.items():
            folder.input.mkdir(exist_ok=True)
            link = folder.input / channel
            link.unlink(missing_ok=True)
            link.symlink_to(place)
        handle = _handle(submission)
        self._send(
            {
                "op": "start",
                "id": handle,
                "entry_point": spec.entry_point,
                "path": str(source),
                "cwd": str(work),
                "env": _environment(submission, batch.name, root),
                "log": str(root / folder.log.name),
                "failure": str(_failure_file(root)),
                "exit": str(_exit_file(root)),
                "seconds": spec.max_runtime_seconds,
                "memory_bytes": self._memory_bytes,
            }
        )
        self._statuses[handle] = Status(JobState.QUEUED)
        return [handle]

    def find(self, batch: Batch) -> list[str] | None:
        """A job that an earlier process brought to its end; one it left running has ended with it."""
        handles = [_handle(submission) for submission in batch.submissions]
        return handles if all(self._left_by_earlier_process(handle) for handle in handles) else None

    def poll(self, handles: Collection[str]) -> Mapping[str, Status]:
        """What the fork server has reported, and what an earlier one left in the exit files."""
        self._receive()
        known = {}
        for handle in handles:
            status = self._statuses.get(handle) or self._left_by_earlier_process(handle)
            if status is not None:
                known[handle] = status
        return known

    def wait(self, seconds: float) -> None:
        """Sleep until the fork server reports something."""
        self._selector.select(seconds)

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        """Tidy up; the jobs have written their logs and results where they belong."""
        for folder, _ in finished.values():
            work = folder.root / "work"
            if work.is_dir():
                for link in work.iterdir():
                    if link.is_symlink():
                        link.unlink()
                with contextlib.suppress(OSError):  # the job has written files there: they stay
                    work.rmdir()
        return {handle: status for handle, (_, status) in finished.items()}

    def cancel(self, handles: Collection[str]) -> None:
        """Kill the jobs' process groups; `poll` tells when they are gone."""
        for handle in handles:
            self._send({"op": "kill", "id": handle})

    def __enter__(self) -> Self:
        """Use the executor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the fork server and with it every job that still runs."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._server.stdin.close()
        if all(status.state.finished for status in self._statuses.values()):
            self._server.kill()  # it has nothing to tidy up, and may not have warmed up yet
        try:
            self._server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._selector.close()
        self._server.stdout.close()
        self._errors.close()

    def _send(self, request: Mapping[str, Any]) -> None:
        assert self._server.stdin is not None
        try:
            self._server.stdin.write(json.dumps(request).encode() + b"\n")
            self._server.stdin.flush()
        except BrokenPipeError:
            pass  # no fault of this job's: the next look says that the server has died

    def _receive(self) -> None:
        """Take in all events that have arrived."""
        assert self._server.stdout is not None
        while data := self._server.stdout.read():
            self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["event"] == "started":
                self._statuses[event["id"]] = Status(JobState.RUNNING, started_at=event["at"])
            else:
                self._statuses[event["id"]] = self._status_of(event)
        if data == b"":
            raise self._server_died()

    def _server_died(self) -> SweeperError:
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()[-2000:]
        return SweeperError(
            f"The process that starts the jobs ended unexpectedly (exit code {self._server.poll()}): "
            f"{said or 'it said nothing; the machine may have run out of memory'}. "
            "Run the same command again: finished jobs are kept."
        )

    def _left_by_earlier_process(self, handle: str) -> Status | None:
        """The end of a job that an earlier orchestrator started, if it came to one."""
        try:
            report = json.loads(_exit_file(self._jobs / handle.partition("/")[0]).read_bytes())
        except (OSError, ValueError):
            return None
        return self._status_of(report) if report.get("id") == handle else None

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
            failure = _failure_file(self._jobs / report["id"].partition("/")[0]).read_text(errors="replace")
            reason = f"AlgorithmError: {failure}"
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


def _working_directory(root: Path, source: Path) -> Path:
    """The job's own folder to work in; the source module is found there, as in Braket's container."""
    work = root / "work"
    work.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        link = work / entry.name
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(entry, work))
    return work


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
