"""The fork servers of a sweep: one for each source module, warm from batch to batch."""

from __future__ import annotations

import json
import os
import secrets
import selectors
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sweeper.contract.outcome import log_tail
from sweeper.errors import ConfigError
from sweeper.executors.aws_refused import RefusedAws
from sweeper.executors.forkclient import ForkServerProcess
from sweeper.executors.imports import imports_of_source
from sweeper.folder.orphans import end_processes, mark
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec

ALLOW_AWS = (
    "set hydra.launcher.allow_aws=true to let the jobs of this sweep use your AWS credentials, at your cost, "
    "which no plan and no budget counts"
)
"""How a person lets jobs on this machine call AWS."""

_LONGEST_ANSWER = 300.0
"""Seconds that a source may take to say what its jobs will ask of their devices."""

_MOST_SERVERS = 4
"""Fork servers beyond which idle ones are ended: each may hold all of Braket's SDK in memory."""


class ForkServers:
    """Starts, watches and ends jobs, each by the server of its source; servers start when they are needed."""

    def __init__(self, root: Path, *, allow_aws: bool = False, way_out: str = ALLOW_AWS) -> None:
        """Start nothing yet.

        Args:
            root: The sweep's folder, with whose name their processes are marked.
            allow_aws: Leave the jobs the AWS credentials and settings of this process.
            way_out: Where that is not allowed, what a person is told who wants it.
        """
        self._root = root
        self._allow_aws = allow_aws
        self._way_out = way_out
        self._refused_aws: RefusedAws | None = None
        self._servers: dict[str, ForkServerProcess] = {}
        self._marks: dict[ForkServerProcess, dict[str, str]] = {}
        self._ready: set[ForkServerProcess] = set()
        self._import_nothing: set[str] = set()
        """Sources with which a server has died: it may have been what was imported for them."""
        self._of_job: dict[str, ForkServerProcess] = {}
        self._kept: list[dict[str, Any]] = []
        """Events that arrived while a source was asked, for whoever receives next."""
        self._selector = selectors.DefaultSelector()

    @property
    def pids(self) -> list[int]:
        """Numbers of the servers' processes."""
        return [server.pid for server in self._servers.values()]

    def warm_up(self, source: Source, module: Path) -> None:
        """Start a server for a source's jobs, if there is none yet, and let it import their libraries.

        Args:
            source: The jobs' source.
            module: Its module, or a copy of it.
        """
        if not self._servers:
            self._warm_server(source, module)

    def ask(self, source: Source, function: str, questions: Sequence[Mapping[str, str]]) -> list[Any]:
        """What the source answers to each set of hyperparameters, in a process such as its jobs have.

        Args:
            source: The source.
            function: `module:function` of it.
            questions: The hyperparameters of one job each, with the texts of those that travel as files.

        Returns:
            As `hybrid_job.answer`.

        Raises:
            ConfigError: The process has ended, or was ended, without an answer.
        """
        server = self._servers.get(source.snapshot_name) or self._warm_server(source, source.path)
        with TemporaryDirectory(prefix="sweeper-asks-") as folder:
            scratch = Path(folder)
            files = {name: str(scratch / name) for name in ("questions", "answers", "log", "exit")}
            (scratch / "questions").write_text(json.dumps(list(questions)), encoding="utf-8")
            question = f"question-{secrets.token_hex(4)}"
            server.send(
                {
                    "op": "ask",
                    "id": question,
                    "function": function,
                    **files,
                    "path": str(source.path.parent),
                    "start_in": folder,
                    "seconds": _LONGEST_ANSWER,
                }
            )
            self._of_job[question] = server
            while question in self._of_job:
                self.wait(_LONGEST_ANSWER)
                self._kept += self.receive()
            ends = [event for event in self._kept if event["id"] == question]
            self._kept = [event for event in self._kept if event["id"] != question]
            try:
                return list(json.loads((scratch / "answers").read_bytes()))
            except (OSError, ValueError):
                why = ends[-1].get("why") or ends[-1].get("stopped_because") or "its process ended"
                raise ConfigError(
                    f"{function} of {source.path} gave no answer ({why}). {log_tail(scratch / 'log')}".strip()
                ) from None

    def start(self, job: str, spec: JobSpec, source: Path, how: Mapping[str, Any]) -> None:
        """Ask for a job's process.

        Args:
            job: The job's handle.
            spec: What it is.
            source: The folder where its source module can be imported ahead, which no job writes into.
            how: The further fields of the request (`forkserver`).
        """
        name = spec.source.snapshot_name
        server = self._servers.get(name) or self._new_server(spec.source)
        if server not in self._ready and name not in self._import_nothing:
            self._ready.add(server)
            imports = imports_of_source(spec.source, source / spec.source.path.name)
            server.import_ahead(imports, str(source))
        environment = {**self._credentials(job), **how["env"]}
        server.send({"op": "start", "id": job, **how, "env": environment})
        self._of_job[job] = server

    def kill(self, job: str) -> None:
        """Ask for the end of a job, if it runs here."""
        if server := self._of_job.get(job):
            server.send({"op": "kill", "id": job})

    def said_of_aws(self, job: str) -> str | None:
        """With which words a call to AWS was refused to a job; nothing if there was none."""
        return self._refused_aws.said_to(_caller(job)) if self._refused_aws else None

    def receive(self) -> list[dict[str, Any]]:
        """All events that have arrived.

        A server that has ended unexpectedly is given up, and all that its jobs have started is ended; each of
        these jobs is told of by `{"event": "lost", "id": …, "why": …}`. The next job gets a new server.
        """
        events, self._kept = self._kept, []
        for key, server in list(self._servers.items()):
            events += server.receive()
            if server.died is not None:
                events += self._lose(key, server.died)
        for event in events:
            if event.get("event") in ("ended", "lost"):
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
        if self._refused_aws:
            self._refused_aws.close()
            self._refused_aws = None

    def _lose(self, key: str, why: str) -> list[dict[str, Any]]:
        """Give up a server that has ended; its jobs have ended with it, or are ended now."""
        server = self._servers[key]
        jobs = [job for job, its in self._of_job.items() if its is server]
        left = self._marks[server]
        self._import_nothing.add(key)
        self._end(key)
        end_processes(left)
        return [{"event": "lost", "id": job, "why": why} for job in jobs]

    def _environment(self) -> dict[str, str]:
        if self._allow_aws:
            return dict(os.environ)
        if self._refused_aws is None:
            self._refused_aws = RefusedAws(self._way_out)
        return self._refused_aws.environment(os.environ)

    def _credentials(self, job: str) -> dict[str, str]:
        return self._refused_aws.credentials(_caller(job)) if self._refused_aws else {}

    def _warm_server(self, source: Source, module: Path) -> ForkServerProcess:
        server = self._new_server(source)
        server.import_ahead(imports_of_source(source, module))
        return server

    def _new_server(self, source: Source) -> ForkServerProcess:
        if len(self._servers) >= _MOST_SERVERS:
            busy = set(self._of_job.values())
            for key in [key for key, server in self._servers.items() if server not in busy]:
                self._end(key)
        marked = mark(self._root)
        server = ForkServerProcess({**self._environment(), **marked})
        self._servers[source.snapshot_name] = server
        self._marks[server] = marked
        self._selector.register(server, selectors.EVENT_READ)
        return server

    def _end(self, key: str) -> None:
        server = self._servers.pop(key)
        self._selector.unregister(server)
        self._ready.discard(server)
        del self._marks[server]
        server.close(idle=server not in self._of_job.values())


def _caller(job: str) -> str:
    """A job's handle as an access key, which has no slash."""
    return f"hybrid-job-{job.replace('/', '-')[:24]}"
