"""The life cycle of a job, step by step."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from sweeper.job.state import JobState

STEPS = {
    "PENDING": "SUBMITTING COMPLETED CANCELLED",
    "SUBMITTING": "PENDING QUEUED RUNNING COMPLETED FAILED CANCELLED",
    "QUEUED": "PENDING RUNNING COMPLETED FAILED CANCELLED",
    "RUNNING": "PENDING COMPLETED FAILED CANCELLED",
    "COMPLETED": "",
    "FAILED": "PENDING",
    "CANCELLED": "PENDING",
}


@pytest.mark.parametrize(("before", "after"), list(product(JobState, JobState)))
def test_the_life_cycle_has_these_steps_and_no_others(before: JobState, after: JobState) -> None:
    assert before.may_become(after) is (after in STEPS[before].split())


def test_the_documented_life_cycle_is_this_one() -> None:
    page = (Path(__file__).parents[1] / "docs" / "states.md").read_text()
    rows = re.findall(r"^\| `([A-Z]+)` \| (.*?) \|", page, re.MULTILINE)
    assert {state: set(re.findall(r"`([A-Z]+)`", steps)) for state, steps in rows} == {
        str(before): {str(after) for after in JobState if before.may_become(after)} for before in JobState
    }


def test_a_completed_job_is_never_touched_again() -> None:
    assert not any(JobState.COMPLETED.may_become(state) for state in JobState)


def test_only_a_waiting_job_can_be_submitted() -> None:
    assert [state for state in JobState if state.may_become(JobState.SUBMITTING)] == [JobState.PENDING]


def test_a_job_is_waiting_or_in_an_executors_hands_or_finished() -> None:
    assert {state for state in JobState if state.finished} == {"COMPLETED", "FAILED", "CANCELLED"}
    assert {state for state in JobState if state.active} == {"SUBMITTING", "QUEUED", "RUNNING"}


def test_a_state_prints_as_brakets_word() -> None:
    assert f"{JobState.QUEUED}" == "QUEUED"
