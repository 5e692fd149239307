"""What is put into a job's folder before an attempt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from sweeper.folder import JobFolder
from sweeper.jobfiles import prepare
from sweeper.source import Source
from sweeper.spec import JobSpec

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
