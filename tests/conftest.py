"""Fixtures for more than one module."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# Machines are noisy: an example that takes long is no failure.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.load_profile("default")

# What sources have answered is remembered for the tests of one run, and is nothing of the person's.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="sweeper-tests-")
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sweeper(tmp_path: Path) -> Command:
    """Type a command in an empty directory: `sweeper("-m", "shots=100,1000")`."""

    def run(*words: str, expect: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "sweeper", *words],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == expect, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
