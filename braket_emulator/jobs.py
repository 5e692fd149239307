"""The operations on hybrid jobs."""

from __future__ import annotations

import threading
from typing import Any

from .clock import Clock
from .context import ClientTokens, Context, Operation, Parameters
from .devices import DeviceCatalogue
from .errors import AwsError, invalid, not_found
from .faults import FaultPlan
from .instances import Instances
from .job import Job, JobStatus
from .search import page, select
from .settings import EmulatorSettings


class Jobs:
    """All hybrid jobs of the account."""

    def __init__(
        self,
        settings: EmulatorSettings,
        devices: DeviceCatalogue,
        faults: FaultPlan,
        instances: Instances,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._devices = devices
        self._faults = faults
        self._instances = instances
        self._clock = clock
        self._tokens = ClientTokens()
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    @property
    def operations(self) -> dict[str, Operation]:
        """The operations by their names."""
        return {
            "CreateJob": self._create,
            "GetJob": self._get,
            "CancelJob": self._cancel,
            "SearchJobs": self._search,
        }

    def all(self) -> list[Job]:
        """Every job, oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def with_token(self, token: str) -> Job | None:
        """The job whose container has this token."""
        return next((job for job in self.all() if job.token == token), None)

    def find(self, arn: str, region: str) -> Job:
        """A job in a region.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        with self._lock:
            job = self._jobs.get(arn)
        if job is None or job.region != region:
            raise not_found(arn)
        return job

    def _seen(self, context: Context, arn: str) -> Job:
        """A job that the caller's account has in this region.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        job = self.find(arn, context.region)
        if not _sees(context, job):
            raise not_found(arn)
        return job

    def _create(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        conflict = AwsError(
            "ConflictException", "A job was created with the same client token and other parameters."
        )
        arn = self._tokens.once(context, parameters, lambda: self._new(context, parameters), conflict)
        return {"jobArn": arn}

    def _new(self, context: Context, parameters: Parameters) -> str:
        algorithm = parameters["algorithmSpecification"]
        if "scriptModeConfig" not in algorithm:
            raise invalid("algorithmSpecification: only script mode is emulated")
        role_account = parameters["roleArn"].split(":")[4]
        if role_account != context.account:
            raise AwsError("AccessDeniedException", f"Not authorized to pass role {parameters['roleArn']}")
        device = parameters["deviceConfig"]["device"]
        if device.startswith("arn:"):
            try:
                found = self._devices.find(device, context.region)
            except AwsError:
                raise invalid(f"Device {device} does not exist in {context.region}") from None
            self._devices.require_online(found)
        elif not device.startswith("local:"):
            raise invalid(f"Device {device!r} is neither an ARN nor local:<provider>/<name>")
        channels = [channel["channelName"] for channel in parameters.get("inputDataConfig", [])]
        if len(set(channels)) != len(channels):
            raise invalid("inputDataConfig: channel names must be unique")

        with self._lock:
            alive = sum(not job.status.ended for job in self._jobs.values() if _sees(context, job))
            if alive >= self._settings.max_concurrent_jobs:
                raise AwsError(
                    "ServiceQuotaExceededException",
                    f"The number of concurrent hybrid jobs exceeds {self._settings.max_concurrent_jobs}.",
                )
            faults = self._faults.for_job(parameters["jobName"])
            job = Job(parameters, context.region, context.account, faults, self._clock.seconds())
            self._jobs[job.arn] = job
        self._instances.submit(job)
        return job.arn

    def _get(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        job = self._seen(context, parameters["jobArn"])
        told = job.description()
        if "QueueInfo" in parameters.get("additionalAttributeNames", []):
            told["queueInfo"] = self._queue_info(job, told["status"])
        return told

    def _queue_info(self, job: Job, status: str) -> dict[str, Any]:
        if status == JobStatus.QUEUED:
            return {"queue": "JOBS_QUEUE", "position": self._instances.queue_position(job)}
        message = f"Job is in {status} status. AmazonBraket does not show queue position for this status."
        return {"queue": "JOBS_QUEUE", "position": "None", "message": message}

    def _cancel(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        job = self._seen(context, parameters["jobArn"])
        job.cancel()
        return {"jobArn": job.arn, "cancellationStatus": "CANCELLING"}

    def _search(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        listed_before = self._clock.seconds() - self._settings.search_lag_seconds
        newest_first = [
            job.summary()
            for job in reversed(self.all())
            if _sees(context, job) and job.accepted_second <= listed_before
        ]
        found = select(newest_first, parameters["filters"], self._settings.job_search_filters)
        jobs, next_token = page(found, "jobArn", parameters)
        return {"jobs": jobs, "nextToken": next_token}


def _sees(context: Context, job: Job) -> bool:
    """Whether a job is in the caller's account, and where the caller looks."""
    return (job.region, job.account) == (context.region, context.account)
