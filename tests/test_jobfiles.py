"""What an attempt finds in its job's folder, and what it finds aside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from sweeper.folder.layout import JobFolder
from sweeper.job.prepare import prepare, set_checkpoints_aside
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec

from .test_runner import spec

SPEC = JobSpec(
    device="local:braket/default",
    source=Source(Path("script.py"), "digest"),
    entry_point="script:main",
    hyperparameters={"text": "ψ = |0⟩", "shots": "1000"},
    input_files={"edges": "0-1,1-2"},
    instance_type="ml.m5.large",
    max_runtime_seconds=60,
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_the_config_is_the_whole_config_in_its_order(tmp_path_factory: Any, config: dict[str, Any]) -> None:
    folder = JobFolder(tmp_path_factory.mktemp("job"))
    prepare(folder, SPEC, config)
    written = yaml.safe_load(folder.config.read_bytes())
    assert list(written.items()) == list(config.items())


def test_a_new_attempt_finds_its_input_and_the_checkpoints_only(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path / "jobs" / "7")
    for attempt in range(2):
        prepare(folder, SPEC, {"seed": 1}, ["seed=1"])
        assert json.loads(folder.hyperparameters.read_text()) == dict(SPEC.hyperparameters)
        assert (folder.input / "hyperparameters" / "edges").read_text() == "0-1,1-2"
        assert yaml.safe_load(folder.overrides.read_bytes()) == ["seed=1"]
        assert list(folder.results.iterdir()) == []
        assert len(list(folder.checkpoints.iterdir())) == attempt
        (folder.checkpoints / f"{attempt}.json").touch()
        (folder.results / "results.json").write_text(str(attempt))
    assert (folder.attempts / "1" / "results" / "results.json").read_text() == "0"


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
