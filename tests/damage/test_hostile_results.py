"""Whatever a job leaves behind is data: read with bounds, never run, and that job's trouble alone."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from braket.jobs import save_job_result
from braket.jobs_data import PersistedJobDataFormat

from sweeper.contract.outcome import log_tail, read_log, read_outcome
from sweeper.folder.layout import JobFolder
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry
from sweeper.results.tables import results_frame

HUNDRED_MB = 100 * 10**6


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    folder = JobFolder(tmp_path)
    folder.results.mkdir()
    return folder


def save(folder: JobFolder, dictionary: str) -> None:
    text = f'{{"dataFormat": "plaintext", "dataDictionary": {dictionary}}}'
    (folder.results / "results.json").write_text(text)


class TestResult:
    @pytest.mark.parametrize(
        ("dictionary", "told"),
        [
            ('{"value": -1, "value": -99}', "the key 'value' occurs more than once"),
            ('{"x": ' + "[" * 100 + "]" * 100 + "}", "nested more than 64 levels"),
            ('{"x": ' + '{"y": ' * 100 + "1" + "}" * 100 + "}", "nested more than 64 levels"),
            ('{"value": -1', "JSONDecodeError"),
            ('{"x": ' + "9" * 5000 + "}", "4300 digits"),
        ],
        ids=lambda text: text[:30],
    )
    def test_what_is_ambiguous_or_would_choke_readers_is_a_problem(
        self, folder: JobFolder, dictionary: str, told: str
    ) -> None:
        save(folder, dictionary)
        outcome = read_outcome(folder, "value")
        assert (outcome.result, outcome.objective) == ({}, None)
        assert told in (outcome.problem or "")

    def test_a_hundred_megabytes_are_refused_before_they_are_read(self, folder: JobFolder) -> None:
        with (folder.results / "results.json").open("wb") as file:
            file.write(b'{"dataFormat": "plaintext", "dataDictionary": {"x": "')
            file.truncate(HUNDRED_MB)
        tracemalloc.start()
        outcome = read_outcome(folder, "value")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert "more than the 16 MiB that are read" in (outcome.problem or "")
        assert most < 40e6

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_an_objective_that_is_no_number_fails_the_job(self, folder: JobFolder, number: str) -> None:
        save(folder, f'{{"cost": {number}, "other": 2}}')
        outcome = read_outcome(folder, "cost")
        assert outcome.objective is None
        assert outcome.problem is not None
        assert outcome.problem.startswith("algorithm.objective=cost is ")
        assert outcome.result["other"] == 2

    def test_numbers_of_any_size_pass_through_ledger_and_table(self, folder: JobFolder) -> None:
        big = "9" * 999
        save(folder, f'{{"value": 1e999, "stderr": NaN, "tasks": 1e300, "shots_total": -7, "big": {big}}}')
        outcome = read_outcome(folder, None)
        assert outcome.problem is None
        ledger = Ledger(folder.root / "sweep.db")
        (number,) = ledger.enlist([Entry("key", [], {}, {})])
        ledger.submitting(number)
        ledger.finish(number, JobState.COMPLETED, None, result=outcome.result)
        row = results_frame(ledger.jobs()).iloc[0]
        ledger.close()
        assert row["value"] == np.inf
        assert row["result.big"] == big
        assert row["shots_total"] == -7

    def test_what_is_no_regular_file_is_not_opened(self, folder: JobFolder, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text('{"dataFormat": "plaintext", "dataDictionary": {"token": "hunter2"}}')
        results = folder.results / "results.json"
        results.symlink_to(secret)
        assert "not a Braket job result" in (read_outcome(folder, None).problem or "")
        results.unlink()
        for path in (results, folder.log):
            os.mkfifo(path)  # reading it would wait for ever
        outcome = read_outcome(folder, None)
        assert "no regular file" in (outcome.problem or "")
        assert (outcome.metrics, log_tail(folder.log)) == ([], "")


class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.trace}'; env > '{self.trace}'; echo garbage",)


class TestPickle:
    @pytest.fixture
    def save_pickled(self, folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setenv("AMZN_BRAKET_JOB_RESULTS_DIR", str(folder.results))
        return lambda data: save_job_result(data, PersistedJobDataFormat.PICKLED_V4)

    def test_it_is_not_read_unless_that_is_allowed(
        self, folder: JobFolder, save_pickled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trace = tmp_path / "trace"
        save_pickled({"value": -1.5, "bomb": Bomb(trace)})
        problem = read_outcome(folder, "value").problem or ""
        assert "pickled data, which is not read" in problem
        assert "job.allow_pickle=true" in problem
        assert not trace.exists()
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
        outcome = read_outcome(folder, "value", allow_pickle=True)
        assert (outcome.problem, outcome.objective, outcome.result["bomb"]) == (None, -1.5, 0)
        assert "hunter2" not in trace.read_text()

    def test_arrays_become_lists_and_what_json_lacks_becomes_text(
        self, folder: JobFolder, save_pickled: Any
    ) -> None:
        save_pickled(
            {"a": np.eye(2), "n": np.float64(0.5), "z": 1 + 2j, "s": {3, 1}, "t": (1, None), "ψ": "ψ"}
        )
        assert read_outcome(folder, None, allow_pickle=True).result == {
            "a": [[1.0, 0.0], [0.0, 1.0]],
            "n": 0.5,
            "z": "(1+2j)",
            "s": [1, 3],
            "t": [1, None],
            "ψ": "ψ",
        }

    @pytest.mark.parametrize(
        ("value", "told"),
        [
            ("Y29zCl9leGl0CihJMQp0Ui4=", "exit code 1"),  # os._exit(1)
            ("gASV", "pickle data was truncated"),
            ("Y25vX3N1Y2hfbW9kdWxlCngKLg==", "No module named 'no_such_module'"),
            (7, "TypeError"),
        ],
    )
    def test_what_cannot_be_unpickled_is_that_jobs_problem(
        self, folder: JobFolder, value: object, told: str
    ) -> None:
        persisted = {"dataFormat": "pickled_v4", "dataDictionary": {"value": value}}
        (folder.results / "results.json").write_text(json.dumps(persisted))
        outcome = read_outcome(folder, None, allow_pickle=True)
        assert outcome.result == {}
        assert "it cannot be unpickled" in (outcome.problem or "")
        assert told in (outcome.problem or "")


class TestLog:
    def test_a_hundred_megabytes_without_a_line_break_take_no_memory(self, folder: JobFolder) -> None:
        with folder.log.open("wb") as file:
            file.write(b"Metrics - timestamp=1; energy=1;\n")
            file.truncate(HUNDRED_MB)
            file.seek(0, 2)
            file.write(b"\nMetrics - timestamp=2; energy=2;\n")
        tracemalloc.start()
        begun = time.process_time()
        metrics = read_log(folder.log).metrics
        seconds = time.process_time() - begun
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert [metric.value for metric in metrics] == [1.0, 2.0]
        assert most < 2e6
        assert seconds < 30

    def test_a_metric_too_long_is_passed_over_as_a_whole_wherever_it_begins(self, folder: JobFolder) -> None:
        for before in (0, 1, 2**16, 2**17 - 5, 2**17):
            for length in (2**16 - 20, 2**16 + 3, 2**18):
                long = f"Metrics - timestamp=1; {'x' * length}=1;"
                folder.log.write_text(f"{'.' * before}{long} Metrics - within=1;\nMetrics - next=2;\n")
                names = [metric.metric[:6] for metric in read_log(folder.log).metrics]
                assert names[-2:] == ["within", "next"]
                assert ("xxxxxx" in names) == (length < 2**16 - 15)
