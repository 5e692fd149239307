"""A hybrid job's log, which Braket ships to CloudWatch while the job runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from sweeper.executors.aws import trouble
from sweeper.executors.aws.account import Account

_GROUP = "/aws/braket/jobs"
_MOST_LINES = 200_000


class LogReader:
    """Reads a job's log from the streams themselves, going on where it stopped.

    CloudWatch's Insights, which the SDK's `metrics()` asks, caps the lines and loses their order.
    """

    def __init__(self, account: Account, job: Mapping[str, Any]) -> None:
        """Read the log of `job`, Braket's description of it (GetJob)."""
        self._logs = account.logs
        identifier = str(job["jobArn"]).rpartition("/")[2]
        self._prefix = f"{job['jobName']}/{identifier}"
        self._tokens: dict[str, str] = {}

    def new_lines(self) -> Iterator[str]:
        """The lines that have come since the last time."""
        read = 0
        for stream in self._streams():
            while read < _MOST_LINES:
                after = {"nextToken": self._tokens[stream]} if stream in self._tokens else {}
                with trouble.explained("Reading the log"):
                    page = self._logs.get_log_events(
                        logGroupName=_GROUP, logStreamName=stream, startFromHead=True, **after
                    )
                events, token = page["events"], page["nextForwardToken"]
                for event in events:
                    yield str(event["message"]).rstrip("\n")
                read += len(events)
                if not events or token == self._tokens.get(stream):
                    self._tokens[stream] = token
                    break
                self._tokens[stream] = token

    def _streams(self) -> list[str]:
        """Names of the job's streams; one for each instance."""
        try:
            page = self._logs.describe_log_streams(logGroupName=_GROUP, logStreamNamePrefix=self._prefix)
        except ClientError as error:
            if trouble.code_of(error) == "ResourceNotFoundException":  # nothing has been logged yet
                return []
            with trouble.explained("Looking for the log"):
                raise
        return [str(stream["logStreamName"]) for stream in page["logStreams"]]
