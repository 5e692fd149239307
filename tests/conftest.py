"""Fixtures for more than one module."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import hypothesis
import pytest

# Machines are noisy: an example that takes long is no failure. The examples are the same in every run, so
# that whoever changes nothing breaks nothing; `make drill` looks for others.
_PATIENT = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("sample", _PATIENT, derandomize=True, database=None, max_examples=40)
hypothesis.settings.register_profile("drill", _PATIENT, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("sample")

Command = Callable[..., subprocess.CompletedProcess[str]]

# A typed command is a process forked from one that has imported what commands import: an interpreter that
# starts anew for each takes a second. `tests/front` and `test_foundation.py` start real ones.
_warm = multiprocessing.get_context("forkserver")
_warm.set_forkserver_preload(
    [
        "sweeper.cli.hydra_app",
        "sweeper.cli.resume",
        "sweeper.command.launch",
        "sweeper.executors.local",
        "sweeper.report.write",
    ]
)


def _type(words: tuple[str, ...], directory: Path, environment: Mapping[str, str], said: Path) -> None:
    """Be a command: its words, directory, environment and streams are those of a process of its own."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, stream in enumerate(("in", "out", "err")):
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(os.devnull if stream == "in" else said / stream, flags), descriptor)
    sys.argv = ["sweeper", *words]
    sys.orig_argv = [sys.executable, "-m", *sys.argv]
    sys.path.insert(0, str(directory))
    from sweeper.__main__ import main

    sys.exit(main())


@pytest.fixture(scope="session")
def typing_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Command]:
    """Makes what types commands in a directory."""

    def run(
        directory: Path, *words: str, expect: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        said = tmp_path_factory.mktemp("said")
        variables = {**os.environ, "COLUMNS": "200", **environment}
        process = _warm.Process(target=_type, args=(words, directory, variables, said))
        process.start()
        process.join()
        out, err = ((said / stream).read_text() for stream in ("out", "err"))
        assert process.exitcode == expect, f"exit code {process.exitcode}\n{out}\n{err}"
        return subprocess.CompletedProcess(words, process.exitcode, out, err)

    return lambda directory: partial(run, directory)


@pytest.fixture
def sweeper(tmp_path: Path, typing_in: Callable[[Path], Command]) -> Command:
    """Type a command in an empty directory: `sweeper("-m", "shots=100,1000")`."""
    return typing_in(tmp_path)
