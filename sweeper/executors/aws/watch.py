"""How all hybrid jobs of a sweep stand, for the price of one SearchJobs page per hundred jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sweeper.errors import SweeperError
from sweeper.executors.aws import trouble
from sweeper.executors.aws.account import Account
from sweeper.executors.aws.pace import Clock, Pace
from sweeper.executors.aws.request import TAG_TOKEN
from sweeper.executors.base import Status, Unknown
from sweeper.job.state import JobState

PASSING = {
    "CapacityError": "AWS had no instance of this type free",
    "InternalServerError": "the instance was lost, or the service failed",
}
"""What the reason of a failure begins with that may be over for the next attempt, and what it means (Amazon
SageMaker API reference, FailureReason of a training job; hybrid jobs pass it on)."""

_PAGE = 100
_FIRST_PAUSE = 2.0
_GROWTH = 1.5
_MARGIN = timedelta(seconds=10)
"""Between the date of an answer and the creation it speaks of; a job beyond it is asked for by name."""
_FORGOTTEN_AFTER = timedelta(days=6)
"""A hybrid job runs for five days at most, and is looked for no longer than this."""
_DENIALS = 3
"""At least so often GetJob must not know a job before it is taken for lost."""
_BURST_OF_GETS = 20
"""Just below Braket's quota for GetJob: 25 at once (Amazon Braket quotas)."""
_POSITIONS = 3
"""Of so many queued jobs the position in the queue is asked for."""


@dataclass(frozen=True)
class Patience:
    """How long AWS is given, in seconds.

    Attributes:
        unknown: For how long a job is asked for that GetJob does not know.
        lag: After how long SearchJobs, which is eventually consistent, lists every job.
        gets_per_second: GetJob calls a second.
    """

    unknown: float
    lag: float
    gets_per_second: float


@dataclass(frozen=True)
class _Denial:
    """GetJob does not know a job: since when, how often, in whose words."""

    since: float
    answers: int
    text: str


class Watch:
    """Asks Braket about the jobs, less and less often while nothing changes."""

    def __init__(
        self,
        account: Account,
        longest_pause: float,
        patience: Patience,
        outage: trouble.Outage,
        clock: Clock,
    ) -> None:
        self._account = account
        self._longest_pause = longest_pause
        self._patience = patience
        self._outage = outage
        self._now = clock.now
        self._gets = Pace(patience.gets_per_second, _BURST_OF_GETS, clock)
        self._pause = min(_FIRST_PAUSE, longest_pause)
        self._next_look = 0.0
        self._created_at: dict[str, datetime] = {}
        self._statuses: dict[str, Status] = {}
        self._described: dict[str, Mapping[str, Any]] = {}
        self._denials: dict[str, _Denial] = {}
        self._search_denied = ""
        self._asked_at: dict[str, float] = {}
        self._queued_since: dict[str, float] = {}
        self._sought: dict[str, tuple[float, float]] = {}
        """By token: since when a job is looked for, and when it may be looked for again."""

    def created(self, arn: str, response: Mapping[str, Any]) -> None:
        """Remember a new job, and when it was created by Braket's clock, which may not be ours."""
        date = response["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
        self._created_at[arn] = parsedate_to_datetime(date) if date else datetime.now(UTC)
        self._statuses[arn] = Status(JobState.QUEUED)
        self._soon()

    def look(self, arns: Collection[str]) -> Mapping[str, Status | Unknown]:
        """How these jobs stand by the latest look.

        Braket not knowing a job does not mean that there is none: its answers are eventually consistent, and
        another account's or region's jobs are not known either.

        Raises:
            AccessLostError: The credentials have expired, or AWS has not answered for too long.
        """
        open_ = {arn for arn in arns if not self._known_to_have_ended(arn)}
        if open_ and self._now() >= self._next_look:
            self._ask(open_)
        return {arn: self._answer(arn) for arn in arns}

    def _answer(self, arn: str) -> Status | Unknown:
        denial = self._denials.get(arn)
        if denial is None:
            return self._statuses.get(arn) or Unknown("Braket has not said yet how it stands")
        seconds = self._now() - denial.since
        return Unknown(
            f"Braket does not know it (GetJob, {denial.answers} times in {seconds:.0f} s: {denial.text})",
            denial.answers,
            lasting=denial.answers >= _DENIALS and seconds >= self._patience.unknown,
        )

    @property
    def news(self) -> list[str]:
        """What somebody who waits should know."""
        refused = [f"SearchJobs is refused ({self._search_denied}): each job is asked for by itself"]
        return [*(refused if self._search_denied else []), *self._outage.words]

    def due_in(self) -> float:
        """Seconds until asking again makes sense."""
        return self._next_look - self._now()

    def unanswered(self, token: str) -> None:
        """A CreateJob with this token was not answered just now: SearchJobs may not list its job yet."""
        self._sought[token] = (self._now(), 0.0)

    def find(self, token: str) -> str | Unknown:
        """ARN of the job of the last days with this token among its tags.

        Returns:
            Unknown while SearchJobs may not list it yet; lasting when it should, or may not be asked.
        """
        since, due = self._sought.get(token, (self._now(), 0.0))
        if self._now() >= due:
            begin = datetime.now(UTC) - _FORGOTTEN_AFTER
            try:
                for summary in trouble.patiently("Looking for a job", lambda: list(self._search(begin))):
                    if summary.get("tags", {}).get(TAG_TOKEN) == token:
                        arn = str(summary["jobArn"])
                        self._created_at[arn] = summary["createdAt"]
                        return arn
            except SweeperError as error:
                if not trouble.is_denied(error.__cause__):
                    raise
                self._search_denied = trouble.text_of(error.__cause__ or error)
            self._sought[token] = (since, self._now() + min(_FIRST_PAUSE, self._longest_pause))
        if self._search_denied:
            return Unknown(f"SearchJobs is refused ({self._search_denied})", 1, lasting=True)
        seconds = self._now() - since
        return Unknown(
            f"SearchJobs has not listed it for {seconds:.0f} s", 1, lasting=seconds >= self._patience.lag
        )

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
        self._next_look = min(self._next_look, self._now() + self._pause)

    def _ask(self, arns: Collection[str]) -> None:
        before = {arn: self._statuses.get(arn) for arn in arns}
        try:
            self._update(arns)
        except (ClientError, BotoCoreError) as error:
            # What is transient is asked again after the next pause; nothing is lost by waiting.
            if not trouble.is_transient(error):
                with trouble.explained("Asking how the hybrid jobs stand"):
                    raise
            self._outage.failed(error)
        else:
            self._outage.over()
        changed = any(self._statuses.get(arn) != status for arn, status in before.items())
        first = min(_FIRST_PAUSE, self._longest_pause)
        self._pause = first if changed else min(self._longest_pause, self._pause * _GROWTH)
        self._next_look = self._now() + max(self._pause, self._gets.pause())

    def _update(self, arns: Collection[str]) -> None:
        wanted = set(arns)
        # When a job was created that an earlier process has left is not known yet.
        longest_ago = datetime.now(UTC) - _FORGOTTEN_AFTER
        ended = []
        for summary in self._listed(min(self._created_at.get(arn, longest_ago) for arn in arns) - _MARGIN):
            arn = str(summary["jobArn"])
            if arn not in wanted:
                continue
            wanted.discard(arn)
            self._created_at[arn] = summary["createdAt"]
            state = state_of(summary["status"])
            if state.finished:
                ended.append(arn)  # only GetJob tells the reason and the billed time
            else:
                self._note(arn, Status(state, started_at=seconds_of(summary.get("startedAt"))))
            if not wanted:
                break
        self._ask_for_each(ended)
        # Not listed (yet), or nothing is: those first of which nothing has been heard for longest.
        self._ask_for_each(sorted(wanted, key=lambda arn: self._asked_at.get(arn, 0.0)))
        self._ask_for_positions(arns)

    def _listed(self, since: datetime) -> Iterable[Mapping[str, Any]]:
        """What SearchJobs lists, or nothing if it may not be asked."""
        if self._search_denied:
            return
        try:
            yield from self._search(since)
        except ClientError as error:
            if not trouble.is_denied(error):
                raise
            self._search_denied = trouble.text_of(error)

    def _ask_for_each(self, arns: Iterable[str]) -> None:
        """GetJob for each of them, as far as its rate allows; the rest is asked for the next time."""
        for arn in arns:
            if self._gets.pause() > 0:
                return
            self._gets.spend()
            self._asked_at[arn] = self._now()
            self._ask_for_one(arn)

    def _ask_for_positions(self, arns: Collection[str]) -> None:
        """Ask for the places in the queue of jobs that have been queued for long; SearchJobs has none."""
        now, every = self._now(), max(5.0, 3 * self._longest_pause)
        waiting = []
        for arn in arns:
            status = self._statuses.get(arn)
            if status is None or status.state is not JobState.QUEUED or arn in self._denials:
                self._queued_since.pop(arn, None)
            elif now - self._queued_since.setdefault(arn, now) >= every:
                waiting.append(arn)
        waiting.sort(key=lambda arn: self._queued_since[arn])
        self._ask_for_each(
            arn for arn in waiting[:_POSITIONS] if now - self._asked_at.get(arn, -every) >= every
        )

    def _note(self, arn: str, status: Status) -> None:
        """Take in how a job stands; of its place in the queue the last one heard of counts."""
        before = self._statuses.get(arn)
        if status.state is JobState.QUEUED and status.reason is None and before is not None:
            status = replace(status, reason=before.reason)
        self._denials.pop(arn, None)
        self._statuses[arn] = status

    def _ask_for_one(self, arn: str) -> None:
        """GetJob."""
        try:
            job = self._account.braket.get_job(jobArn=arn, additionalAttributeNames=["QueueInfo"])
        except ClientError as error:
            if trouble.code_of(error) != "ResourceNotFoundException":
                raise
            known = self._denials.get(arn, _Denial(self._now(), 0, ""))
            self._denials[arn] = _Denial(known.since, known.answers + 1, trouble.text_of(error))
            return
        self._created_at[arn] = job["createdAt"]
        if state_of(job["status"]).finished:
            self._described[arn] = job
        self._note(
            arn,
            Status(
                state_of(job["status"]),
                _reason(job),
                started_at=seconds_of(job.get("startedAt")),
                ended_at=seconds_of(job.get("endedAt")),
                billed_seconds=_billed(job),
                passing=job["status"] == "FAILED" and str(_reason(job)).startswith(tuple(PASSING)),
            ),
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
