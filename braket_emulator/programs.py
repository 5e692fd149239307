"""What runs on a job's instance: its source in a container process, or a stub."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from . import container
from .clock import Clock
from .settings import StubProgram

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class JobFolder:
    """The container's `/opt/braket` and beside it what the service sees of it."""

    root: Path

    @property
    def source(self) -> Path:
        """The unpacked source module, the program's working folder."""
        return self.root / "opt/braket/code/customer_code/extracted"

    @property
    def results(self) -> Path:
        """What becomes model.tar.gz."""
        return self.root / "opt/braket/model"

    @property
    def input_data(self) -> Path:
        """Input data, a folder for each channel."""
        return self.root / "opt/braket/input/data"

    @property
    def hyperparameters(self) -> Path:
        """A flat JSON object of texts."""
        return self.root / "opt/braket/input/config/hyperparameters.json"

    @property
    def failure(self) -> Path:
        """What the program leaves to be the failure reason."""
        return self.root / "opt/ml/output/failure"

    @property
    def log(self) -> Path:
        """Standard output and error."""
        return self.root / "log"

    def inside(self, path: str) -> Path:
        """A path of the container, out here."""
        return self.root / path.lstrip("/")

    def create(self) -> None:
        """Make the folders that a container has at its start."""
        for folder in (self.source, self.results, self.input_data, self.hyperparameters.parent):
            folder.mkdir(parents=True)
        self.failure.parent.mkdir(parents=True)


@dataclass(frozen=True)
class Start:
    """What is started.

    Attributes:
        on_end: Called once when the program has ended, from any thread.
    """

    job_id: str
    folder: JobFolder
    entry_point: str
    hyperparameters: Mapping[str, str]
    environment: Mapping[str, str]
    on_end: Callable[[], None]


class Running(Protocol):
    """A started program."""

    exit_code: int | None

    def kill(self) -> None:
        """End it with all that it has started; `on_end` follows."""


class Programs(Protocol):
    """A way of running jobs' programs."""

    def start(self, start: Start) -> Running:
        """Start one."""

    def close(self) -> None:
        """End everything."""


class Containers:
    """Runs programs in processes forked from `container.py`."""

    def __init__(self) -> None:
        environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        self._server = subprocess.Popen(
            [sys.executable, "-P", container.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment | dict.fromkeys(_ONE_THREAD, "1"),
        )
        self._running: dict[str, _Container] = {}
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read_reports, daemon=True)
        self._reader.start()

    def start(self, start: Start) -> Running:
        """Fork a child that becomes the job."""
        running = _Container(start, self)
        with self._lock:
            self._running[start.job_id] = running
        folder = start.folder
        self.send(
            {
                "start": start.job_id,
                "entry_point": start.entry_point,
                "root": str(folder.root / "opt/braket/code"),
                "source": str(folder.source),
                "log": str(folder.log),
                "failure": str(folder.failure),
                "environment": dict(start.environment),
            }
        )
        return running

    def send(self, request: Mapping[str, Any]) -> None:
        """Ask something of the server."""
        assert self._server.stdin is not None
        with self._lock:
            self._server.stdin.write(json.dumps(request) + "\n")
            self._server.stdin.flush()

    def close(self) -> None:
        """End the server and with it every job."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._server.stdin.close()
        self._server.wait()
        self._reader.join()
        self._server.stdout.close()

    def _read_reports(self) -> None:
        assert self._server.stdout is not None
        for line in self._server.stdout:
            report = json.loads(line)
            with self._lock:
                running = self._running.pop(report["ended"])
            running.end(report["exit_code"])
        # The server is gone, and with it its children's parent.
        for running in self._running.values():
            running.end(-signal.SIGKILL)


class _Container:
    """A job's process."""

    def __init__(self, start: Start, server: Containers) -> None:
        self.exit_code: int | None = None
        self._start = start
        self._server = server

    def kill(self) -> None:
        self._server.send({"kill": self._start.job_id})

    def end(self, exit_code: int) -> None:
        self.exit_code = exit_code
        self._start.on_end()


class Stubs:
    """Computes outcomes instead of running programs."""

    def __init__(self, program: StubProgram, clock: Clock) -> None:
        self._program = program
        self._clock = clock

    def start(self, start: Start) -> Running:
        """Let time pass."""
        return _Stub(start, self._program, self._clock)

    def close(self) -> None:
        """Nothing is left: each stub ends with its job."""


class _Stub:
    """A program that only takes time."""

    def __init__(self, start: Start, program: StubProgram, clock: Clock) -> None:
        self.exit_code: int | None = None
        self._start = start
        self._program = program
        self._call_off = clock.later(program.runtime_seconds, self._finish)

    def kill(self) -> None:
        self._call_off()  # which waits, as it may be finishing just now
        if self.exit_code is None:
            self._end(-signal.SIGKILL)

    def _finish(self) -> None:
        folder = self._start.folder
        try:
            outcome = self._program.outcome(self._start.hyperparameters)
        except Exception as error:
            with folder.log.open("a") as log:
                log.write(traceback.format_exc())
            folder.failure.write_text(f"{type(error).__name__}: {error}")
            self._end(1)
            return
        saved = {
            "braketSchemaHeader": {"name": "braket.jobs_data.persisted_job_data", "version": "1"},
            "dataDictionary": dict(outcome),
            "dataFormat": "plaintext",
        }
        (folder.results / "results.json").write_text(json.dumps(saved))
        self._end(0)

    def _end(self, exit_code: int) -> None:
        self.exit_code = exit_code
        self._start.on_end()
