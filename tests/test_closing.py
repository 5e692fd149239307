"""The report is written once, when the command ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeper.closing import report_at_end, write_reports
from sweeper.folder import SweepFolder
from tests.synthetic import vqe_sweep


def test_a_sweep_of_many_batches_has_one_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = vqe_sweep(tmp_path / "sweep", optimizers=["cobyla"], shots=[100], seeds=1)
    for _ in range(3):
        report_at_end(folder)
    assert not folder.report.exists()
    write_reports()
    write_reports()
    assert capsys.readouterr().out.count(f"Report: {folder.report}") == 1
    assert folder.report.is_file()


def test_what_goes_wrong_is_only_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report_at_end(SweepFolder(tmp_path / "nothing"))
    write_reports()
    assert "could not be written" in capsys.readouterr().err
