"""Every property that the tests state, with many random examples in the place of the few fixed ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .page import ROOT


def run(_: Path) -> None:
    """Run the tests that Hypothesis makes examples for.

    Raises:
        SystemExit: One of them fails.
    """
    command = [sys.executable, "-m", "pytest", "-q", "--hypothesis-profile=drill", "-m", "hypothesis"]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code != 0:
        raise SystemExit(f"properties: exit code {code}")
