"""How all hybrid jobs of a sweep stand, for the price of one SearchJobs page per hundred jobs."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sweeper.executors.aws import trouble
from sweeper.executors.aws.account import Account
from sweeper.executors.aws.request import TAG_TOKEN
from sweeper.executors.base import Status
from sweeper.states import JobState

_PAGE = 100
_FIRST_PAUSE = 2.0
_GROWTH = 1.5
_MARGIN = timedelta(seconds=10)
"""Between the date of an answer and the creation it speaks of; a job beyond it is asked for by name."""
_FORGOTTEN_AFTER = timedelta(days=6)
"""A hybrid job runs for five days at most, and is looked for no longer than this."""


class Watch:
    """Asks Braket about the jobs, less and less often while nothing changes."""

    def __init__(self, account: Account, longest_pause: float) -> None:
        self._account = account
        self._longest_pause = longest_pause
        self._pause = min(_FIRST_PAUSE, longest_pause)
        self._next_look = 0.0
        self._created_at: dict[str, datetime] = {}
        self._statuses: dict[str, Status] = {}
        self._described: dict[str, Mapping[str, Any]] = {}
        self._denied: set[str] = set()

    def created(self, arn: str, response: Mapping[str, Any]) -> None:
        """Remember a new job, and when it was created by Braket's clock, which may not be ours."""
        date = response["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
        self._created_at[arn] = parsedate_to_datetime(date) if date else datetime.now(UTC)
        self._statuses[arn] = Status(JobState.QUEUED)
        self._soon()

    def look(self, arns: Collection[str]) -> Mapping[str, Status]:
        """How these jobs stand by the latest look; only a job that Braket denies to know is missing.

        Raises:
            CredentialsError: The credentials have expired.
        """
        open_ = {arn for arn in arns if not self._known_to_have_ended(arn)}
        if open_ and time.monotonic() >= self._next_look:
            self._ask(open_)
        unasked = Status(JobState.QUEUED)
        return {arn: self._statuses.get(arn, unasked) for arn in arns if arn not in self._denied}

    def due_in(self) -> float:
        """Seconds until asking again makes sense."""
        return self._next_look - time.monotonic()

    def find(self, token: str) -> str | None:
        """ARN of the job of the last days with this token among its tags; none if there is none."""
        since = datetime.now(UTC) - _FORGOTTEN_AFTER
        for summary in trouble.patiently("Looking for a job", lambda: list(self._search(since))):
            if summary.get("tags", {}).get(TAG_TOKEN) == token:
                arn = str(summary["jobArn"])
                self._created_at[arn] = summary["createdAt"]
                return arn
        return None

    def description(self, arn: str) -> Mapping[str, Any]:
        """Braket's description of a job that has ended (GetJob), asked for once."""
        known = self._described.pop(arn, None)
        ask = partial(self._account.braket.get_job, jobArn=arn)
        return known or trouble.patiently(f"Asking for {arn}", ask)

    def cancel(self, arn: str) -> None:
        """Ask Braket to end a job; one that has ended already is left alone."""
        trouble.patiently(f"Cancelling {arn}", lambda: self._cancel(arn))
        self._soon()

    def _cancel(self, arn: str) -> None:
        try:
            self._account.braket.cancel_job(jobArn=arn)
        except ClientError as error:
            if trouble.code_of(error) not in {"ConflictException", "ResourceNotFoundException"}:
                raise

    def _known_to_have_ended(self, arn: str) -> bool:
        status = self._statuses.get(arn)
        return status is not None and status.state.finished

    def _soon(self) -> None:
        self._pause = min(_FIRST_PAUSE, self._longest_pause)
        self._next_look = min(self._next_look, time.monotonic() + self._pause)

    def _ask(self, arns: Collection[str]) -> None:
        before = {arn: self._statuses.get(arn) for arn in arns}
        try:
            self._update(arns)
        except (ClientError, BotoCoreError) as error:
            # What is transient is asked again after the next pause; nothing is lost by waiting.
            if not trouble.is_transient(error):
                with trouble.explained("Asking how the hybrid jobs stand"):
                    raise
        changed = any(self._statuses.get(arn) != status for arn, status in before.items())
        first = min(_FIRST_PAUSE, self._longest_pause)
        self._pause = first if changed else min(self._longest_pause, self._pause * _GROWTH)
        self._next_look = time.monotonic() + self._pause

    def _update(self, arns: Collection[str]) -> None:
        unseen = {arn for arn in arns if arn not in self._created_at}
        for arn in unseen:  # left by an earlier process: ask once, which also tells when it was created
            self._ask_for_one(arn)
        wanted = {arn for arn in arns if arn in self._created_at and not self._known_to_have_ended(arn)}
        if not wanted:
            return
        since = min(self._created_at[arn] for arn in wanted) - _MARGIN
        for summary in self._search(since):
            arn = str(summary["jobArn"])
            if arn not in wanted:
                continue
            wanted.discard(arn)
            state = state_of(summary["status"])
            if state.finished:
                self._ask_for_one(arn)  # only GetJob tells the reason and the billed time
            else:
                self._statuses[arn] = Status(state, started_at=seconds_of(summary.get("startedAt")))
            if not wanted:
                return
        for arn in wanted:  # not listed (yet): ask for it by name
            self._ask_for_one(arn)

    def _ask_for_one(self, arn: str) -> None:
        """GetJob."""
        try:
            job = self._account.braket.get_job(jobArn=arn, additionalAttributeNames=["QueueInfo"])
        except ClientError as error:
            if trouble.code_of(error) != "ResourceNotFoundException":
                raise
            self._denied.add(arn)
            return
        self._created_at[arn] = job["createdAt"]
        if state_of(job["status"]).finished:
            self._described[arn] = job
        self._statuses[arn] = Status(
            state_of(job["status"]),
            _reason(job),
            started_at=seconds_of(job.get("startedAt")),
            ended_at=seconds_of(job.get("endedAt")),
            billed_seconds=_billed(job),
        )

    def _search(self, since: datetime) -> Any:
        """Summaries of the account's jobs created since then, page by page."""
        token: str | None = None
        filters = [{"name": "createdAt", "operator": "GTE", "values": [since.astimezone(UTC).isoformat()]}]
        while True:
            more = {"nextToken": token} if token else {}
            page = self._account.braket.search_jobs(filters=filters, maxResults=_PAGE, **more)
            yield from page["jobs"]
            token = page.get("nextToken")
            if not token:
                return


def state_of(status: str) -> JobState:
    """Our word for Braket's status of a hybrid job; a job that is being cancelled still runs."""
    return JobState.RUNNING if status == "CANCELLING" else JobState(status)


def seconds_of(moment: datetime | None) -> float | None:
    """A boto3 time in seconds since the epoch."""
    return None if moment is None else moment.timestamp()


def _billed(job: Mapping[str, Any]) -> float | None:
    """Seconds for which the instance is billed; none if that is not known (yet)."""
    if "billableDuration" not in job:
        return 0.0 if "startedAt" not in job else None
    billed = float(job["billableDuration"])
    # The API reference gives no unit. The job's own times tell seconds from milliseconds.
    ran = (job["endedAt"] - job["startedAt"]).total_seconds() if {"startedAt", "endedAt"} <= set(job) else 0.0
    return billed / 1000 if billed > 100 * max(ran, 60.0) else billed


def _reason(job: Mapping[str, Any]) -> str | None:
    """Why a job failed, or what it waits for."""
    if job["status"] == "FAILED":
        events = [event.get("eventType") for event in job.get("events", [])]
        if "MAX_RUNTIME_EXCEEDED" in events:
            return "stopped by job.max_runtime_seconds"
        return str(job.get("failureReason") or "failed without a reason; see its log")
    if job["status"] == "CANCELLED":
        return "cancelled"
    queue = job.get("queueInfo") or {}
    return f"position {queue['position']} in the queue" if job["status"] == "QUEUED" and queue else None
