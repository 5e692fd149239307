"""Two Parquet files in a folder: `results.parquet`, `metrics.parquet`."""

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
    sweep.results.to_parquet(folder / "results.parquet", index=False)
    sweep.metrics.to_parquet(folder / "metrics.parquet", index=False)
    return f"{len(sweep.results)} jobs and {len(sweep.metrics)} metric rows as Parquet in {folder}"
