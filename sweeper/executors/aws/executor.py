"""Hybrid jobs on Amazon Braket.

Every job costs one CreateJob, a share of the SearchJobs pages that tell how all of them stand, and one
GetJob at its end. Braket's SDK prepares the requests; its `AwsQuantumJob` is not used, because it has no
idempotent creation and fetches results through a file in the working directory, which is not safe for
more than one job at a time.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import boto3

from sweeper.errors import ConfigError, SweeperError
from sweeper.executors.aws import packing, trouble
from sweeper.executors.aws.account import Account, region_of
from sweeper.executors.aws.collect import Collector
from sweeper.executors.aws.pace import Clock, Pace
from sweeper.executors.aws.request import Requests
from sweeper.executors.aws.spending import SpendingLimits
from sweeper.executors.aws.tasks import TaskCounter
from sweeper.executors.aws.trouble import Outage, explained
from sweeper.executors.aws.watch import Patience, Watch
from sweeper.executors.base import (
    AccessLostError,
    Batch,
    NotNowError,
    OneByOne,
    RefusedError,
    Status,
    Unknown,
)
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.job.spec import JobSpec
from sweeper.job.tasks_seen import TasksSeen

_CREATING = "Creating a hybrid job"

_OFFLINE = "DeviceOfflineException"
"""The device was off line when the hybrid job was to be created, and may be back for the next attempt (Amazon
Braket API reference, errors of CreateJob)."""

_CREATE_BURST = 4
"""Just below Braket's quota for CreateJob: 5 at once (Amazon Braket quotas)."""

_LOG_QUIET_SECONDS = 5.0
"""A log is read again until nothing has come to it for so long: CloudWatch takes its time."""

_QUOTA_PAUSE_SECONDS = 60.0
"""After a refusal for too many jobs, how long until one more than run now is tried."""

_SEARCH_LAG_SECONDS = 60.0
"""For so long SearchJobs may not list a job that was created; not documented, taken generously."""

_COUNT_EVERY = 3
"""A job's quantum tasks are counted at every so many of the longest pauses between two looks at the jobs."""

_GETS_PER_CREATION = 4.5
"""Braket's quota for GetJob is five times that for CreateJob (Amazon Braket quotas)."""


class WrongPlaceError(AccessLostError):
    """The sweep's jobs are in another account or region than the one that is asked."""


def shared(status: Status | Unknown, handle: str) -> Status | Unknown:
    """The status of one of the jobs that share a hybrid job: each is billed its part."""
    if isinstance(status, Unknown):
        return status
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


class AwsExecutor(OneByOne):
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
        patience_seconds: float = 600.0,
        search_lag_seconds: float = _SEARCH_LAG_SECONDS,
        clock: Clock | None = None,
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
            patience_seconds: For how long a job is asked for that Braket does not know, before a person has
                to decide, and for how long AWS may be out of reach from the start.
            search_lag_seconds: For how long SearchJobs may not list a new job.
            clock: The time by which all this is measured.

        Raises:
            ConfigError: An option that is not possible.
        """
        for name, value in (("max_concurrent_jobs", max_concurrent_jobs), ("pack", pack)):
            if value is not None and value < 1:
                raise ConfigError(f"hydra.launcher.{name}={value} is not possible: it must be 1 or more.")
        for name, seconds in (
            ("poll_seconds", poll_seconds),
            ("creations_per_second", creations_per_second),
            ("patience_seconds", patience_seconds),
            ("search_lag_seconds", search_lag_seconds),
        ):
            if not 0 < seconds < math.inf:
                raise ConfigError(f"hydra.launcher.{name}={seconds} is not possible: it must be above 0.")
        self.batch_size = pack
        self._folder = folder
        self._options = _Options(region, profile, role_arn, bucket, kms_key_id)
        self._limit = max_concurrent_jobs
        self._learnt: int | None = None
        self._try_more_at = 0.0
        self._held = 0
        self._account_: Account | None = None
        self._not_configured: AccessLostError | None = None
        self._clock = clock = clock or Clock()
        self._pace = Pace(creations_per_second, _CREATE_BURST, clock)
        self._patience = Patience(
            patience_seconds, search_lag_seconds, creations_per_second * _GETS_PER_CREATION
        )
        self._outage = Outage(patience_seconds, clock.now)
        self._home: str | None = None
        """The region in which the sweep's jobs run, if some were handed over before."""
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
        if learnt is not None and self._clock.now() >= self._try_more_at:
            learnt += 1
        return min(limit for limit in (self._limit, learnt, 10_000) if limit is not None)

    @explained("Looking at a job")
    def check(self, spec: JobSpec) -> None:
        """Refuse what Braket would refuse: a device outside the region, a strange image or role."""
        region = region_of(spec.device, self._options.region, self._default_region)
        if region is not None and (known := self._account_in(region).region) != region:
            raise ConfigError(
                f"device.arn={spec.device} runs in {region}, others of the sweep in {known}: sweep them "
                "separately, one region each."
            )
        Requests.check(spec)

    @explained("Looking for the sweep's account")
    def enter(
        self, specs: Collection[JobSpec], handles: Collection[str], known: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """Compare the session's account and region with those where the sweep's jobs were handed over.

        Raises:
            WrongPlaceError: They differ; names both.
            AccessLostError: There are no valid credentials, no region, or no network.
        """
        places = {(region, account) for region, account in map(_place_of, handles)}
        if known:
            places.add((str(known["region"]), str(known["account"])))
        if not (specs or places):
            return {}
        for region, _ in sorted(places)[:1]:
            self._home = region
            self._account_in(region)
        for spec in specs:
            self.check(spec)
        here = self._account.region, self._account.number
        if elsewhere := places - {here}:
            region, account = min(elsewhere)
            raise WrongPlaceError(
                f"Jobs of this sweep that may still run are in account {account}, {region}; you are in "
                f"{self._account.words}, {here[0]}. Nothing was asked or started, and nothing counts as "
                f"lost: use credentials of account {account} (AWS_PROFILE, `sweeper resume DIR --profile …`, "
                "hydra.launcher.profile=…)."
            )
        return {"account": here[1], "region": here[0]}

    def news(self) -> list[str]:
        """That AWS does not answer, or does not allow a call that is done without."""
        return self._watch.news if self._watch is not None else self._outage.words

    def batch_key(self, spec: JobSpec) -> Hashable:
        """What packed jobs share: the hybrid job itself, and the source archive."""
        return packing.batch_key(spec)

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        """Whether to pack, and status and queues of the devices, as far as AWS can be asked."""
        remarks = []
        if proposal := packing.proposal(specs, self.batch_size):
            remarks.append(proposal)
        for arn in dict.fromkeys(spec.device for spec in specs):
            if arn.startswith("arn:"):
                try:
                    remarks.append(self._account.device_remark(arn))
                except SweeperError as error:
                    why = trouble.text_of(error.__cause__ or error)
                    remarks.append(f"Whether the devices are available is not known: {why}")
                    break
        return remarks

    @explained("Setting spending limits")
    def spending_limit(self, specs: Collection[JobSpec], usd: float | None) -> AbstractContextManager[None]:
        """Braket's own limit, for each QPU; it covers neither simulators nor instances."""
        limits = SpendingLimits(self._account_in, self._folder.spending_limits)
        return limits.set({spec.device for spec in specs}, usd)

    @explained(_CREATING)
    def submit(self, batch: Batch) -> list[str]:
        """One CreateJob, with a client token that makes a repetition harmless."""
        self._adopt_regions(batch)
        if (pause := self._pace.pause()) > 0:
            raise NotNowError("CreateJob's rate", pause, may_have_arrived=False)
        if self._requests is None:
            self._requests = Requests(self._account, self._folder, self._options.kms_key_id)
        try:
            request = self._requests.create_job(batch)
        except SweeperError as error:
            cause = error.__cause__
            if not isinstance(cause, Exception) or not trouble.is_transient(cause):
                raise
            self._outage.failed(cause)
            raise NotNowError(str(error), self._pace.failed(), may_have_arrived=False) from error
        try:
            self._pace.spend()
            response = self._account.braket.create_job(**request)
        except Exception as error:
            if trouble.code_of(error) == "ConflictException":
                return self._created_before(batch, error)
            self._judge(batch, error)
            if trouble.code_of(error) == _OFFLINE:
                raise RefusedError(f"{_CREATING}: {trouble.text_of(error)}", passing=True) from error
            raise
        self._pace.succeeded()
        self._outage.over()
        self._held += 1  # counted here too: several are created between two looks
        if self._learnt is not None:
            self._learnt = max(self._learnt, self._held)
        self._watcher.created(response["jobArn"], response)
        return self._handles(response["jobArn"], batch)

    @explained("Looking for a hybrid job")
    def find(self, batch: Batch) -> list[str] | Unknown:
        """The hybrid job that carries the batch's token as a tag; that there is none is never certain."""
        self._adopt_regions(batch)
        found = self._watcher.find(batch.token)
        return found if isinstance(found, Unknown) else self._handles(found, batch)

    @explained("Asking how the hybrid jobs stand")
    def poll(self, handles: Collection[str]) -> Mapping[str, Status | Unknown]:
        """What SearchJobs says, asked at most every few seconds and less often the longer nothing happens."""
        if not handles:
            return {}
        self._adopt_arn(next(iter(handles)))
        arns = {handle: handle.partition("#")[0] for handle in handles}
        statuses = self._watcher.look(set(arns.values()))
        self._held = sum(
            not (isinstance(status, Status) and status.state.finished) for status in statuses.values()
        )
        return {handle: shared(statuses[arn], handle) for handle, arn in arns.items()}

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
        self._clock.sleep(min(seconds, max(due, 0.01)))

    @explained("Fetching results")
    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        """Archives, logs and checkpoints, several jobs at once."""
        if finished:
            self._adopt_arn(next(iter(finished)))
        if self._collector is None:
            quiet = min(_LOG_QUIET_SECONDS, self._poll_seconds / 2)
            self._collector = Collector(self._account, self._watcher, quiet)
        return self._collector.collect(finished)

    @explained("Cancelling hybrid jobs")
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
            raise self._not_configured or AccessLostError(
                "No AWS region is set: set hydra.launcher.region or AWS_DEFAULT_REGION."
            )
        return self._account_

    @property
    def _watcher(self) -> Watch:
        if self._watch is None:
            self._watch = Watch(self._account, self._poll_seconds, self._patience, self._outage, self._clock)
        return self._watch

    @property
    def _default_region(self) -> str | None:
        return self._configured_region if self._home is None else self._home  # where the others are

    @cached_property
    def _configured_region(self) -> str | None:
        try:
            with explained("Reading the AWS configuration"):
                region = boto3.Session(profile_name=self._options.profile).region_name
        except AccessLostError as error:  # a plan needs neither profile nor region; whoever enters is told
            self._not_configured = error
            return None
        return None if region is None else str(region)

    def _adopt_regions(self, batch: Batch) -> None:
        for submission in batch.submissions:
            self.check(submission.spec)

    def _adopt_arn(self, handle: str) -> None:
        """A later process learns the region from the jobs it finds in the ledger."""
        self._account_in(_place_of(handle)[0])

    def _account_in(self, region: str) -> Account:
        """The sweep's account: in this region, if it is the first that a job names."""
        if self._account_ is None:
            options = self._options
            self._account_ = Account(region, options.profile, options.role_arn, options.bucket)
        return self._account_

    def _created_before(self, batch: Batch, error: Exception) -> list[str]:
        """The job that was created with this token by another request: the token was ours.

        Raises:
            NotNowError: SearchJobs does not list it yet.
            AccessLostError: It cannot be learnt which one it is.
        """
        found = self._watcher.find(batch.token)
        if not isinstance(found, Unknown):
            return self._handles(found, batch)
        if not found.lasting:
            raise NotNowError(f"{trouble.text_of(error)} ({found.why})", self._poll_seconds) from error
        numbers = ", ".join(str(submission.number) for submission in batch.submissions)
        raise AccessLostError(
            f"A hybrid job was created for job {numbers} before, and it cannot be learnt which one: "
            f"{trouble.text_of(error)}; {found.why}. It stays reserved. Allow braket:SearchJobs, use the "
            "role, bucket and image with which it was created, or look for its name in the console: "
            f"{batch.name}."
        ) from error

    def _judge(self, batch: Batch, error: Exception) -> None:
        """Learn from a refused or unanswered CreateJob.

        Raises:
            NotNowError: It may be repeated, with the same token.
            SweeperError: It may not.
        """
        said = trouble.text_of(error)
        if trouble.is_quota(error):
            self._outage.over()
            self._learnt = max(1, self._held)
            self._try_more_at = self._clock.now() + _QUOTA_PAUSE_SECONDS
            raise NotNowError(
                f"as many hybrid jobs run as the account may have ({said})",
                self._poll_seconds,
                may_have_arrived=False,
            ) from error
        if trouble.is_transient(error):
            unclear = trouble.is_unclear(error)
            if unclear:
                self._watcher.unanswered(batch.token)
            pause = self._pace.failed()
            self._outage.failed(error)
            raise NotNowError(f"CreateJob: {said}", pause, may_have_arrived=unclear) from error
        if trouble.is_denied(error) and self._watcher.news:
            raise AccessLostError(
                f"Neither CreateJob nor SearchJobs is allowed ({said}), so it cannot be learnt whether "
                f"{batch.name} was created: its jobs stay reserved. docs/aws.md has the smallest policy."
            ) from error

    @staticmethod
    def _handles(arn: str, batch: Batch) -> list[str]:
        """The job's ARN, followed by the place in the batch and its size where several share the job."""
        size = len(batch.submissions)
        return [arn] if size == 1 else [f"{arn}#{place}/{size}" for place in range(size)]


def _place_of(handle: str) -> tuple[str, str]:
    """Region and account of a handle, which begins with the hybrid job's ARN."""
    parts = handle.split(":")
    return parts[3], parts[4]
