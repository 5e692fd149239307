"""What an attempt finds in its job's folder, and what it finds aside."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from sweeper.folder import JobFolder
from sweeper.jobfiles import prepare, set_checkpoints_aside

from .test_runner import spec


def leave(folder: JobFolder, text: str) -> None:
    """What an attempt leaves."""
    folder.log.write_text(text)
    (folder.results / "results.json").write_text(text)
    (folder.checkpoints / "step.txt").write_text(text)


def aside(folder: JobFolder) -> dict[str, str]:
    return {file.parent.name: file.read_text() for file in folder.attempts.glob("*/log.txt")}


def test_each_attempt_starts_clean_but_for_the_checkpoints(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    for attempt in (1, 2, 3):
        prepare(folder, spec("a"), {"seed": 7}, ["seed=7"], attempt)
        assert not folder.log.exists()
        assert list(folder.results.iterdir()) == []
        leave(folder, f"attempt {attempt}")
    assert aside(folder) == {"1": "attempt 1", "2": "attempt 2"}
    assert (folder.checkpoints / "step.txt").read_text() == "attempt 3"
    assert yaml.safe_load(folder.config.read_text()) == {"seed": 7}
    assert json.loads(folder.hyperparameters.read_text()) == {"name": "a"}


def test_an_attempt_that_left_nothing_takes_no_number_from_the_next(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    prepare(folder, spec("a"), {}, attempt=1)
    prepare(folder, spec("a"), {}, attempt=2)
    leave(folder, "attempt 2")
    prepare(folder, spec("a"), {}, attempt=3)
    assert aside(folder) == {"2": "attempt 2"}


def test_an_attempt_that_was_broken_off_and_made_once_more_loses_nothing(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    for attempt, text in ((1, "first"), (2, "broken off"), (2, "once more")):
        prepare(folder, spec("a"), {}, attempt=attempt)
        leave(folder, text)
    assert aside(folder) == {"1": "first", "1-2": "broken off"}


def test_checkpoints_of_what_ran_before_a_change_are_kept_aside(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    prepare(folder, spec("a"), {}, attempt=1)
    leave(folder, "before")
    set_checkpoints_aside(folder, 1)
    prepare(folder, spec("a"), {}, attempt=2)
    assert list(folder.checkpoints.iterdir()) == []
    assert {path.name for path in (folder.attempts / "1").iterdir()} == {"checkpoints", "log.txt", "results"}
