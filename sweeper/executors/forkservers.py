"""The fork servers of a sweep: one for each source module, warm from batch to batch."""

from __future__ import annotations

import selectors
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweeper.executors.forkclient import ForkServerProcess
from sweeper.executors.imports import imports_of
from sweeper.spec import JobSpec

_MOST_SERVERS = 4
"""Fork servers beyond which idle ones are ended: each may hold all of Braket's SDK in memory."""


class ForkServers:
    """Starts, watches and ends jobs, each by the server of its source; servers start when they are needed."""

    def __init__(self) -> None:
        self._servers: dict[str, ForkServerProcess] = {}
        self._ready: set[ForkServerProcess] = set()
        self._of_job: dict[str, ForkServerProcess] = {}
        self._selector = selectors.DefaultSelector()

    @property
    def pids(self) -> list[int]:
        """Numbers of the servers' processes."""
        return [server.pid for server in self._servers.values()]

    def warm_up(self, spec: JobSpec) -> None:
        """Start a server for such a job, if there is none yet, and let it import what libraries it needs."""
        if not self._servers:
            self._new_server(spec).import_ahead(imports_of(spec.source.path))

    def start(self, job: str, spec: JobSpec, source: Path, how: Mapping[str, Any]) -> None:
        """Ask for a job's process.

        Args:
            job: The job's handle.
            spec: What it is.
            source: The folder where its source module is.
            how: The further fields of the request (`forkserver`).
        """
        server = self._servers.get(spec.source.snapshot_name) or self._new_server(spec)
        if server not in self._ready:
            self._ready.add(server)
            server.import_ahead(imports_of(source / spec.source.path.name), str(source))
        server.send({"op": "start", "id": job, "path": str(source), **how})
        self._of_job[job] = server

    def kill(self, job: str) -> None:
        """Ask for the end of a job, if it runs here."""
        if server := self._of_job.get(job):
            server.send({"op": "kill", "id": job})

    def receive(self) -> list[dict[str, Any]]:
        """All events that have arrived.

        Raises:
            SweeperError: A server has ended.
        """
        events = [event for server in self._servers.values() for event in server.receive()]
        for event in events:
            if event["event"] == "ended":
                self._of_job.pop(event["id"], None)
        return events

    def wait(self, seconds: float) -> None:
        """Sleep until a server reports something."""
        self._selector.select(seconds)

    def rest(self) -> None:
        """Stay ready for another batch, with no claim on the sweep's folder until then."""
        if self._of_job:
            self.close()
        for server in self._servers.values():
            server.send({"op": "rest"})

    def close(self) -> None:
        """End the servers and with them every job that still runs."""
        for key in list(self._servers):
            self._end(key)
        self._of_job.clear()

    def _new_server(self, spec: JobSpec) -> ForkServerProcess:
        if len(self._servers) >= _MOST_SERVERS:
            busy = set(self._of_job.values())
            for key in [key for key, server in self._servers.items() if server not in busy]:
                self._end(key)
        server = self._servers[spec.source.snapshot_name] = ForkServerProcess()
        self._selector.register(server, selectors.EVENT_READ)
        return server

    def _end(self, key: str) -> None:
        server = self._servers.pop(key)
        self._selector.unregister(server)
        self._ready.discard(server)
        server.close(idle=server not in self._of_job.values())
