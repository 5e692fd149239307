"""A hybrid job's log, which Braket ships to CloudWatch while the job runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from sweeper.executors.aws import trouble
from sweeper.executors.aws.account import Account

_GROUP = "/aws/braket/jobs"
_MOST_LINES = 200_000
_MOST_READINGS = 20
_READINGS_OF_NOTHING = 4


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
        self._read = 0
        self._cut = False

    def new_lines(self) -> Iterator[str]:
        """The lines that have come since the last time."""
        for stream in self._streams():
            while not self._cut:
                after = {"nextToken": self._tokens[stream]} if stream in self._tokens else {}
                with trouble.explained("Reading the log"):
                    page = self._logs.get_log_events(
                        logGroupName=_GROUP, logStreamName=stream, startFromHead=True, **after
                    )
                events, token = page["events"], page["nextForwardToken"]
                for event in events:
                    yield str(event["message"]).rstrip("\n")
                self._read += len(events)
                self._cut = self._read >= _MOST_LINES
                if not events or token == self._tokens.get(stream):
                    self._tokens[stream] = token
                    break
                self._tokens[stream] = token

    @property
    def complete(self) -> bool:
        """Whether all lines that CloudWatch has were read, and not only as many as are wanted at most."""
        return not self._cut

    def lines_until_quiet(self, quiet_seconds: float, sleep: Callable[[float], None]) -> Iterator[str]:
        """The lines, read again until nothing has come for so long: CloudWatch lags behind the job's end.

        A log of which nothing is there yet is waited for longer.
        """
        empty = True
        for again in range(_MOST_READINGS):
            came = False
            for line in self.new_lines():
                came, empty = True, False
                yield line
            if again and not came and (not empty or again >= _READINGS_OF_NOTHING):
                return
            sleep(quiet_seconds)

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
