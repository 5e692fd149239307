"""The CloudWatch log stream of a hybrid job."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .cloud import LOG_GROUP

_EVENTS_PER_PUT = 1000  # the service takes 10 000 events or 1 MiB at once


class LogStream:
    """Follows a log file and sends its lines as events."""

    def __init__(self, logs: Any, name: str, file: Path) -> None:
        """Create the stream.

        Args:
            logs: A CloudWatch Logs client.
            name: The stream's.
            file: What the job writes to.
        """
        self._logs = logs
        self._stream = {"logGroupName": LOG_GROUP, "logStreamName": name}
        self._file = file
        self._position = 0
        logs.create_log_stream(**self._stream)

    def send(self, *, end: bool = False) -> None:
        """Send the lines that are new.

        Args:
            end: Whether a last line without a line break is complete too.
        """
        if not self._file.exists() or self._file.stat().st_size == self._position:
            return
        with self._file.open("rb") as file:
            file.seek(self._position)
            text = file.read()
        if not end:
            text = text[: text.rfind(b"\n") + 1]
        self._position += len(text)
        now = int(time.time() * 1000)
        # An event must not be empty; log agents drop blank lines too.
        events = [
            {"timestamp": now, "message": line}
            for line in text.decode(errors="replace").splitlines()
            if line.strip()
        ]
        for start in range(0, len(events), _EVENTS_PER_PUT):
            self._logs.put_log_events(**self._stream, logEvents=events[start : start + _EVENTS_PER_PUT])
