"""Single pictures as files, for papers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sweeper.comparison.sweep_tables import SweepTables
from sweeper.errors import SweeperError
from sweeper.report.content import read_content
from sweeper.report.pictures import kinds

FORMATS = ("svg", "png", "pdf")
_WIDTH, _HEIGHT = 800, 480  # px, where the picture has no height of its own


def write_figures(sweep: SweepTables, target: Path, formats: Sequence[str]) -> list[Path]:
    """Draw every picture of a sweep's report into files of `target`.

    The drawing itself is done by plotly's kaleido, which drives a Chrome or Chromium of this machine.

    Raises:
        SweeperError: kaleido or a browser is missing.
    """
    figures, paths = [], []
    for part in read_content(sweep).parts:
        for picture in (found for draw in kinds() if (found := draw(part)) is not None):
            for label, figure in picture.figures.items():
                name = "-".join(filter(None, map(_slug, (part.section.title, picture.name, label))))
                for form in formats:
                    figures.append(figure)
                    paths.append(target / f"{name}.{form}")
    if not figures:
        raise SweeperError(
            f"{sweep.folder.root} has nothing to draw: no job has a value yet, or nothing was swept."
        )
    target.mkdir(parents=True, exist_ok=True)
    _draw(figures, paths)
    return paths


def _draw(figures: Sequence[object], paths: Sequence[Path]) -> None:
    try:
        import plotly.io as pio
        from kaleido.errors import ChromeNotFoundError  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        raise SweeperError(
            "Pictures as files need kaleido: pip install 'braket-sweeper[figures]'."
        ) from error
    try:
        pio.write_images(
            fig=list(figures),
            file=list(paths),
            width=_WIDTH,
            height=[figure.layout.height or _HEIGHT for figure in figures],  # type: ignore[attr-defined]
        )
    except (ChromeNotFoundError, RuntimeError) as error:
        raise SweeperError(
            f"kaleido found no Chrome or Chromium to draw with ({error}): install one, for example by "
            "`apt-get install chromium` or `plotly_get_chrome`."
        ) from error


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")
