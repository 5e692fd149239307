"""The subcommands, on a sweep's folder."""

from __future__ import annotations

import io
import re
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from sweeper.cli import SUBCOMMANDS, run_subcommand, watch
from sweeper.console.console import make_console
from sweeper.errors import ConfigError
from sweeper.folder.layout import SweepFolder
from sweeper.job.failure import Failure
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry
from sweeper.results.selection import select
from sweeper.results.table_files import Tables

RESULTS = pd.DataFrame(
    {
        "job": [0, 1, 2, 3],
        "status": ["COMPLETED", "COMPLETED", "FAILED", "COMPLETED"],
        "shots": pd.Series([100, 1000, 10000, None], dtype="Int64"),
        "value": [-1.1, -1.2, None, -0.9],
        "result.converged": pd.Series([True, False, None, True], dtype="boolean"),
        "result.note": pd.Series(["a", "b", None, "c d"], dtype="str"),
        "result.plain": [True, False, False, True],
    }
)


class TestSelect:
    @pytest.mark.parametrize(
        ("condition", "jobs"),
        [
            ("shots>=1000", [1, 2]),
            ("shots>1000", [2]),
            ("shots<=1000", [0, 1]),
            ("shots<1000", [0]),
            ("shots=1000", [1]),
            ("shots==1000", [1]),
            ("shots!=1000", [0, 2]),
            ("shots >= 1e3", [1, 2]),
            ("value<-1", [0, 1]),
            ("value!=-1.1", [1, 3]),
            ("status=FAILED", [2]),
            ("status!=FAILED", [0, 1, 3]),
            ("result.note=c d", [3]),
            ("result.note!=a", [1, 3]),
            ("result.note>a", [1, 3]),
            ("result.converged=true", [0, 3]),
            ("result.converged=True", [0, 3]),
            ("result.converged!=true", [1]),
            ("result.converged=FALSE", [1]),
            ("result.plain=true", [0, 3]),
            ("status=completed", []),
        ],
    )
    def test_the_rows_for_which_the_condition_holds(self, condition: str, jobs: list[int]) -> None:
        assert select(RESULTS, condition)["job"].tolist() == jobs

    @pytest.mark.parametrize("operator", [">=", "<=", "!=", "==", ">", "<", "="])
    @pytest.mark.parametrize("column", ["shots", "value"])
    def test_nothing_holds_for_a_row_without_a_value(self, column: str, operator: str) -> None:
        missing = RESULTS[RESULTS[column].isna()]
        assert select(missing, f"{column}{operator}0").empty

    def test_an_unknown_column_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(
            ConfigError, match=r"There is no column 'shot'; there are: job, status, shots, value"
        ):
            select(RESULTS, "shot=100")

    def test_text_for_a_number_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"--where 'shots=many': shots is a number, and 'many' is not"):
            select(RESULTS, "shots=many")

    def test_what_compares_nothing_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"--where 'shots' compares nothing: write COLUMN>="):
            select(RESULTS, "shots")

    def test_a_hyperparameter_by_its_short_name_is_pointed_to(self) -> None:
        table = RESULTS.rename(columns={"shots": "algorithm.hyperparameters.shots"})
        with pytest.raises(
            ConfigError, match=r"'shots' \(did you mean algorithm\.hyperparameters\.shots\?\)"
        ):
            select(table, "shots=1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepFolder:
    """Four jobs: three values, one failure; the shots are what was swept."""
    monkeypatch.delenv("COLUMNS", raising=False)
    folder = SweepFolder(tmp_path / "sweep")
    with closing(Ledger(folder.ledger)) as ledger:
        entries = [Entry(str(n), [f"shots={10**n}"], {"shots": 10**n}, {}) for n in range(4)]
        for number, value in zip(ledger.enlist(entries), (0.3, 0.1, None, 0.2), strict=True):
            ledger.submitting(number)
            if value is None:
                ledger.finish(number, JobState.FAILED, "killed\nlast line [red]")
            else:
                ledger.finish(number, JobState.COMPLETED, None, result={"value": value}, objective=value)
        Tables(folder).write()
    return folder


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run_subcommand([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def csv(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


class TestTable:
    def test_it_prints_a_row_for_each_job(
        self, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = printed(capsys, "table", folder.root)
        assert text.count("COMPLETED") == 3
        assert text.count("FAILED") == 1

    def test_its_csv_is_that_of_the_sweep(
        self, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert printed(capsys, "table", folder.root, "--csv") == folder.results_csv.read_text()

    def test_the_ledger_alone_is_enough(
        self, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder.results.unlink()
        assert printed(capsys, "table", folder.root, "--csv") == folder.results_csv.read_text()

    def test_conditions_must_all_hold(self, folder: SweepFolder, capsys: pytest.CaptureFixture[str]) -> None:
        conditions = ["--where", "shots>1", "--where", "status=COMPLETED"]
        assert csv(printed(capsys, "table", folder.root, "--csv", *conditions))["shots"].tolist() == [
            10,
            1000,
        ]

    @pytest.mark.parametrize(("sort", "jobs"), [("value", [1, 3, 0, 2]), ("-value", [0, 3, 1, 2])])
    def test_it_is_sorted_with_missing_values_last(
        self, folder: SweepFolder, capsys: pytest.CaptureFixture[str], sort: str, jobs: list[int]
    ) -> None:
        text = printed(capsys, "table", folder.root, "--csv", f"--sort={sort}")
        assert csv(text)["job"].tolist() == jobs

    def test_it_has_the_columns_asked_for(
        self, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        columns = ["--columns", "value, job"]
        assert printed(capsys, "table", folder.root, "--csv", *columns).startswith("value,job\n0.3,0\n")
        assert printed(capsys, "table", folder.root, *columns).split()[:2] == ["value", "job"]

    def test_it_has_as_many_rows_as_asked_for(
        self, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "… and 3 more rows" in printed(capsys, "table", folder.root, "--limit", 1)
        assert "more rows" not in printed(capsys, "table", folder.root, "--limit", 0)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--where", "nope=1"], "There is no column 'nope'; there are: job, status, shots"),
            (["--sort", "nope"], "There is no column 'nope'"),
            (["--columns", "job,nope"], "There is no column 'nope'"),
            (["--where", "shots=x"], "shots is a number"),
        ],
    )
    def test_a_mistake_is_one_message_and_exit_code_1(
        self, folder: SweepFolder, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
    ) -> None:
        assert run_subcommand(["table", str(folder.root), *arguments]) == 1
        out, error = capsys.readouterr()
        assert out == ""
        assert error.startswith("error: ")
        assert message in error


class TestStatus:
    def test_it_counts_the_jobs_and_shows_why_some_failed(
        self, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_subcommand(["status", str(folder.root)]) == 1
        text = capsys.readouterr().out
        assert text.startswith("4 jobs: 3 COMPLETED, 1 FAILED\n")
        assert "job 2 (shots=100): killed" in text
        assert "| last line [red]" in text

    def test_it_succeeds_while_none_has_failed(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with closing(Ledger(SweepFolder(tmp_path).ledger)) as ledger:
            ledger.enlist([Entry("a", [], {}, {})])
            assert printed(capsys, "status", tmp_path) == "1 jobs: 1 PENDING\n"


class TestWatch:
    def test_it_follows_a_sweep_to_its_end(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = SweepFolder(tmp_path).ledger
        with closing(Ledger(path)) as ledger:
            ledger.enlist([Entry("a", [], {}, {}), Entry("b", [], {}, {})])

        ends = iter(enumerate((JobState.COMPLETED, JobState.FAILED)))

        def run_a_job(_: float) -> None:
            number, end = next(ends)
            with closing(Ledger(path)) as ledger:
                ledger.submitting(number)
                ledger.finish(number, end, None)

        # A job ends in each pause between two looks.
        monkeypatch.setattr("sweeper.cli.watch.time.sleep", run_a_job)
        assert run_subcommand(["watch", str(tmp_path)]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "2 jobs: 2 PENDING"
        assert lines[-1] == "2 jobs: 1 COMPLETED, 1 FAILED"
        assert len(lines) == len(set(lines)) == 3

    def test_a_terminal_shows_what_runs(self, tmp_path: Path) -> None:
        with closing(Ledger(SweepFolder(tmp_path).ledger)) as ledger:
            ledger.enlist([Entry("a", ["seed=7"], {}, {})])
            ledger.submitting(0)
            ledger.running(0, time.time() - 65)
            jobs = ledger.jobs()
        console = make_console()
        with console.capture() as captured:
            console.print(watch.view(jobs, SweepFolder(tmp_path)))
        said = captured.get()
        assert "1 jobs: 1 RUNNING" in said
        assert re.search(r"0 +seed=7 +6\d", said)


class TestLogs:
    def test_the_history_tells_what_has_happened_to_a_job(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with closing(Ledger(SweepFolder(tmp_path).ledger)) as ledger:
            ledger.enlist([Entry("a", [], {}, {}), Entry("b", [], {}, {})])
            for _ in range(2):
                ledger.submitting(0)
                ledger.submitted(0, "arn:aws:braket:job/1")
                ledger.running(0, 10.0)
                ledger.finish(0, JobState.FAILED, Failure("killed by SIGKILL", "its log", passing=True))
                ledger.requeue(0, "retry 1 of 2 after 7 s")
        moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
        steps = (
            "SUBMITTING",
            "QUEUED      arn:aws:braket:job/1",
            "RUNNING",
            "FAILED      killed by SIGKILL",
            "PENDING     retry 1 of 2 after 7 s",
        )
        lines = [f"{moment}  attempt {attempt}  {step}\n" for attempt in (1, 2) for step in steps]
        assert re.fullmatch("".join(lines), printed(capsys, "logs", tmp_path, 0, "--history"))
        assert printed(capsys, "logs", tmp_path, 1, "--history") == ""


WORDS_AFTER_THE_FOLDER = {"logs": ["0"], "export": ["--to", "csv"]}


@pytest.mark.parametrize("command", [name for name in SUBCOMMANDS if name != "devices"])
def test_a_folder_that_is_no_sweeps_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run_subcommand([command, str(tmp_path), *WORDS_AFTER_THE_FOLDER.get(command, [])]) == 1
    expected = f"error: {tmp_path} is not the folder of a sweep: it has no sweep.db.\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_every_subcommand_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run_subcommand([command, "--help"])
    assert ended.value.code == 0
    assert f"sweeper {command}" in capsys.readouterr().out
