"""The orchestrator's end of a fork server."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from typing import IO, Any

from sweeper.errors import SweeperError
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
    """A fork server in a process of its own, which ends with this one."""

    def __init__(self) -> None:
        self._buffer = b""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", forkserver.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
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
        """All events that have arrived.

        Raises:
            SweeperError: The process has ended.
        """
        while data := self._events.read():
            self._buffer += data
        if data == b"":
            raise self._died()
        *lines, self._buffer = self._buffer.split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self, *, idle: bool) -> None:
        """End the process and with it every job that still runs; an idle one has none."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        if not idle:  # one that is has nothing to tidy up, and may not have warmed up yet
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
        _end(self._process, self._errors)

    def _died(self) -> SweeperError:
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()[-2000:]
        return SweeperError(
            f"The process that starts the jobs ended unexpectedly (exit code {self._process.poll()}): "
            f"{said or 'it said nothing; the machine may have run out of memory'}. "
            "Run the same command again: finished jobs are kept."
        )


def _end(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """End the process, if it still runs, and what connects us."""
    process.kill()
    process.wait()
    for file in (process.stdin, process.stdout, errors):
        with contextlib.suppress(BrokenPipeError):
            if file:
                file.close()
