"""A browser, and reports to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from sweeper.comparison.sweep_tables import SweepTables
from sweeper.report.write import write_report
from tests.synthetic import vqe_sweep

# One window in a container, and no call to anywhere.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


PATIENCE_MILLISECONDS = 300_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium as the system has it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip(
            "there is no chromium: install it (apt-get install chromium) to test the report in a browser"
        )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, headless=True, args=_QUIET, timeout=PATIENCE_MILLISECONDS
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 1020 jobs, four of which are not as they should be."""
    folder = vqe_sweep(
        tmp_path_factory.mktemp("report") / "thousand",
        shots=(100, 300, 1000),
        lengths=(0.5, 0.735, 1.0, 1.5, 2.0),
        seeds=17,
        iterations=60,
        failing={5: "exit code 1\nTraceback", 77: "exit code 1\nTraceback"},
        unfinished=(9,),
        without_value=(11,),
        cost_per_shot=1e-6,
    )
    return write_report(SweepTables(folder))
