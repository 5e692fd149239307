"""Commands as processes that can be killed: forked from a process that has imported everything already."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


class Victim(StrEnum):
    """Who is killed, always by SIGKILL."""

    ORCHESTRATOR = "orchestrator"
    WORKER = "a job's process"
    FORK_SERVER = "fork server"
    EVERYTHING = "orchestrator, fork server and jobs at once"


class Nursery:
    """Starts commands, and learns how every process ended that nobody else waits for.

    Processes whose parent was killed become children of this one (Linux's subreaper), so that it can be
    told whether such an orphan ended by itself or was killed.
    """

    def __init__(self) -> None:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self.exit_codes: dict[int, int] = {}
        """By process; that of a signal is its negative number."""

    def start(self, words: Sequence[str], directory: Path, log: Path) -> int:
        """Type a command of `sweeper`; its process leads a session of its own."""
        if pid := os.fork():
            return pid
        code = 99
        try:
            os.setsid()
            os.chdir(directory)
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            sys.argv = ["sweeper", *words]
            from sweeper.__main__ import main

            code = main()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def ended(self, pid: int) -> bool:
        """Whether a process that is or became our child has ended."""
        self.reap()
        return pid in self.exit_codes

    def reap(self) -> None:
        """Take note of all that have ended."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self.exit_codes[pid] = os.waitstatus_to_exitcode(status)

    def wait(self, pid: int, seconds: float = 600.0) -> int:
        """The exit code of a command."""
        deadline = time.monotonic() + seconds
        while not self.ended(pid):
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {pid} still runs after {seconds:.0f} s")
            time.sleep(0.002)
        return self.exit_codes[pid]


def workers_of(orchestrator: int) -> list[int]:
    """The processes of the jobs that a sweep runs."""
    return [worker for server in _servers_of(orchestrator) for worker in children_of(server)]


def kill(victim: Victim, orchestrator: int, rng: random.Random) -> bool:
    """Kill somebody of a running sweep; whether there was somebody to kill."""
    servers, workers = _servers_of(orchestrator), workers_of(orchestrator)
    pids = {
        Victim.ORCHESTRATOR: [orchestrator],
        Victim.WORKER: workers and [rng.choice(workers)],
        Victim.FORK_SERVER: servers,
        Victim.EVERYTHING: [orchestrator, *servers, *workers],
    }[victim]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def _servers_of(orchestrator: int) -> list[int]:
    return [child for child in children_of(orchestrator) if b"forkserver" in _command_line(child)]


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [
            int(child)
            for thread in Path(f"/proc/{pid}/task").iterdir()
            for child in (thread / "children").read_text().split()
        ]
    except OSError:  # it has ended meanwhile
        return []


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
