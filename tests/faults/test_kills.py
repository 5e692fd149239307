"""Kills, counted: no job is lost, none comes to a good end twice. `make drill` tries many more of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder that costs no disk: these are dozens of sweeps, and a kill is no power cut to a disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def evidence(module: str, *words: str) -> list[dict[str, Any]]:
    """What a program of this folder reports; it forks, which a test process had better not."""
    command = [sys.executable, "-m", f"tests.faults.{module}", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_kill_at_any_step_loses_nothing_and_repeats_nothing(memory: Path) -> None:
    reports = evidence("every_step", str(memory / "trials"), "--every=8")
    assert [(report["lost"], report["run_twice"]) for report in reports] == [(0, 0)] * 2
    assert all(report["tried"] > 25 for report in reports)


def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(memory: Path) -> None:
    reports = evidence("random_kills", str(memory), "--kills=2", "--kills-of-searches=1")
    assert [(r["lost"], r["run_twice"], r["changed"]) for r in reports] == [(0, 0, 0)] * len(reports)
    assert sum(report["tried"] for report in reports) >= 3
    assert reports[-1]["went_on"] >= 1, "no search went on from its checkpoint"
