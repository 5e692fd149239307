"""Hybrid jobs on Amazon Braket.

Every job costs one CreateJob, a share of the SearchJobs pages that tell how all of them stand, and one
GetJob at its end. Braket's SDK prepares the requests; its `AwsQuantumJob` is not used, because it has no
idempotent creation and fetches results through a file in the working directory, which is not safe for
more than one job at a time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import Self

import boto3

from sweeper.errors import ConfigError, SweeperError
from sweeper.executors.aws import packing, trouble
from sweeper.executors.aws.account import Account, region_of
from sweeper.executors.aws.collect import Collector
from sweeper.executors.aws.pace import Pace
from sweeper.executors.aws.request import Requests
from sweeper.executors.aws.spending import spending_limits
from sweeper.executors.aws.tasks import TaskCounter
from sweeper.executors.aws.watch import Watch
from sweeper.executors.base import Batch, NotNowError, Status
from sweeper.folder import JobFolder, SweepFolder
from sweeper.spec import JobSpec
from sweeper.tasks_seen import TasksSeen

_CREATE_BURST = 4
"""Just below Braket's quota for CreateJob: 5 at once (Amazon Braket quotas)."""

_QUOTA_PAUSE_SECONDS = 60.0
"""After a refusal for too many jobs, how long until one more than run now is tried."""


_COUNT_EVERY = 3
"""A job's quantum tasks are counted at every so many of the longest pauses between two looks at the jobs."""


def shared(status: Status, handle: str) -> Status:
    """The status of one of the jobs that share a hybrid job: each is billed its part."""
    size = _size(handle)
    return (
        status
        if status.billed_seconds is None
        else replace(status, billed_seconds=status.billed_seconds / size)
    )


def _size(handle: str) -> int:
    """How many jobs share the hybrid job of a handle."""
    return int(handle.rpartition("/")[2]) if "#" in handle else 1


@dataclass(frozen=True)
class _Options:
    region: str | None
    profile: str | None
    role_arn: str | None
    bucket: str | None
    kms_key_id: str | None


class AwsExecutor:
    """Runs jobs on Amazon Braket."""

    paid = True
    outlives_us = True

    def __init__(
        self,
        folder: SweepFolder,
        *,
        region: str | None = None,
        profile: str | None = None,
        role_arn: str | None = None,
        bucket: str | None = None,
        kms_key_id: str | None = None,
        max_concurrent_jobs: int | None = None,
        creations_per_second: float = 0.9,
        poll_seconds: float = 10.0,
        pack: int = 1,
    ) -> None:
        """Make the executor; AWS is not called yet.

        Args:
            folder: The sweep's folder.
            region: Where jobs run that no device binds to a region.
            profile: Profile of the AWS configuration.
            role_arn: The jobs' role.
            bucket: Bucket for code and results.
            kms_key_id: Key that encrypts the results.
            max_concurrent_jobs: Hybrid jobs at a time; none to learn the quota from refusals.
            creations_per_second: CreateJob calls a second.
            poll_seconds: Longest pause between two looks at the jobs.
            pack: Combinations that share a hybrid job.

        Raises:
            ConfigError: An option that is not possible.
        """
        for name, value in (("max_concurrent_jobs", max_concurrent_jobs), ("pack", pack)):
            if value is not None and value < 1:
                raise ConfigError(f"hydra.launcher.{name}={value} is not possible: it must be 1 or more.")
        for name, seconds in (("poll_seconds", poll_seconds), ("creations_per_second", creations_per_second)):
            if seconds <= 0:
                raise ConfigError(f"hydra.launcher.{name}={seconds} is not possible: it must be above 0.")
        self.batch_size = pack
        self._folder = folder
        self._options = _Options(region, profile, role_arn, bucket, kms_key_id)
        self._limit = max_concurrent_jobs
        self._learnt: int | None = None
        self._try_more_at = 0.0
        self._held = 0
        self._account_: Account | None = None
        self._pace = Pace(creations_per_second, _CREATE_BURST)
        self._requests: Requests | None = None
        self._watch: Watch | None = None
        self._collector: Collector | None = None
        self._counter: TaskCounter | None = None
        self._poll_seconds = poll_seconds

    @property
    def words(self) -> str:
        """Where jobs run, for people."""
        many = f", {self._limit} at a time" if self._limit else ""
        packed = f", {self.batch_size} in one hybrid job" if self.batch_size > 1 else ""
        return f"on Amazon Braket{many}{packed}"

    @property
    def concurrency(self) -> int:
        """Hybrid jobs at a time: as configured, and no more than the account turned out to allow."""
        learnt = self._learnt
        if learnt is not None and time.monotonic() >= self._try_more_at:
            learnt += 1
        return min(limit for limit in (self._limit, learnt, 10_000) if limit is not None)

    def check(self, spec: JobSpec) -> None:
        """Refuse what Braket would refuse: a device outside the region, a strange image or role."""
        region = region_of(spec.device, self._options.region, self._default_region)
        if (known := self._account_in(region).region) != region:
            raise ConfigError(
                f"device.arn={spec.device} runs in {region}, others of the sweep in {known}: sweep them "
                "separately, one region each."
            )
        Requests.check(spec)

    def batch_key(self, spec: JobSpec) -> Hashable:
        """What packed jobs share: the hybrid job itself, and the source archive."""
        return packing.batch_key(spec)

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        """Status and queues of the devices."""
        return [
            self._account.device_remark(arn)
            for arn in dict.fromkeys(spec.device for spec in specs)
            if arn.startswith("arn:")
        ]

    def spending_limit(self, specs: Collection[JobSpec], usd: float) -> AbstractContextManager[None]:
        """Braket's own limit, for each QPU; it covers neither simulators nor instances."""
        return spending_limits(self._account, {spec.device for spec in specs}, usd)

    def submit(self, batch: Batch) -> list[str]:
        """One CreateJob, with a client token that makes a repetition harmless."""
        self._adopt_regions(batch)
        if (pause := self._pace.pause()) > 0:
            raise NotNowError("CreateJob's rate", pause)
        if self._requests is None:
            self._requests = Requests(self._account, self._folder, self._options.kms_key_id)
        request = self._requests.create_job(batch)
        try:
            self._pace.spend()
            response = self._account.braket.create_job(**request)
        except Exception as error:
            self._judge(error)
            raise
        self._pace.succeeded()
        self._held += 1  # counted here too: several are created between two looks
        if self._learnt is not None:
            self._learnt = max(self._learnt, self._held)
        self._watcher.created(response["jobArn"], response)
        return self._handles(response["jobArn"], batch)

    def find(self, batch: Batch) -> list[str] | None:
        """The hybrid job that carries the batch's token as a tag."""
        self._adopt_regions(batch)
        arn = self._watcher.find(batch.token)
        return None if arn is None else self._handles(arn, batch)

    def poll(self, handles: Collection[str]) -> Mapping[str, Status]:
        """What SearchJobs says, asked at most every few seconds and less often the longer nothing happens."""
        if not handles:
            return {}
        self._adopt_arn(next(iter(handles)))
        arns = {handle: handle.partition("#")[0] for handle in handles}
        statuses = self._watcher.look(set(arns.values()))
        self._held = sum(not status.state.finished for status in statuses.values())
        return {handle: shared(statuses[arn], handle) for handle, arn in arns.items() if arn in statuses}

    def count_tasks(self, jobs: Mapping[str, str], *, now: bool = False) -> Mapping[str, TasksSeen]:
        """SearchQuantumTasks for each hybrid job; the tasks of jobs that share one are counted together."""
        arns = {handle.partition("#")[0]: device for handle, device in jobs.items()}
        if not arns:
            return {}
        self._adopt_arn(next(iter(arns)))
        if self._counter is None:
            self._counter = TaskCounter(self._account, _COUNT_EVERY * self._poll_seconds)
        seen = self._counter.count(arns) if now else self._counter.due(arns)
        return {
            handle: replace(seen[arn], sharers=_size(handle))
            for handle in jobs
            if (arn := handle.partition("#")[0]) in seen
        }

    def wait(self, seconds: float) -> None:
        """Sleep until the next look is due: AWS calls nobody back."""
        due = self._watch.due_in() if self._watch is not None else seconds
        time.sleep(min(seconds, max(due, 0.01)))

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        """Archives, logs and checkpoints, several jobs at once."""
        if finished:
            self._adopt_arn(next(iter(finished)))
        if self._collector is None:
            self._collector = Collector(self._account, self._watcher)
        return self._collector.collect(finished)

    def cancel(self, handles: Collection[str]) -> None:
        """CancelJob for each hybrid job; `poll` tells when they have ended."""
        for arn in dict.fromkeys(handle.partition("#")[0] for handle in handles):
            self._adopt_arn(arn)
            self._watcher.cancel(arn)

    def __enter__(self) -> Self:
        """Use the executor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing belongs to this process: the jobs go on."""

    @property
    def _account(self) -> Account:
        if self._account_ is None:
            raise SweeperError("No job has said yet in which region it runs.")
        return self._account_

    @property
    def _watcher(self) -> Watch:
        if self._watch is None:
            self._watch = Watch(self._account, self._poll_seconds)
        return self._watch

    @cached_property
    def _default_region(self) -> str | None:
        with trouble.explained("Reading the AWS configuration"):
            region = boto3.Session(profile_name=self._options.profile).region_name
        return None if region is None else str(region)

    def _adopt_regions(self, batch: Batch) -> None:
        for submission in batch.submissions:
            self.check(submission.spec)

    def _adopt_arn(self, handle: str) -> None:
        """A later process learns the region from the jobs it finds in the ledger."""
        self._account_in(handle.split(":")[3])

    def _account_in(self, region: str) -> Account:
        """The sweep's account: in this region, if it is the first that a job names."""
        if self._account_ is None:
            options = self._options
            self._account_ = Account(region, options.profile, options.role_arn, options.bucket)
        return self._account_

    def _judge(self, error: Exception) -> None:
        """Learn from a refused or unanswered CreateJob.

        Raises:
            NotNowError: It may be repeated, with the same token.
            SweeperError: It may not.
        """
        if trouble.is_quota(error):
            self._learnt = max(1, self._held)
            self._try_more_at = time.monotonic() + _QUOTA_PAUSE_SECONDS
            raise NotNowError(
                "as many hybrid jobs run as the account may have", self._poll_seconds
            ) from error
        if trouble.is_transient(error):
            raise NotNowError(f"CreateJob: {error}", self._pace.failed()) from error
        with trouble.explained("Creating a hybrid job"):
            raise error

    @staticmethod
    def _handles(arn: str, batch: Batch) -> list[str]:
        """The job's ARN, followed by the place in the batch and its size where several share the job."""
        size = len(batch.submissions)
        return [arn] if size == 1 else [f"{arn}#{place}/{size}" for place in range(size)]
