"""Quantum tasks: their records and operations."""

from __future__ import annotations

import json
import threading
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .clock import Clock, time_stamp
from .cloud import Cloud
from .context import ClientTokens, Context, Operation, Parameters
from .devices import MAX_PROGRAM_SET_EXECUTABLES, MAX_PROGRAM_SET_SHOTS, Device, DeviceCatalogue
from .errors import AwsError, invalid, not_found
from .jobs import Jobs
from .search import TASK_FILTERS, page, select
from .settings import EmulatorSettings
from .simulation import BadProgramError, simulate
from .spending import SpendingLimits
from .storage import Storage

_OPENQASM = "braket.ir.openqasm.program"
_PROGRAM_SET = "braket.ir.openqasm.program_set"
_ENDED = ("COMPLETED", "FAILED", "CANCELLED")


@dataclass
class QuantumTask:
    """One quantum task; its status changes under the lock of `Tasks`."""

    arn: str
    region: str
    device: Device
    request: Parameters
    action: dict[str, Any]
    job_arn: str | None
    created_at: datetime
    tags: dict[str, str]
    status: str = "CREATED"
    failure_reason: str | None = None
    ended_at: datetime | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)

    @property
    def shots(self) -> int:
        """Of the whole task."""
        shots: int = self.request["shots"]
        return shots

    @property
    def directory(self) -> str:
        """Key prefix of its results."""
        return f"{self.request['outputS3KeyPrefix'].rstrip('/')}/{self.arn.rpartition('/')[2]}"

    @property
    def results_uri(self) -> str:
        """Where its results are."""
        return f"s3://{self.request['outputS3Bucket']}/{self.directory}/results.json"

    def summary(self) -> dict[str, Any]:
        """What SearchQuantumTasks tells; the job's ARN is there to be searched for."""
        return {
            "quantumTaskArn": self.arn,
            "status": self.status,
            "deviceArn": self.device.arn,
            "shots": self.shots,
            "outputS3Bucket": self.request["outputS3Bucket"],
            "outputS3Directory": self.directory,
            "createdAt": self.created_at,
            "endedAt": self.ended_at,
            "tags": self.tags,
            "jobArn": self.job_arn,
        }

    def description(self) -> dict[str, Any]:
        """What GetQuantumTask tells, but for the queue."""
        kind = self.action["braketSchemaHeader"]["name"]
        programs = self.action.get("programs", [self.action])
        return self.summary() | {
            "failureReason": self.failure_reason,
            "deviceParameters": self.request.get("deviceParameters", "{}"),
            "associations": self.request.get("associations"),
            "numSuccessfulShots": self.shots if self.status == "COMPLETED" else None,
            "actionMetadata": {
                "actionType": kind,
                "programCount": len(programs),
                "executableCount": _executables(self.action),
            },
        }


class Tasks:
    """All quantum tasks of the account."""

    def __init__(
        self,
        settings: EmulatorSettings,
        *,
        clock: Clock,
        cloud: Cloud,
        devices: DeviceCatalogue,
        jobs: Jobs,
        spending: SpendingLimits,
        report_bug: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._cloud = cloud
        self._devices = devices
        self._jobs = jobs
        self._spending = spending
        self._report_bug = report_bug
        self._tokens = ClientTokens()
        self._lock = threading.Lock()
        self._tasks: dict[str, QuantumTask] = {}
        # One at a time: the simulator is Python, and there is one interpreter.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="quantum task")

    @property
    def operations(self) -> dict[str, Operation]:
        """The operations by their names."""
        return {
            "CreateQuantumTask": self._create,
            "GetQuantumTask": self._get,
            "CancelQuantumTask": self._cancel,
            "SearchQuantumTasks": self._search,
        }

    def close(self) -> None:
        """Drop what has not begun."""
        for task in self._tasks.values():
            task.cancelled.set()
            task.wake.set()
        self._executor.shutdown(cancel_futures=True)

    def find(self, arn: str, region: str) -> QuantumTask:
        """A task in a region.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        with self._lock:
            task = self._tasks.get(arn)
        if task is None or task.region != region:
            raise not_found(arn)
        return task

    def _create(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        # CreateQuantumTask has no ConflictException.
        conflict = invalid("A quantum task was created with the same client token and other parameters.")
        arn = self._tokens.once(context, parameters, lambda: self._new(context, parameters), conflict)
        return {"quantumTaskArn": arn}

    def _new(self, context: Context, parameters: Parameters) -> str:
        try:
            device = self._devices.find(parameters["deviceArn"], context.region)
        except AwsError:
            raise invalid(f"Device {parameters['deviceArn']} does not exist in {context.region}") from None
        self._devices.require_online(device)
        action = _read_action(parameters["action"])
        _check_shots(device, action, parameters["shots"])
        job_arn = None
        if "jobToken" in parameters:
            job = self._jobs.with_token(parameters["jobToken"])
            if job is None:
                raise invalid("jobToken: no such hybrid job")
            job_arn = job.arn
        if not Storage(self._cloud.client("s3", context.region)).has_bucket(parameters["outputS3Bucket"]):
            raise invalid(f"S3 bucket {parameters['outputS3Bucket']} does not exist")
        task = QuantumTask(
            arn=f"arn:aws:braket:{context.region}:{self._settings.account_id}:quantum-task/{uuid.uuid4()}",
            region=context.region,
            device=device,
            request=parameters,
            action=action,
            job_arn=job_arn,
            created_at=time_stamp(),
            tags=dict(parameters.get("tags", {})),
        )
        self._spending.charge(task.arn, device, task.shots, context.region)
        with self._lock:
            self._tasks[task.arn] = task
        self._executor.submit(self._run, task)
        return task.arn

    def _get(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        task = self.find(parameters["quantumTaskArn"], context.region)
        told = task.description()
        if "QueueInfo" in parameters.get("additionalAttributeNames", []):
            priority = {
                "queue": "QUANTUM_TASKS_QUEUE",
                "queuePriority": "Priority" if task.job_arn else "Normal",
            }
            if told["status"] == "QUEUED":
                told["queueInfo"] = priority | {"position": "1"}
            else:
                message = f"Task is in {told['status']} status. AmazonBraket does not show queue position."
                told["queueInfo"] = priority | {"position": "None", "message": message}
        return told

    def _cancel(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        task = self.find(parameters["quantumTaskArn"], context.region)
        with self._lock:
            if task.status in _ENDED:
                raise AwsError("ConflictException", f"Task {task.arn} is in terminal state {task.status}.")
            task.status = "CANCELLING"
        task.cancelled.set()
        task.wake.set()
        return {"quantumTaskArn": task.arn, "cancellationStatus": "CANCELLING"}

    def _search(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        with self._lock:
            newest_first = [
                task.summary() for task in reversed(self._tasks.values()) if task.region == context.region
            ]
        found, next_token = page(
            select(newest_first, parameters["filters"], TASK_FILTERS), "quantumTaskArn", parameters
        )
        summaries = [{name: item for name, item in task.items() if name != "jobArn"} for task in found]
        return {"quantumTasks": summaries, "nextToken": next_token}

    def _run(self, task: QuantumTask) -> None:
        try:
            self._advance(task, "QUEUED")
            end = self._clock.seconds() + self._settings.task_seconds
            while not task.cancelled.is_set() and (left := end - self._clock.seconds()) > 0:
                self._clock.wait(task.wake, left)
            if not task.cancelled.is_set():
                self._advance(task, "RUNNING")
                result = simulate(task.action, task.device, task.shots, task.arn)
                Storage(self._cloud.client("s3", task.region)).write(task.results_uri, result.encode())
            self._finish(task, "CANCELLED" if task.cancelled.is_set() else "COMPLETED")
        except BadProgramError as error:
            self._finish(task, "FAILED", str(error))
        except Exception:
            self._report_bug(traceback.format_exc())
            self._finish(task, "FAILED", "InternalServerError")

    def _advance(self, task: QuantumTask, status: str) -> None:
        with self._lock:
            if not task.cancelled.is_set():
                task.status = status

    def _finish(self, task: QuantumTask, status: str, reason: str | None = None) -> None:
        self._spending.settle(task.arn, spent=status == "COMPLETED")
        with self._lock:
            task.ended_at = time_stamp()
            task.failure_reason = reason
            task.status = status


def _read_action(text: str) -> dict[str, Any]:
    try:
        action: dict[str, Any] = json.loads(text)
        kind = action["braketSchemaHeader"]["name"]
    except (ValueError, KeyError, TypeError):
        raise invalid("action: not a program with a braketSchemaHeader") from None
    if kind not in (_OPENQASM, _PROGRAM_SET):
        raise invalid(f"action: {kind} is not supported; supported are OpenQASM programs and program sets")
    return action


def _check_shots(device: Device, action: dict[str, Any], shots: int) -> None:
    fewest, most = device.shots
    if action["braketSchemaHeader"]["name"] == _PROGRAM_SET:
        executables = _executables(action)
        if not device.is_qpu:
            raise invalid(f"Device {device.arn} does not support program sets")
        if executables > MAX_PROGRAM_SET_EXECUTABLES:
            raise invalid(f"A program set has at most {MAX_PROGRAM_SET_EXECUTABLES} executables")
        if shots > MAX_PROGRAM_SET_SHOTS or shots % executables:
            raise invalid(f"Shots must be a multiple of {executables}, at most {MAX_PROGRAM_SET_SHOTS}")
        shots //= executables
    if not fewest <= shots <= most:
        raise invalid(f"Shots must be between {fewest} and {most} for device {device.arn}, not {shots}")


def _executables(action: dict[str, Any]) -> int:
    """Programs times their input sets."""
    total = 0
    for program in action.get("programs", [action]):
        inputs = program.get("inputs") or {}
        rows = [len(values) for values in inputs.values() if isinstance(values, list)]
        total += max(rows, default=1)
    return total
