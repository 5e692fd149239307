"""A sweep is summed up once, when the command ends."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path

import pytest

from sweeper.cli.hydra_app import run
from sweeper.command.answer import answer
from sweeper.command.closing import Closing, Due
from sweeper.errors import DamagedLedgerError, SweeperError
from sweeper.folder.layout import SweepFolder
from tests.synthetic import vqe_sweep


def test_a_sweep_of_many_batches_has_one_table_and_one_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = vqe_sweep(tmp_path / "sweep", optimizers=["cobyla"], shots=[100], seeds=1)
    with contextlib.closing(Closing()) as closing:
        for _ in range(3):
            closing.due = Due(folder, report=True)
        assert not folder.report.exists()
    closing.close()
    said = capsys.readouterr().out
    assert said.count("COMPLETED") == said.count("Tables: ") == said.count(f"Report: {folder.report}") == 1
    assert folder.report.is_file()


@pytest.mark.parametrize("name", ["plain", "two words", "dé jà", "it's", "$HOME", "a;b"])
def test_a_command_that_is_shown_can_be_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = vqe_sweep(tmp_path / name, optimizers=["cobyla"], shots=[100], seeds=1)
    with contextlib.closing(Closing()) as closing:
        closing.due = Due(folder)
    shown = [*re.findall(r"again: (sweeper .*)", capsys.readouterr().out)]
    shown += re.findall(r"sweeper resume .*", str(DamagedLedgerError(folder.ledger, "on purpose")))
    assert [shlex.split(command)[2:] for command in shown] == 2 * [[str(folder.root)]]


def test_what_goes_wrong_is_only_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Closing()) as closing:
        closing.due = Due(SweepFolder(tmp_path / "nothing"), report=True)
    said = capsys.readouterr().err
    assert "The table could not be shown (FolderError" in said
    assert "The report could not be written (FolderError" in said


def test_a_mistake_is_the_last_thing_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = vqe_sweep(tmp_path / "sweep", optimizers=["cobyla"], shots=[100], seeds=1)

    def command() -> int:
        with contextlib.closing(Closing()) as closing:
            closing.due = Due(folder)
            raise SweeperError("a job failed")

    assert answer(command) == 1
    said = capfd.readouterr()
    assert "Tables: " in said.out
    assert said.err == "error: a job failed\n"


def test_so_is_what_hydra_says_of_a_failed_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["sweeper"])
    Path("broken.py").write_text("def main():\n    raise ValueError('on purpose')\n")
    script = ("algorithm=script", "algorithm.source_module=broken.py", "algorithm.entry_point=broken:main")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        assert run(["-m", *script, "hydra.sweep.dir=out"]) == 1
    places = [said.getvalue().index(text) for text in ("Tables: ", "Report: ", "error: job 0 (")]
    assert places == sorted(places)
