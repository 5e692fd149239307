"""Jobs in containers: each is a local job whose work is to run one container and wait for it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from sweeper.errors import ConfigError
from sweeper.executors.aws_refused import refusal
from sweeper.executors.base import Batch, SelfContained, Status
from sweeper.executors.forkservers import ALLOW_AWS
from sweeper.executors.local import LocalExecutor
from sweeper.folder.layout import JobFolder, SweepFolder, write_atomically
from sweeper.job.source import Source, read_source
from sweeper.job.spec import JobSpec

_DRIVER = Path(__file__).parent / "driver" / "docker_driver.py"
_ENTRY_POINT = "docker_driver:main"


class DockerExecutor(SelfContained):
    """Runs jobs in Braket's container on this machine, `n_jobs` at a time."""

    paid = False
    outlives_us = False
    batch_size = 1

    def __init__(self, folder: SweepFolder, *, n_jobs: int | None = 1, allow_aws: bool = False) -> None:
        """See that there is a Docker engine.

        Args:
            folder: The sweep's folder.
            n_jobs: Containers at a time.
            allow_aws: Whether the containers get AWS credentials. What starts them needs and has them.

        Raises:
            ConfigError: There is none; says what is needed.
        """
        _see_docker()
        self._sources = folder.sources
        self._allow_aws = allow_aws
        self._local = LocalExecutor(folder, n_jobs=n_jobs, memory_gib=None, allow_aws=True)

    @property
    def words(self) -> str:
        """Where jobs run, for people."""
        return f"in Docker containers on this machine, {self.concurrency} at a time"

    @property
    def concurrency(self) -> int:
        """Containers at a time."""
        return self._local.concurrency

    def check(self, spec: JobSpec) -> None:
        """Refuse devices whose quantum tasks are paid for, and input data."""
        self._local.check(replace(spec, source=_driver(), entry_point=_ENTRY_POINT))
        if spec.input_data:
            raise ConfigError(
                "job.input_data is not passed on by hydra/launcher=braket_docker: use braket_local."
            )

    def batch_key(self, spec: JobSpec) -> Hashable:
        """Every job has a container of its own."""
        return self._local.batch_key(spec)

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        """Nothing: a container on this machine costs nothing."""
        del specs
        return []

    def submit(self, batch: Batch) -> list[str]:
        """Start the process that runs the job's container."""
        (submission,) = batch.submissions
        spec, folder = submission.spec, submission.folder
        source = spec.source.snapshot(self._sources)
        channel = folder.input / "docker"
        description = {
            "device": spec.device,
            "source_module": str((source / spec.source.path.name).absolute()),
            "entry_point": spec.entry_point,
            "hyperparameters": dict(spec.hyperparameters),
            "image_uri": spec.image_uri,
            "refusal": None if self._allow_aws else refusal(ALLOW_AWS, None),
        }
        write_atomically(channel / "job.json", json.dumps(description).encode())
        for name, content in spec.input_files.items():
            write_atomically(channel / "files" / name, content.encode())
        driver = replace(spec, source=_driver(), entry_point=_ENTRY_POINT, input_files={"job": "see docker/"})
        return self._local.submit(replace(batch, submissions=(replace(submission, spec=driver),)))

    def find(self, batch: Batch) -> list[str] | None:
        """A job that an earlier process brought to its end."""
        return self._local.find(batch)

    def poll(self, handles: Collection[str]) -> Mapping[str, Status]:
        """How the containers' processes stand."""
        return self._local.poll(handles)

    def wait(self, seconds: float) -> None:
        """Sleep until one of them ends."""
        self._local.wait(seconds)

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        """Tidy up."""
        return self._local.fetch(finished)

    def cancel(self, handles: Collection[str]) -> None:
        """Kill the processes."""
        self._local.cancel(handles)

    def __enter__(self) -> Self:
        """Use the executor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""
        self._local.__exit__(kind, error, trace)


def _driver() -> Source:
    return read_source(_DRIVER, _ENTRY_POINT)


def _see_docker() -> None:
    needs = (
        "hydra/launcher=braket_docker runs Braket's LocalQuantumJob, which needs the docker command, a "
        "running Docker engine, and AWS credentials (for the image, the role and S3)"
    )
    instead = "Without them hydra/launcher=braket_local runs the same code as a process."
    docker = shutil.which("docker")
    if docker is None:
        raise ConfigError(f"{needs}: there is no docker command here. {instead}")
    try:
        answer = subprocess.run(
            [docker, "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{needs}: the docker command does not answer ({error}). {instead}") from error
    if answer.returncode:
        raise ConfigError(f"{needs}: no Docker engine answers ({answer.stderr.strip()}). {instead}")
