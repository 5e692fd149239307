"""A command that was refused leaves no folder behind, and takes none away that it did not make."""

from __future__ import annotations

import contextlib
from pathlib import Path

HYDRAS_OWN = "multirun.yaml"
"""What Hydra's sweepers write into a sweep's folder, as a rule before anything else is there."""


class Missing:
    """Which of a sweep's folder and the folders above it were missing when a command began."""

    def __init__(self, folder: Path) -> None:
        folder = folder.absolute()
        self._folder = folder
        self._missing = [place for place in (folder, *folder.parents) if not place.exists()]

    def remove(self) -> None:
        """Remove those of them that hold nothing but what Hydra has left."""
        with contextlib.suppress(OSError):
            if self._folder in self._missing and [e.name for e in self._folder.iterdir()] == [HYDRAS_OWN]:
                (self._folder / HYDRAS_OWN).unlink()
        with contextlib.suppress(OSError):
            for place in self._missing:
                if place.exists():
                    place.rmdir()
