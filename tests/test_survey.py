"""What a sweep's command finds in its folder before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeper.compose.composition import Combination
from sweeper.config.whole_sweep import OF_THE_WHOLE_SWEEP
from sweeper.errors import ConfigError
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.planning.outlook import Outlook, outlooks
from sweeper.planning.survey import survey

from .test_runner import spec

SETTINGS = {
    "budget": {"max_usd": None, "spending_limit": False},
    "rehearse": True,
    "fail_fast": False,
    "max_failures": None,
    "reuse_from": [],
    "accept_changes": False,
    "report": True,
}


def combination(name: str, **settings: object) -> Combination:
    return Combination((f"name={name}",), {"name": name, **SETTINGS, **settings}, {}, spec(name))


def test_each_combination_stands_somewhere() -> None:
    earlier = {
        "done": JobState.COMPLETED,
        "failed": JobState.FAILED,
        "there": JobState.RUNNING,
        "cancelled": JobState.CANCELLED,
        "announced": JobState.SUBMITTING,
    }
    expected = {
        "done": Outlook.KEPT,
        "failed": Outlook.TO_RUN,
        "there": Outlook.RUNNING,
        "cancelled": Outlook.REUSED,
        "announced": Outlook.RUNNING,
        "new": Outlook.TO_RUN,
        "elsewhere": Outlook.REUSED,
    }
    keys = [*expected, "new", "done"]
    found = outlooks(keys, earlier, {"cancelled", "elsewhere", "done"})
    assert found == [*expected.values(), Outlook.EQUAL, Outlook.EQUAL]


def test_a_new_folder_has_everything_to_run(tmp_path: Path) -> None:
    found = survey(SweepFolder(tmp_path / "out"), [combination("a"), combination("b"), combination("a")])
    assert found.outlooks == [Outlook.TO_RUN, Outlook.TO_RUN, Outlook.EQUAL]
    assert found.changes.lines == ()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("budget", {"max_usd": 1.0, "spending_limit": False}),
        ("rehearse", False),
        ("fail_fast", True),
        ("max_failures", 3),
        ("reuse_from", ["out"]),
        ("accept_changes", True),
        ("report", False),
    ],
)
def test_what_holds_for_the_whole_sweep_cannot_be_swept(tmp_path: Path, key: str, value: object) -> None:
    assert key in OF_THE_WHOLE_SWEEP
    with pytest.raises(ConfigError, match=f"{key} holds for the whole sweep"):
        survey(SweepFolder(tmp_path), [combination("a"), combination("b", **{key: value})])
