"""What the terminal shows: numbers as precise as they are, and every character as the job wrote it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from sweeper.console.console import make_console
from sweeper.console.results_table import render_failures, render_results
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.record import JobRecord
from sweeper.results.tables import results_frame

RESULT = {
    "value": -1.13712,
    "stderr": 0.0021,
    "reference": -1.13731,
    "error": 0.00019,
    "evaluations": 60,
    "tasks": 120,
    "shots_total": 120_000,
}


def job(number: int = 0, **other: Any) -> JobRecord:
    """A completed job of a sweep over the seed."""
    record = JobRecord(
        number=number,
        key=f"key-{number}",
        overrides=[f"seed={number}"],
        config={"seed": number},
        choices={"algorithm": "vqe"},
        spec={},
        state=JobState.COMPLETED,
        attempts=1,
        batch=None,
        handle=None,
        reserved_usd=0.0,
        reason=None,
        started_at=10.0,
        ended_at=12.5,
        cost_usd=None,
        job_arn=None,
        result={},
        objective=None,
    )
    return replace(record, **other)


def frame(*jobs: JobRecord) -> pd.DataFrame:
    return results_frame(jobs)


def show(renderable: Any, width: int = 200) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def table(results: pd.DataFrame, width: int = 200, **options: Any) -> str:
    return show(render_results(results, Console(width=width), **options), width)


def header(text: str) -> list[str]:
    return next(line for line in text.splitlines() if line.strip()).split()


class TestColumns:
    def test_the_job_what_was_swept_and_what_came_out(self) -> None:
        text = table(frame(job(0, result=RESULT), job(1, result=RESULT)))
        expected = "job status seed value stderr reference error evaluations tasks shots_total seconds"
        assert header(text) == expected.split()

    def test_columns_without_any_value_are_left_out(self) -> None:
        assert header(table(frame(job(result={"value": 1.0})))) == ["job", "status", "value", "seconds"]

    def test_the_objective_is_shown_where_there_is_no_value(self) -> None:
        assert "objective" in header(table(frame(job(objective=0.5))))
        assert "objective" not in header(table(frame(job(objective=0.5, result={"value": 0.5}))))

    def test_the_luckiest_value_of_an_optimizer_is_shown_only_if_asked_for(self) -> None:
        results = frame(job(result=RESULT | {"optimizer_best": -1.2}))
        assert "optimizer_best" not in header(table(results))
        assert header(table(results, columns=["result.optimizer_best"])) == ["optimizer_best"]

    def test_the_columns_asked_for_are_shown_in_their_order(self) -> None:
        text = table(frame(job(result=RESULT)), width=20, columns=["tasks", "job"])
        assert header(text) == ["tasks", "job"]
        assert "left out" not in text

    def test_a_narrow_terminal_leaves_the_least_important_out_and_says_so(self) -> None:
        results = frame(job(0, result=RESULT), job(1, result=RESULT))
        wide, narrow = header(table(results)), header(table(results, width=70))
        assert {"job", "status", "seed", "value", "stderr", "error"} <= set(narrow) < set(wide)
        assert "tasks" not in narrow
        assert "Some columns are left out; a wider terminal or --columns shows them." in table(results, 80)
        assert "left out" not in table(results)

    def test_no_line_is_wider_than_the_terminal(self) -> None:
        results = frame(job(0, result=RESULT), job(1, result=RESULT))
        for width in (60, 80, 100, 120):
            assert max(map(len, table(results, width).splitlines())) <= width

    def test_the_rows_beyond_the_limit_are_counted(self) -> None:
        text = table(frame(*(job(number, objective=1.0) for number in range(5))), limit=2)
        assert "… and 3 more rows: sweeper table DIR --limit 0" in text
        assert text.count("COMPLETED") == 2


class TestNumbers:
    @pytest.mark.parametrize(
        ("stderr", "shown"),
        [
            (None, "-1.137306"),
            (0.0, "-1.137306"),
            (math.inf, "-1.137306"),
            (0.21, "-1.14"),
            (0.0021, "-1.1373"),
            (0.00021, "-1.13731"),
            (3.0, "-1.14"),
            (1e-12, "-1.13730604"),
        ],
    )
    def test_a_value_has_the_decimals_of_its_standard_error(self, stderr: float | None, shown: str) -> None:
        results = frame(job(result={"value": -1.137306043, "stderr": stderr}))
        assert f" {shown} " in table(results, columns=["job", "value", "job"])

    def test_the_standard_error_has_two_digits(self) -> None:
        assert " 0.0021 " in table(frame(job(result={"stderr": 0.002134})), columns=["job", "stderr", "job"])

    def test_counts_are_whole_and_missing_ones_blank(self) -> None:
        results = frame(job(0, result={"tasks": 1234567}), job(1))
        rows = table(results, columns=["job", "tasks"]).splitlines()
        assert [row.split() for row in rows if row.strip()][2:] == [["0", "1234567"], ["1"]]

    def test_costs_and_seconds_and_ratios(self) -> None:
        results = frame(job(cost_usd=1.3, result={"ratio": 0.69246}))
        shown = table(results, columns=["cost_usd", "seconds", "ratio"])
        assert shown.split()[-3:] == ["1.3000", "2.50", "0.6925"]


class TestFailures:
    def test_none_failed(self, tmp_path: Path) -> None:
        assert render_failures([job(), job(1, state=JobState.CANCELLED)], SweepFolder(tmp_path)) is None

    def test_each_has_its_reason_the_end_of_its_log_and_where_the_log_is(self, tmp_path: Path) -> None:
        reason = "exit code 1\nTraceback\nValueError: no"
        failures = render_failures(
            [job(), job(7, state=JobState.FAILED, reason=reason)], SweepFolder(tmp_path)
        )
        assert show(failures, 1000).splitlines() == [
            "1 of 2 jobs failed:",
            "  job 7 (seed=7): exit code 1",
            "    | Traceback",
            "    | ValueError: no",
            f"    log: {tmp_path / 'jobs' / '7' / 'log.txt'}",
        ]

    def test_only_the_first_are_shown(self, tmp_path: Path) -> None:
        jobs = [job(number, state=JobState.FAILED, reason="boom") for number in range(8)]
        text = show(render_failures(jobs, SweepFolder(tmp_path)))
        assert "8 of 8 jobs failed:" in text
        assert text.count("boom") == 5
        assert "… and 3 more: see the column reason." in text

    def test_a_failure_without_a_reason_is_shown(self, tmp_path: Path) -> None:
        assert "job 0" in show(render_failures([job(state=JobState.FAILED)], SweepFolder(tmp_path)))


HOSTILE = "[red]no[/red] [/] [link=http://x]y [bold"


class TestMarkup:
    def test_brackets_in_a_log_are_shown_as_they_are(self, tmp_path: Path) -> None:
        failed = job(state=JobState.FAILED, reason=f"{HOSTILE}\n{HOSTILE}", overrides=["x=[1,2]"])
        text = show(render_failures([failed], SweepFolder(tmp_path)))
        assert text.count(HOSTILE) == 2
        assert "(x=[1,2])" in text

    def test_brackets_in_a_cell_are_shown_as_they_are(self) -> None:
        results = frame(job(result={"note": HOSTILE}))
        assert HOSTILE in table(results, columns=["job", "result.note"])

    def test_brackets_in_a_column_name_are_shown_as_they_are(self) -> None:
        results = frame(job(result={"[red]": 1}))
        assert "[red]" in table(results, columns=["job", "result.[red]"])


class TestConsole:
    def test_a_file_gets_whole_tables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("COLUMNS", raising=False)
        assert make_console().width >= 200

    def test_columns_of_the_environment_decide(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "77")
        assert make_console().width == 77
