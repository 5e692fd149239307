"""Every place where jobs run against what Amazon's own container script made of the same scripts.

`recorded.json` was written by `scripts/record_container.py`. Where an outcome differs on purpose the table in
`docs/contract.md` has it, with both sides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from .cases import CASES, Outcome
from .places import (
    REHEARSED_FAILURES,
    Outcomes,
    by_containers,
    by_local_jobs,
    by_packed_jobs,
    by_rehearsals,
)

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
TABLE = Path(__file__).parents[2] / "docs" / "contract.md"
NAMES = [case.name for case in CASES]


def recorded(name: str) -> Outcome:
    return Outcome(**RECORDED["outcomes"][name])


@cache
def differences() -> dict[str, tuple[Any, Any]]:
    """What scripts tell in Braket's container and here, by case, as the documentation has it."""
    rows = re.findall(
        r"^\| `([\w.]+)` \|.*\| `(\{.*?\})` \| `(\{.*?\})` \|$", TABLE.read_text(), re.MULTILINE
    )
    return {name: (json.loads(theirs), json.loads(ours)) for name, theirs, ours in rows}


def expected(name: str) -> Outcome:
    outcome = recorded(name)
    if name in differences():
        return Outcome(outcome.exit_code, outcome.failure, differences()[name][1])
    return outcome


def fails(name: str) -> bool:
    return recorded(name).exit_code != 0


RUN: dict[str, Callable[[Path], Outcomes]] = {
    "local jobs": lambda folder: by_local_jobs(folder, CASES),
    "packed jobs": lambda folder: by_packed_jobs(folder, CASES),
    "rehearsals": lambda folder: by_rehearsals(folder, CASES, fails),
    "the emulator's containers": lambda folder: by_containers(folder, CASES),
}


@pytest.mark.parametrize("place", RUN)
def test_jobs_end_as_in_brakets_container(place: str, tmp_path: Path) -> None:
    outcomes = RUN[place](tmp_path)
    assert outcomes.keys() >= {name for name in NAMES if not fails(name)}
    differing = {
        name: f"\n  here     {outcome}\n  expected {expected(name)}\n"
        for name, outcome in outcomes.items()
        if outcome != expected(name)
    }
    assert not differing, "".join(f"{name}{text}" for name, text in differing.items())


def test_every_case_is_on_record_and_every_difference_is_one() -> None:
    assert list(RECORDED["outcomes"]) == NAMES
    assert len(set(NAMES)) == len(NAMES)
    assert re.fullmatch("[0-9a-f]{40}", RECORDED["commit"])
    assert RECORDED["commit"] in TABLE.read_text()
    assert set(REHEARSED_FAILURES) <= {name for name in NAMES if fails(name)}
    assert differences()
    for name, (theirs, ours) in differences().items():
        assert theirs == recorded(name).seen
        assert ours != theirs
