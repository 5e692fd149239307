"""The README's map of the code names every room, in the order in which imports may run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_readmes_map_has_the_rooms_of_the_layers_contract() -> None:
    """Same names, same order: a room that is added, renamed or moved has to be so in the README as well."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = [one for one in settings["contracts"] if one.get("containers") == ["sweeper"]]
    layers = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    _, _, table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| in `sweeper/` | concept |\n")
    rows = [line for line in table.partition("\n\n")[0].splitlines() if not line.startswith("|---")]
    assert [re.findall(r"`(\w+)`", row.split("|")[1]) for row in rows] == layers
