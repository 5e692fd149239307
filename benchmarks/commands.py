"""Runs commands and says how long they took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def seconds_of(words: Sequence[str], folder: Path, *path: str) -> float:
    """Wall time of a Python command that must end well, in s.

    Args:
        words: What follows `python`.
        folder: Where it runs.
        path: Further folders to import from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *path])}
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    ended = time.perf_counter()
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return ended - begun
