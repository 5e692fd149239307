"""`sweeper compare`, typed as a user types it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from sweeper.cli import run_subcommand
from sweeper.folder.layout import SweepFolder
from tests.synthetic import Made, empty_sweep, vqe_sweep, written


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("sweeps")
    vqe_sweep(root / "local", seeds=6)
    vqe_sweep(root / "noisy", seeds=6, shift=0.2)
    return [str(root / "local"), str(root / "noisy")]


def say(capsys: pytest.CaptureFixture[str], *words: str, expect: int = 0) -> str:
    assert run_subcommand(["compare", *words]) == expect
    captured = capsys.readouterr()
    return captured.err if expect else captured.out


def test_one_sweep(capsys: pytest.CaptureFixture[str], sweeps: list[str]) -> None:
    text = say(capsys, sweeps[0], "--by", "optimizer", "--metric", "error", "--best", "2")
    assert "mean |error| [95 % CI]" in text
    assert "cobyla" in text
    assert "spsa" not in text
    assert "paired t (paired by shots, seed)" in text


def test_the_same_sweep_on_two_devices_side_by_side(
    capsys: pytest.CaptureFixture[str], sweeps: list[str]
) -> None:
    text = say(capsys, *sweeps)
    assert "The sweeps side by side" in text
    assert "noisy − local" in text
    side_by_side = text.partition("sweep  ")[0]
    assert side_by_side.count(" significant (+") == 8
    table = pd.read_csv(io.StringIO(say(capsys, *sweeps, "--format", "csv")))
    assert set(table["sweep"]) == {"local", "noisy"}


def test_a_sweep_of_an_earlier_version_whose_vqe_was_named_otherwise(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    earlier = str(vqe_sweep(tmp_path / "earlier", algorithm="vqe_h2", seeds=6).root)
    now = str(vqe_sweep(tmp_path / "now", shift=0.5, seeds=6).root)
    text = say(capsys, earlier, now)
    assert text.partition("sweep  ")[0].count(" significant (+") == 8
    assert "algorithm" not in text
    assert "spsa" in say(capsys, earlier, "--by", "optimizer")


def test_sweeps_of_different_problems_are_not_paired(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each has one bond length only, which is what sets the sweeps apart, and no choice of method."""
    folders = [str(vqe_sweep(tmp_path / f"at{r}", lengths=[r], seeds=6).root) for r in (0.7, 2.0)]
    text = say(capsys, *folders)
    assert "no combination has values in at0.7 and in another sweep" in text
    assert "significant (" not in text
    assert "no group is the best: none has a value of every problem" in text


def test_a_sweep_is_not_a_replicate_of_itself(
    capsys: pytest.CaptureFixture[str], sweeps: list[str], tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(sweeps[0])
    for again in (sweeps[0], f"{sweeps[1]}/../local", str(link)):
        assert "is named twice" in say(capsys, *sweeps, again, expect=1)


def test_sweeps_with_different_objectives_have_no_best_in_common(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The least loss of one is no better than the largest accuracy of the other, nor the other way round."""
    folders = [
        str(
            written(
                tmp_path / name,
                [
                    Made(
                        {"lr": lr, "seed": seed},
                        result={"objective": lr + 0.1 * seed, "accuracy": 1.0 - lr},
                        algorithm={"objective": name, "direction": direction},
                    )
                    for lr in (0.1, 0.2)
                    for seed in (0, 1)
                ],
            ).root
        )
        for name, direction in (("loss", "minimize"), ("accuracy", "maximize"))
    ]
    said = "loss has to minimize loss, accuracy has to maximize accuracy"
    assert said in say(capsys, *folders, expect=1)
    assert said in say(capsys, *folders, "--metric", "objective", expect=1)
    assert "less objective is better" in say(capsys, *folders, "--direction", "minimize")
    named = say(capsys, *folders, "--metric", "result.accuracy", "--direction", "maximize")
    assert "more result.accuracy is better" in named


def computed_with(root: str, number: int, said: str) -> None:
    path = SweepFolder(Path(root)).job(number).results / "metadata.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(said)


def test_packages_with_which_sweeps_were_computed_differently_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    small = {"optimizers": ["cobyla"], "shots": [100], "seeds": 3}
    folders = [str(vqe_sweep(tmp_path / name, **small).root) for name in ("here", "there")]
    assert "computed with" not in say(capsys, *folders)  # nothing is known
    for number in range(3):
        said = {"numpy": "2.4.6", "scipy": "1.17.1", "nlopt": "2.11.0", "extra": "1"}
        computed_with(folders[0], number, json.dumps({"versions": said}))
        computed_with(folders[1], number, json.dumps({"versions": {**said, "extra": "1"}}))
    assert "computed with" not in say(capsys, *folders)
    scipys = ("1.17.1", "1.18.0", "1.18.0")
    for number, scipy in enumerate(scipys):
        said = {"numpy": "2.4.6", "scipy": scipy, "nlopt": None}
        computed_with(folders[1], number, json.dumps({"versions": said}))
    assert (
        "computed with different packages: scipy 1.17.1 in here, 1.17.1 and 1.18.0 in there; "
        "nlopt 2.11.0 in here, none in there"
    ) in " ".join(say(capsys, *folders).split())


@pytest.mark.parametrize(
    "said",
    [
        *("", "[]", "[" * 20_000, '{"versions": 3}', '{"versions": {"scipy": 1}}', "x" * 100_000),
        '{"versions": {"scipy": "\\u001b[31m1"}}',
    ],
)
def test_what_jobs_say_of_their_packages_may_be_anything(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, said: str
) -> None:
    small = {"optimizers": ["cobyla"], "shots": [100], "seeds": 3}
    folders = [str(vqe_sweep(tmp_path / name, **small).root) for name in ("here", "there")]
    computed_with(folders[0], 0, '{"versions": {"scipy": "1.17.1"}}')
    computed_with(folders[1], 0, said)
    assert "computed with" not in say(capsys, *folders)


@pytest.mark.parametrize("form", ["text", "csv", "markdown", "latex"])
@pytest.mark.parametrize("words", [[], ["--pivot", "optimizer", "shots"], ["--diff", "3", "7"]], ids=str)
def test_every_table_in_every_format(
    capsys: pytest.CaptureFixture[str], sweeps: list[str], words: list[str], form: str
) -> None:
    text = say(capsys, sweeps[0], *words, "--format", form)
    mark = {"text": "──", "csv": ",", "markdown": "| --- |", "latex": r"\midrule"}[form]
    assert mark in text


def test_a_config_diff_names_what_differs_and_nothing_else(
    capsys: pytest.CaptureFixture[str], sweeps: list[str]
) -> None:
    frame = pd.read_csv(
        io.StringIO(say(capsys, sweeps[0], "--diff", "0", "47", "--format", "csv")), index_col=0
    )
    assert list(frame.loc["optimizer"]) == ["cobyla", "spsa"]
    assert list(frame.loc["shots"]) == ["100", "1000"]
    assert list(frame.loc["seed"]) == ["0", "5"]
    assert "algorithm" not in frame.index
    assert "max_iterations" not in frame.index


def test_a_pivot_as_csv_is_numbers(capsys: pytest.CaptureFixture[str], sweeps: list[str]) -> None:
    text = say(capsys, sweeps[0], "--pivot", "optimizer", "shots", "--format", "csv")
    assert pd.read_csv(io.StringIO(text), index_col=0).shape == (4, 2)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--best", "0"], "at least one"),
        (["--by", "nosuch"], "nosuch"),
        (["--diff", "3", "999"], "has no job 999"),
        (["--success-ratio", "0"], "positive"),
        (["--pivot", "shots", "nosuch"], "nosuch"),
        (["--where", "shots=many"], "is a number"),
    ],
)
def test_mistakes_are_said(
    capsys: pytest.CaptureFixture[str], sweeps: list[str], words: list[str], complaint: str
) -> None:
    assert complaint in say(capsys, sweeps[0], *words, expect=1)


def test_folders_without_results(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "is not the folder of a sweep" in say(capsys, str(tmp_path / "none"), expect=1)
    assert "No jobs to compare" in say(capsys, str(empty_sweep(tmp_path / "empty").root))
    assert "No jobs to compare" in say(capsys, *[str(empty_sweep(tmp_path / n).root) for n in "ab"])


def test_a_narrow_terminal_keeps_what_matters(
    capsys: pytest.CaptureFixture[str], sweeps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = say(capsys, sweeps[0], "--by", "optimizer")
    header = text.splitlines()[1]
    assert "mean |error| [95 % CI]" in header
    assert "against the best" in header
    assert "evaluations" not in header
    assert "left out" in text
    assert max(map(len, text.splitlines()[:8])) <= 100
