"""A hybrid job's record, from CreateJob to its end."""

from __future__ import annotations

import math
import secrets
import threading
import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from .clock import time_stamp
from .errors import AwsError
from .faults import Fault, FaultKind

_DEFAULT_MAX_RUNTIME_SECONDS = 432_000


class JobStatus(StrEnum):
    """Braket's states of a hybrid job."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """Whether it is a last one."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


class Job:
    """One hybrid job.

    Only the thread that runs the job changes its status, except that a cancellation may come from
    anywhere; `wake` tells that thread to look.

    Attributes:
        request: The parameters of CreateJob.
        token: What links quantum tasks to this job.
        faults: What will happen to it.
        accepted_second: When it was accepted, by the emulated clock.
        wake: Set when the program ended or a cancellation was asked for.
    """

    def __init__(
        self,
        request: dict[str, Any],
        region: str,
        account_id: str,
        faults: dict[FaultKind, Fault],
        accepted_second: float,
    ) -> None:
        self.id = str(uuid.uuid4())
        self.arn = f"arn:aws:braket:{region}:{account_id}:job/{self.id}"
        self.token = secrets.token_hex(32)
        self.request = request
        self.region = region
        self.account = account_id
        self.faults = faults
        self.wake = threading.Event()
        self.tags: dict[str, str] = dict(request.get("tags", {}))
        self.failure_reason: str | None = None
        self.events: list[dict[str, Any]] = []
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.billable_seconds: int | None = None
        self._lock = threading.Lock()
        self._status = JobStatus.QUEUED
        self._skew = faults[FaultKind.CLOCK_SKEW].seconds if FaultKind.CLOCK_SKEW in faults else 0.0
        self.created_at = self.now()
        self.accepted_second = accepted_second
        self.record("QUEUED_FOR_EXECUTION")

    @property
    def name(self) -> str:
        """The name that its creator gave it."""
        name: str = self.request["jobName"]
        return name

    @property
    def device(self) -> str:
        """The device string, which need not be an ARN."""
        device: str = self.request["deviceConfig"]["device"]
        return device

    @property
    def max_runtime_seconds(self) -> int:
        """Its time limit."""
        limit: int = self.request.get("stoppingCondition", {}).get(
            "maxRuntimeInSeconds", _DEFAULT_MAX_RUNTIME_SECONDS
        )
        return limit

    @property
    def status(self) -> JobStatus:
        """Its state now."""
        with self._lock:
            return self._status

    @property
    def cancelling(self) -> bool:
        """Whether a cancellation was asked for and is not done yet."""
        return self.status is JobStatus.CANCELLING

    def now(self) -> datetime:
        """A time stamp by this job's clock."""
        return time_stamp(self._skew)

    def record(self, event: str, message: str = "") -> None:
        """Add an event."""
        self.events.append({"eventType": event, "timeOfEvent": self.now(), "message": message})

    def begin(self) -> None:
        """The program starts now."""
        with self._lock:
            if self._status is JobStatus.QUEUED:
                self._status = JobStatus.RUNNING
        self.started_at = self.now()
        self.record("RUNNING")

    def end(self, status: JobStatus, reason: str | None, runtime_seconds: float | None) -> None:
        """Close the record.

        Args:
            status: How it ended.
            reason: The failure reason.
            runtime_seconds: Emulated seconds that the program ran; None if it never did.
        """
        self.record(status.value, reason or "")
        self.failure_reason = reason[:1024] if reason else None
        self.ended_at = self.now()
        if runtime_seconds is not None:
            self.billable_seconds = max(1, math.ceil(runtime_seconds))
        with self._lock:
            self._status = status

    def cancel(self) -> None:
        """Ask for the job's end.

        Raises:
            AwsError: ConflictException, when it has ended.
        """
        with self._lock:
            if self._status.ended:
                raise AwsError("ConflictException", f"Job {self.arn} is in terminal state {self._status}.")
            self._status = JobStatus.CANCELLING
        self.wake.set()

    def summary(self) -> dict[str, Any]:
        """What SearchJobs tells."""
        # Read first: once the status is a last one, the rest does not change any more.
        status = self.status.value
        return {
            "status": status,
            "jobArn": self.arn,
            "jobName": self.name,
            "device": self.device,
            "createdAt": self.created_at,
            "startedAt": self.started_at,
            "endedAt": self.ended_at,
            "tags": self.tags,
        }

    def description(self) -> dict[str, Any]:
        """What GetJob tells, but for the queue."""
        told = self.summary()
        del told["device"]
        repeated = (
            *("roleArn", "hyperParameters", "inputDataConfig", "outputDataConfig", "checkpointConfig"),
            *("algorithmSpecification", "deviceConfig", "associations"),
        )
        return told | {
            **{name: self.request[name] for name in repeated if name in self.request},
            "stoppingCondition": {"maxRuntimeInSeconds": self.max_runtime_seconds},
            "instanceConfig": {"instanceCount": 1} | self.request["instanceConfig"],
            "failureReason": self.failure_reason,
            "billableDuration": self.billable_seconds,
            "events": list(self.events),
        }
