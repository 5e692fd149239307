"""Braket's LocalQuantumJob, unmodified, with a docker command whose containers are folders."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeper.contract import hybrid_job
from sweeper.errors import ConfigError
from sweeper.executors.docker import DockerExecutor
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState

from .conftest import Kind, Place, emulated_aws, opened
from .fake_docker import DOCKER


@pytest.fixture
def containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts the docker command on the path; returns where its containers are."""
    root = tmp_path / "containers"
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER.format(python=sys.executable, root=str(root), contract=hybrid_job.__file__))
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}{os.pathsep}{os.environ['PATH']}")
    return root


@pytest.fixture
def docker_place(tmp_path: Path, containers: Path) -> Iterator[Place]:
    with opened(Kind(DockerExecutor, emulated_aws), tmp_path) as place:
        yield place
    # Every container was stopped and removed.
    assert list(containers.iterdir()) == []


def test_jobs_run_in_containers(docker_place: Place) -> None:
    status, outcome, folder = docker_place.run("well")
    assert status.state is JobState.COMPLETED, folder.log.read_text()
    assert outcome.result["hyperparameters"] == {"shots": "1000", "text": "ψ = |0⟩"}
    assert [(m.metric, m.value) for m in outcome.metrics] == [("loss", 0.25)]

    # The SDK says COMPLETED of a job that raised; the exit code does not.
    status, _, folder = docker_place.run("raises")
    assert status.state is JobState.FAILED
    assert "too deep" in folder.log.read_text()

    edges = ",".join(f"{node}-{node + 1}" for node in range(1000))
    _, outcome, _ = docker_place.run("reads_input", input_files={"edges": edges})
    assert outcome.result == {"edges": edges}


def test_what_it_needs_is_said_where_there_is_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="needs the docker command"):
        DockerExecutor(SweepFolder(tmp_path))
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'no daemon' >&2\nexit 1\n")
    docker.chmod(0o755)
    assert shutil.which("docker") == str(docker)
    with pytest.raises(ConfigError, match="no Docker engine answers"):
        DockerExecutor(SweepFolder(tmp_path))
