"""The orchestrator's end of a fork server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from typing import IO, Any

from sweeper.executors import forkserver
from sweeper.executors.imports import Imports

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


class ForkServerProcess:
    """A fork server in a process of its own, which ends with this one.

    Attributes:
        died: Why it has ended, if it has without having been asked to.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start one.

        Args:
            environment: Its environment, and that of its jobs before their own variables are added.
        """
        self.died: str | None = None
        self._buffer = b""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", forkserver.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**environment, **dict.fromkeys(_ONE_THREAD, "1")},
            # Ctrl-C reaches the orchestrator alone, which then ends the jobs in order.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._events = self._process.stdin, self._process.stdout
        # One that got ready for jobs that were refused has nobody to close it.
        weakref.finalize(self, _end, self._process, self._errors)
        os.set_blocking(self._events.fileno(), False)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def fileno(self) -> int:
        """The descriptor that becomes readable when there are events."""
        return self._events.fileno()

    def import_ahead(self, imports: Imports, path: str | None = None) -> None:
        """Import libraries and, if `path` is where the source is, the source's own modules."""
        own = imports.own if path else ()
        self.send({"op": "import", "libraries": imports.libraries, "path": path, "own": own})

    def send(self, request: Mapping[str, Any]) -> None:
        """Make a request; if the process has ended, which is no fault of the request's, `receive` says so."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()

    def receive(self) -> list[dict[str, Any]]:
        """All events that have arrived; the last ones if the process has `died`.

        What is no event is passed over: a job of the same user can find the pipe and write into it.
        """
        while data := self._events.read():
            self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        if data == b"" and self.died is None:
            self.died = self._how_it_died()
        return [event for line in lines if (event := _event(line)) is not None]

    def close(self, *, idle: bool) -> None:
        """End the process and with it every job that still runs; an idle one has none."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        if not idle:  # one that is has nothing to tidy up, and may not have warmed up yet
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
        _end(self._process, self._errors)

    def _how_it_died(self) -> str:
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # a job has closed our pipe for it, which is as good as dead
            self._process.kill()
            code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()[-2000:]
        how = signal_name(-code) if code < 0 else f"exit code {code}"
        return f"{how}: {said or 'it said nothing; the machine may have run out of memory'}"


def signal_name(number: int) -> str:
    """A signal's name; those without one of their own have numbers (signal(7), real-time signals)."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("id"), str) else None


def _end(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """End the process, if it still runs, and what connects us."""
    process.kill()
    process.wait()
    for file in (process.stdin, process.stdout, errors):
        with contextlib.suppress(BrokenPipeError):
            if file:
                file.close()
