"""What the report says, and that it always can be written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sweeper import load_sweep
from sweeper.cli import run_subcommand
from sweeper.comparison.sweep_tables import SweepTables
from sweeper.folder.layout import SweepFolder
from sweeper.report.content import read_content
from sweeper.report.pictures import Picture, kinds
from sweeper.report.pictures.landscape import read_scan
from sweeper.report.write import write_report
from tests.synthetic import empty_sweep, vqe_sweep

SMALL = {"optimizers": ["cobyla"], "shots": [100]}


def pictures(folder: SweepFolder) -> dict[str, Picture]:
    return {
        picture.name: picture
        for part in read_content(SweepTables(folder)).parts
        for draw in kinds()
        if (picture := draw(part)) is not None
    }


def test_a_thousand_jobs_fit_into_a_mail(thousand: Path) -> None:
    text = thousand.read_bytes()
    assert len(text) < 6_000_000
    # Nothing is loaded from elsewhere: no script, style sheet, picture or frame has a source.
    page = text.decode().partition("plotly.js v")[0]
    assert not re.search(r"<(script|img|iframe|link)[^>]*(src|href)=\"(?!data:)", page)


def test_it_answers_best_by_how_much_is_it_real_and_cost(thousand: Path) -> None:
    content = read_content(SweepTables(SweepFolder(thousand.parent)))
    best, mean, reference, success = content.headlines[0]
    assert best.figure.startswith("optimizer cobyla")
    assert "not significantly different" in best.note
    assert "95 % CI" in mean.note
    assert "…" in reference.figure  # of several bond lengths, among which no single job is the best
    assert " of " in success.figure
    assert content.totals[0].figure.endswith(" USD")
    assert content.standing == "1017 COMPLETED, 2 FAILED, 1 RUNNING"
    assert [len(failure.jobs) for failure in content.failures] == [2]
    html = thousand.read_text()
    for words in (
        "Git revision",
        "amazon-braket-sdk",
        "local:braket/default",
        "17 seeds, 0 to 16",
        "snapshot",
    ):
        assert words in html


def test_pictures_follow_what_was_swept(tmp_path: Path) -> None:
    single = vqe_sweep(tmp_path / "one", **SMALL, seeds=1)  # type: ignore[arg-type]
    assert list(pictures(single)) == ["convergence"]
    one_key = vqe_sweep(tmp_path / "key", shots=[100], seeds=2)
    assert list(pictures(one_key)) == ["convergence", "main-effects", "pareto"]
    lengths = vqe_sweep(
        tmp_path / "lengths", optimizers=["cobyla"], shots=[100], lengths=[0.5, 1.0, 2.0], seeds=2
    )
    assert "dissociation" in pictures(lengths)
    assert "heat-map" not in pictures(lengths)
    three = vqe_sweep(tmp_path / "three", lengths=[0.5, 1.0], seeds=2)
    assert set(pictures(three)) == {
        "convergence", "main-effects", "dissociation", "pareto", "heat-map", "parallel",
    }  # fmt: skip
    assert len(pictures(three)["heat-map"].figures) == 3


def test_the_dissociation_curve_shows_exact_energies_and_errors_in_mha(tmp_path: Path) -> None:
    folder = vqe_sweep(tmp_path / "s", optimizers=["cobyla"], shots=[100], lengths=[0.5, 1.0], seeds=4)
    (figure,) = pictures(folder)["dissociation"].figures.values()
    exact, energies, errors = figure.data
    assert list(exact.y) == pytest.approx([-1.137 + 0.3 * 0.235**2, -1.137 + 0.3 * 0.265**2])
    results = load_sweep(folder.root).results
    of_lengths = results.groupby("problem.bond_length")
    assert list(energies.y) == pytest.approx(of_lengths["value"].mean().tolist())
    distance = results["error"].abs().groupby(results["problem.bond_length"]).mean()
    assert list(errors.y) == pytest.approx((1000 * distance).tolist())


def test_a_scanned_landscape_is_found(tmp_path: Path) -> None:
    folder = vqe_sweep(tmp_path / "s", **SMALL, seeds=2, iterations=30)  # type: ignore[arg-type]
    gamma, beta = np.meshgrid(np.linspace(0, 3, 6), np.linspace(0, 1, 5))
    points = np.c_[gamma.ravel(), beta.ravel()]
    values = np.sin(points[:, 0]) * points[:, 1]
    results = folder.job(0).results
    results.mkdir(parents=True)
    np.save(results / "parameter_trajectory.npy", points)
    np.save(results / "objective_trajectory.npy", values)
    scan = read_scan(results)
    assert scan is not None
    assert scan.shape == (5, 6)
    assert scan.loc[1.0, 0.6] == pytest.approx(np.sin(0.6))
    assert list(pictures(folder)["landscape"].figures) == ["job 0"]
    # A trajectory that is no grid is no landscape.
    np.save(results / "parameter_trajectory.npy", points + np.arange(30)[:, None] / 7)
    assert "landscape" not in pictures(folder)


@pytest.mark.parametrize(
    "options",
    [
        {"seeds": 1},
        {"seeds": 3, "failing": {0: "boom", 1: "boom", 2: "boom"}},
        {"seeds": 3, "unfinished": [0, 1, 2]},
        {"seeds": 3, "without_value": [0, 1, 2]},
        {"seeds": 3, "iterations": 1},
        {"seeds": 3, "lengths": [0.5, 1.0], "without_value": [0, 1, 2]},
    ],
    ids=str,
)
def test_odd_sweeps_have_a_report(tmp_path: Path, options: dict[str, object]) -> None:
    folder = vqe_sweep(tmp_path / "s", **{**SMALL, **options})  # type: ignore[arg-type]
    html = write_report(SweepTables(folder)).read_text()
    assert "All jobs" in html


def test_an_empty_sweep_has_a_report(tmp_path: Path) -> None:
    html = write_report(SweepTables(empty_sweep(tmp_path / "s"))).read_text()
    assert "This sweep has no jobs yet" in html
    assert len(html) < 50_000


def test_a_folder_that_is_no_sweep_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_subcommand(["report", str(tmp_path)]) == 1
    assert "is not the folder of a sweep" in capsys.readouterr().err


def test_pictures_as_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], browser: object) -> None:
    folder = vqe_sweep(tmp_path / "s", shots=[100], seeds=2)
    assert run_subcommand(["report", str(folder.root), "--figures", str(tmp_path / "figures")]) == 0
    assert "6 pictures" in capsys.readouterr().out
    assert (tmp_path / "figures/pareto.svg").read_text().startswith("<svg")
    assert (tmp_path / "figures/main-effects-optimizer.png").read_bytes().startswith(b"\x89PNG")
    assert run_subcommand(["report", str(folder.root), "--figures", "x", "--formats", "gif"]) == 1


def test_nothing_to_draw_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = vqe_sweep(tmp_path / "s", **SMALL, seeds=1, unfinished=[0])  # type: ignore[arg-type]
    assert run_subcommand(["report", str(folder.root), "--figures", str(tmp_path / "figures")]) == 1
    assert "nothing to draw" in capsys.readouterr().err
