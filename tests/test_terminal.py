"""What a person sees while a sweep runs."""

from __future__ import annotations

import pytest

from sweeper.console.progress import Progress
from sweeper.job.state import JobState
from sweeper.ledger.record import Standing


def test_progress_counts_jobs_by_state_and_shows_no_lucky_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sweeper.console.progress._LINE_EVERY_SECONDS", 0.0)
    states = dict.fromkeys(range(4), JobState.PENDING) | {0: JobState.COMPLETED}

    def move(number: int, state: JobState, objective: float | None = None) -> None:
        result = {} if objective is None else {"value": -objective}
        progress.changed(Standing(number, {"algorithm": "qaoa"}, state, result, objective, None))

    with Progress(states) as progress:
        progress.tick()
        assert capsys.readouterr().err == "1/4 done, 0 running\n"
        move(1, JobState.RUNNING)
        move(2, JobState.RUNNING)
        move(1, JobState.COMPLETED, -3.5)
        progress.tick()
        assert capsys.readouterr().err.startswith("2/4 done, 1 running, about ")
        move(2, JobState.FAILED)
        move(3, JobState.RUNNING)
        move(3, JobState.COMPLETED, -2.5)
        progress.tick()
        words = "3/4 done, 0 running, 1 failed, about 0 s left\n"
        assert capsys.readouterr().err == words
