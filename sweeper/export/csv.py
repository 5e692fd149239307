"""Two CSV files in a folder: `results.csv`, `metrics.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.results.tables import to_csv

if TYPE_CHECKING:
    from sweeper.api import Sweep

DESTINATION = "{folder}/export"


def export(sweep: Sweep, destination: str) -> str:
    """Write both tables."""
    folder = Path(destination)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.csv").write_text(to_csv(sweep.results), encoding="utf-8", errors="replace")
    sweep.metrics.to_csv(folder / "metrics.csv", index=False)
    return f"{len(sweep.results)} jobs and {len(sweep.metrics)} metric rows as CSV in {folder}"
