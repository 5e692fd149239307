"""What a job left behind is read exactly, and nothing it left can break the sweep."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from braket.jobs.metrics import log_metric
from hypothesis import given
from hypothesis import strategies as st

from sweeper.contract.metric import Metric
from sweeper.contract.outcome import log_tail, read_log, read_outcome
from sweeper.folder.layout import JobFolder


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    folder = JobFolder(tmp_path)
    folder.results.mkdir()
    return folder


def save(folder: JobFolder, data: Any, **changes: Any) -> None:
    """Write `results.json` as `braket.jobs.save_job_result` does."""
    persisted = {"braketSchemaHeader": {}, "dataDictionary": data, "dataFormat": "plaintext"} | changes
    (folder.results / "results.json").write_text(json.dumps(persisted))


class TestMetricLines:
    @pytest.mark.parametrize("value", [-1.1373060359, 0, 3, 1e-12, -2.5e300, math.inf, -math.inf])
    @pytest.mark.parametrize("iteration", [None, 0, 17])
    def test_what_log_metric_prints_is_read_back_exactly(
        self, folder: JobFolder, capsys: pytest.CaptureFixture[str], value: float, iteration: int | None
    ) -> None:
        log_metric("energy", value, timestamp=1700000000.123456, iteration_number=iteration)
        folder.log.write_text(capsys.readouterr().out)
        assert read_log(folder.log).metrics == [Metric(iteration, 1700000000.123456, "energy", value)]

    def test_nan_is_read(self, folder: JobFolder, capsys: pytest.CaptureFixture[str]) -> None:
        log_metric("energy", math.nan, timestamp=1.0)
        folder.log.write_text(capsys.readouterr().out)
        (metric,) = read_log(folder.log).metrics
        assert math.isnan(metric.value)

    def test_the_order_is_that_of_the_log_and_other_text_is_passed_over(self, folder: JobFolder) -> None:
        folder.log.write_text(
            "starting\n"
            "Metrics - timestamp=1.0; energy=2.0; iteration_number=0;\n"
            "note: Metrics - timestamp=1.0; energy=99;\n"
            "Metrics are fine\n"
            "Metrics - timestamp=2.0; energy=1.0; cut=3; iteration_number=1;\n"
        )
        assert read_log(folder.log).metrics == [
            Metric(0, 1.0, "energy", 2.0),
            Metric(None, 1.0, "energy", 99.0),
            Metric(1, 2.0, "energy", 1.0),
            Metric(1, 2.0, "cut", 3.0),
        ]

    @pytest.mark.parametrize(
        ("line", "values"),
        [
            ("Metrics - timestamp=1.0; energy=-1.13", []),
            ("Metrics - timestamp=1.0; ener", []),
            ("Metrics - ", []),
            ("Metrics - timestamp=1.0; energy=abc; cut=3.0;", [3.0]),
            ("Metrics - timestamp=1.0; energy=; cut=3.0;", [3.0]),
            ("Metrics - timestamp=1.0; =5; cut=3.0;", [3.0]),
        ],
    )
    def test_a_value_cut_in_half_is_no_value(self, folder: JobFolder, line: str, values: list[float]) -> None:
        folder.log.write_text(line)
        assert [metric.value for metric in read_log(folder.log).metrics] == values

    @pytest.mark.parametrize("number", ["nan", "inf", "1e30", "-1e300"])
    def test_an_iteration_that_no_table_can_hold_is_missing(self, folder: JobFolder, number: str) -> None:
        folder.log.write_text(f"Metrics - timestamp=1.0; energy=2.0; iteration_number={number};\n")
        assert read_log(folder.log).metrics == [Metric(None, 1.0, "energy", 2.0)]

    @pytest.mark.parametrize("garbage", ["a=" + " " * 20_000, "a" * 100_000, "a=b " * 20_000, ";" * 100_000])
    def test_a_hostile_line_takes_no_time(self, folder: JobFolder, garbage: str) -> None:
        folder.log.write_text(f"Metrics - {garbage}\nMetrics - timestamp=1.0; energy=2.0;\n")
        assert [metric.value for metric in read_log(folder.log).metrics] == [2.0]

    @given(st.binary())
    def test_bytes_that_are_no_text_hide_no_metric(
        self, tmp_path_factory: pytest.TempPathFactory, garbage: bytes
    ) -> None:
        log = tmp_path_factory.mktemp("log") / "log.txt"
        log.write_bytes(garbage + b"\nMetrics - timestamp=1.0; last=2.0;\n")
        assert read_log(log).metrics[-1] == Metric(None, 1.0, "last", 2.0)

    def test_no_log_has_no_metrics(self, folder: JobFolder) -> None:
        assert read_log(folder.log).metrics == []


class TestResult:
    def test_plain_values_are_read_as_saved(self, folder: JobFolder) -> None:
        data = {"value": -1.1, "angles": [0.1, {"nested": [None, True]}], "name": "ψ", "big": 10**400}
        save(folder, data)
        outcome = read_outcome(folder, None)
        assert (outcome.result, outcome.problem) == (data, None)

    def test_a_job_need_not_save_a_result(self, folder: JobFolder) -> None:
        outcome = read_outcome(folder, None)
        assert (outcome.result, outcome.metrics, outcome.objective, outcome.problem) == ({}, [], None, None)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b'{"dataDictionary": {"value": 1',
            b"\x80\x04\xff",
            b"[]",
            b"null",
            b"3",
            b"{}",
            b'{"dataDictionary": {}}',
            b'{"dataFormat": "plaintext"}',
            b'{"dataFormat": "plaintext", "dataDictionary": [[1, 2]]}',
            b'{"dataFormat": "plaintext", "dataDictionary": "text"}',
            b'{"dataFormat": "plaintext", "dataDictionary": null}',
            b"[" * 200_000,
            b'{"dataFormat": "plaintext", "dataDictionary": {"x": ' + b"9" * 5000 + b"}}",
        ],
        ids=lambda content: str(content[:44]),
    )
    def test_a_file_that_is_no_result_is_a_problem_that_names_it(
        self, folder: JobFolder, content: bytes
    ) -> None:
        (folder.results / "results.json").write_bytes(content)
        outcome = read_outcome(folder, "objective")
        assert (outcome.result, outcome.objective) == ({}, None)
        assert outcome.problem is not None
        assert outcome.problem.startswith("results.json is not a Braket job result")

    def test_a_folder_in_the_place_of_the_file_is_a_problem(self, folder: JobFolder) -> None:
        (folder.results / "results.json").mkdir()
        assert "not a Braket job result" in (read_outcome(folder, None).problem or "")

    def test_text_that_no_database_takes_is_replaced(self, folder: JobFolder) -> None:
        save(folder, {"\udcff": ["a\ud800b", "😀"]})
        assert read_outcome(folder, None).result == {"?": ["a?b", "😀"]}

    def test_metrics_are_kept_beside_a_broken_result(self, folder: JobFolder) -> None:
        (folder.results / "results.json").write_text("{")
        folder.log.write_text("Metrics - timestamp=1.0; energy=2.0;\n")
        assert read_outcome(folder, None).metrics == [Metric(None, 1.0, "energy", 2.0)]


class TestObjective:
    def test_it_is_the_key_of_the_result(self, folder: JobFolder) -> None:
        save(folder, {"cost": 3})
        folder.log.write_text("Metrics - timestamp=1.0; cost=99.0;\n")
        assert read_outcome(folder, "cost").objective == 3.0

    @pytest.mark.parametrize("data", [{}, {"cost": "low"}, {"cost": True}, {"cost": None}, {"cost": 10**400}])
    def test_or_else_the_last_value_of_the_metric(self, folder: JobFolder, data: dict[str, Any]) -> None:
        save(folder, data)
        folder.log.write_text("Metrics - timestamp=1; cost=9;\nMetrics - timestamp=2; cost=7;\n")
        assert read_outcome(folder, "cost").objective == 7.0

    def test_a_missing_objective_is_a_problem_that_lists_what_there_is(self, folder: JobFolder) -> None:
        save(folder, {"value": 1, "stderr": 2})
        folder.log.write_text("Metrics - timestamp=1; loss=9;\nMetrics - timestamp=1; energy=9;\n")
        outcome = read_outcome(folder, "cost")
        assert (outcome.objective, outcome.result) == (None, {"value": 1, "stderr": 2})
        assert outcome.problem == (
            "algorithm.objective=cost is neither a number in the saved result "
            "(keys: value, stderr) nor a metric (logged: energy, loss)"
        )

    @pytest.mark.parametrize(
        ("saved", "shown"),
        [
            ("0.5", '"0.5"'),
            ([1, 2], "[1, 2]"),
            (True, "true"),
            (None, "null"),
            ("é" * 100, '"' + "é" * 59 + "…"),
        ],
    )
    def test_an_objective_that_is_no_number_is_shown(
        self, folder: JobFolder, saved: object, shown: str
    ) -> None:
        save(folder, {"loss": saved})
        assert f"in the saved result (it is {shown}; save a number" in (
            read_outcome(folder, "loss").problem or ""
        )

    def test_with_nothing_saved_and_nothing_logged_it_says_so(self, folder: JobFolder) -> None:
        problem = read_outcome(folder, "cost").problem or ""
        assert "(keys: none)" in problem
        assert "(logged: none)" in problem

    def test_no_objective_is_wanted_where_none_is_named(self, folder: JobFolder) -> None:
        save(folder, {"objective": 1.0})
        outcome = read_outcome(folder, None)
        assert (outcome.objective, outcome.problem) == (None, None)


class TestLogTail:
    def test_it_is_the_last_lines_without_metrics_and_blanks(self, folder: JobFolder) -> None:
        folder.log.write_text("one\ntwo\n\nMetrics - timestamp=1; m=1;\nthree\nMetrics - timestamp=2; m=1;\n")
        assert log_tail(folder.log, lines=2) == "two\nthree"

    def test_five_lines_are_the_default(self, folder: JobFolder) -> None:
        folder.log.write_text("".join(f"line {number}\n" for number in range(20)))
        assert log_tail(folder.log).splitlines() == [f"line {number}" for number in range(15, 20)]

    def test_of_a_huge_log_only_the_end_is_read(self, folder: JobFolder) -> None:
        folder.log.write_text("x" * 10**6 + "\nthe end")
        tail = log_tail(folder.log)
        assert tail.endswith("\nthe end")
        assert len(tail) <= 16384

    def test_bytes_that_are_no_text_are_replaced(self, folder: JobFolder) -> None:
        folder.log.write_bytes(b"caf\xe9\n")
        assert log_tail(folder.log) == "caf\ufffd"

    def test_no_log_has_no_tail(self, folder: JobFolder) -> None:
        assert log_tail(folder.log) == ""
