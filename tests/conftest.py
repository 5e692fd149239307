"""Fixtures for more than one module."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import hypothesis
import pytest

from .command import type_here

# Machines are noisy: an example that takes long is no failure. The examples are the same in every run, so
# that whoever changes nothing breaks nothing; `make drill` looks for others.
_PATIENT = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("sample", _PATIENT, derandomize=True, database=None, max_examples=40)
hypothesis.settings.register_profile("drill", _PATIENT, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("sample")

# What sources have answered is remembered for the tests of one run, and is nothing of the person's.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="sweeper-tests-")
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays to the end: the modules, which it would look at ever again."""
    gc.collect()
    gc.freeze()


Command = Callable[..., subprocess.CompletedProcess[str]]

# A typed command is a process forked from one that has imported what commands import: an interpreter that
# starts anew for each takes a second. `tests/front` and `test_foundation.py` start real ones.
_warm = multiprocessing.get_context("forkserver")
_warm.set_forkserver_preload(
    [
        "tests.command",
        "sweeper.cli.hydra_app",
        "sweeper.cli.resume",
        "sweeper.command.launch",
        "sweeper.executors.local",
        "sweeper.report.write",
    ]
)


@pytest.fixture(scope="session")
def typing_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Command]:
    """Makes what types commands in a directory."""

    def run(
        directory: Path, *words: str, expect: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        said = tmp_path_factory.mktemp("said")
        variables = {**os.environ, "COLUMNS": "200", **environment}
        process = _warm.Process(target=type_here, args=(words, directory, variables, said))
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
