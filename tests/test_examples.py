"""The notebooks in `examples/` run, and their stored outputs are those of the code as it is."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs_and_its_outputs_are_up_to_date(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    stored = nbformat.read(path, as_version=4)
    run = nbformat.from_dict(stored)
    # No message of the kernel's own start-up, and no history file in the home directory.
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    client = NotebookClient(run, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    # A loop of its own, which `execute` would leave open, in a thread of its own: another test's browser
    # may have one in this.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(client.async_execute())).result()
    # Numbers are those of a seeded simulation, which may differ by machine: the kinds of output may not.
    assert [_kinds(cell) for cell in run.cells] == [_kinds(cell) for cell in stored.cells]
    assert any("text/html" in kind for cell in run.cells for kind in _kinds(cell))


def _kinds(cell: Any) -> list[str]:
    return [" ".join(sorted(output.get("data", {"text": ""}))) for output in cell.get("outputs", [])]
