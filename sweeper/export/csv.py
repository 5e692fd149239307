"""Two CSV files in a folder: `results.csv`, `metrics.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.api import Sweep

DESTINATION = "{folder}/export"


def export(sweep: Sweep, destination: str) -> str:
    """Write both tables."""
    folder = Path(destination)
    folder.mkdir(parents=True, exist_ok=True)
    sweep.results.to_csv(folder / "results.csv", index=False)
    sweep.metrics.to_csv(folder / "metrics.csv", index=False)
    return f"{len(sweep.results)} jobs and {len(sweep.metrics)} metric rows as CSV in {folder}"
