"""Exports, read back by the tools they are for."""

from __future__ import annotations

import builtins
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sweeper import load_sweep
from sweeper.cli import run_subcommand
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from tests.synthetic import Made, empty_sweep, vqe_sweep, written


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    made = vqe_sweep(
        tmp_path / "made", shots=[100], seeds=2, iterations=5, failing={1: "exit code 1\nlog"}, unfinished=[7]
    )
    results = made.job(0).results
    results.mkdir(parents=True)
    (results / "results.json").write_text("{}")
    made.job(0).log.write_text("hello\n")
    return made


def export(capsys: pytest.CaptureFixture[str], folder: SweepFolder, *words: str, expect: int = 0) -> str:
    assert run_subcommand(["export", str(folder.root), *words]) == expect
    captured = capsys.readouterr()
    return captured.err if expect else captured.out


@pytest.mark.parametrize(("form", "read"), [("csv", pd.read_csv), ("parquet", pd.read_parquet)])
def test_tables(
    capsys: pytest.CaptureFixture[str], folder: SweepFolder, tmp_path: Path, form: str, read: Any
) -> None:
    said = export(capsys, folder, "--to", form, "--output", str(tmp_path / "there"))
    assert "8 jobs and 60 metric rows" in said
    results = read(tmp_path / f"there/results.{form}")
    sweep = load_sweep(folder.root)
    assert list(results.columns) == list(sweep.results.columns)
    assert results["error"].tolist() == pytest.approx(sweep.results["error"].tolist(), nan_ok=True)
    assert len(read(tmp_path / f"there/metrics.{form}")) == 60


def test_mlflow_runs_in_a_file_store(
    capsys: pytest.CaptureFixture[str], folder: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = export(capsys, folder, "--to", "mlflow")
    assert "7 runs written to experiment 'made'" in said
    assert "1 unfinished jobs left out" in said
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"file:{folder.root}/mlruns")
    experiment = client.get_experiment_by_name("made")
    runs = {run.data.tags["sweeper.job"]: run for run in client.search_runs([experiment.experiment_id])}
    assert sorted(runs) == list("0123456")
    job = load_sweep(folder.root).results.iloc[0]
    run = runs["0"]
    assert (run.info.run_name, run.info.status) == ("job 0", "FINISHED")
    assert (run.data.params["optimizer"], run.data.params["shots"], run.data.params["seed"]) == (
        "cobyla",
        "100",
        "0",
    )
    assert run.data.metrics["result.error"] == job["error"]
    assert (run.info.end_time - run.info.start_time) / 1000 == pytest.approx(job["seconds"], abs=0.002)
    history = client.get_metric_history(run.info.run_id, "energy")
    metrics = load_sweep(folder.root).metrics
    logged = metrics[(metrics["job"] == 0) & (metrics["metric"] == "energy")]
    assert [(m.step, m.value) for m in history] == list(
        zip(logged["iteration"], logged["value"], strict=True)
    )
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"results", "log.txt"}
    assert runs["1"].info.status == "FAILED"
    assert runs["1"].data.tags["sweeper.reason"].startswith("exit code 1")
    assert "0 runs written" in export(capsys, folder, "--to", "mlflow")


def test_an_optuna_study(capsys: pytest.CaptureFixture[str], folder: SweepFolder) -> None:
    import optuna

    said = export(capsys, folder, "--to", "optuna")
    assert "7 trials in study 'made' (1 unfinished left out)" in said
    study = optuna.load_study(study_name="made", storage=f"sqlite:///{folder.root}/optuna.db")
    results = load_sweep(folder.root).results
    # By |error|: the least objective would be the luckiest energy.
    assert (study.direction, study.user_attrs) == (
        optuna.study.StudyDirection.MINIMIZE,
        {"measure": "|error|"},
    )
    best = results.loc[results["error"].abs().idxmin()]
    assert study.best_value == abs(best["error"])
    assert study.best_params == {"optimizer": best["optimizer"], "seed": best["seed"]}
    assert study.best_trial.user_attrs["error"] == best["error"]
    assert len(study.best_trial.intermediate_values) == 5
    failed = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.FAIL]
    assert [trial.user_attrs["reason"] for trial in failed] == ["exit code 1"]
    assert "already has a study" in export(capsys, folder, "--to", "optuna", expect=1)


def test_what_failed_or_cannot_be_is_first_by_no_metric(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import optuna

    def energy(value: float) -> dict[str, float]:
        return {"objective": value, "value": value, "stderr": 0.001, "reference": -1.0, "error": value + 1}

    made = written(
        tmp_path / "made",
        [
            Made({"shots": 1}, JobState.FAILED, energy(-9.0), [-9.0]),
            Made({"shots": 2}, JobState.COMPLETED, energy(-2.0), [-2.0]),
            Made({"shots": 3}, JobState.COMPLETED, energy(-0.9), [-0.5]),
            Made({"shots": 4}, JobState.COMPLETED, energy(-0.95), [-0.5]),
        ],
    )
    export(capsys, made, "--to", "mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"file:{made.root}/mlruns")
    experiment = client.get_experiment_by_name("made").experiment_id
    runs = {run.data.tags["sweeper.job"]: run.data for run in client.search_runs([experiment])}
    ordered = client.search_runs([experiment], order_by=["metrics.`result.value`"])
    assert [run.data.tags["sweeper.job"] for run in ordered][:2] == ["3", "2"]
    assert {name for job in "01" for name in runs[job].metrics if "/" not in name} == set()
    assert runs["0"].metrics["failed/result.value"] == runs["0"].metrics["failed/energy"] == -9.0
    assert runs["1"].metrics["fault/result.value"] == -2.0
    assert runs["1"].tags["sweeper.fault"].startswith("fault: job 1 reports -2")
    assert runs["3"].metrics["result.abs_error"] == pytest.approx(0.05)

    export(capsys, made, "--to", "optuna")
    study = optuna.load_study(study_name="made", storage=f"sqlite:///{made.root}/optuna.db")
    assert study.best_params == {"shots": 4}
    assert study.best_trial.intermediate_values == {0: 0.5}
    faults = [trial.user_attrs.get("fault", "") for trial in study.trials]
    assert [bool(fault) for fault in faults] == [False, True, False, False]


def test_optuna_gets_a_study_for_each_problem(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import optuna

    jobs = [
        Made({"problem.n": n, "lr": lr}, result={"objective": n * lr}, algorithm={"direction": "maximize"})
        for n in (4, 6)
        for lr in (1, 2)
    ]
    made = written(tmp_path / "made", jobs)
    assert "2 trials in study 'made-problem.n=4'; 2 trials in study 'made-problem.n=6'" in export(
        capsys, made, "--to", "optuna"
    )
    study = optuna.load_study(study_name="made-problem.n=6", storage=f"sqlite:///{made.root}/optuna.db")
    assert (study.best_params, study.best_value) == ({"lr": 2}, 12)


@pytest.mark.parametrize("target", ["csv", "parquet", "mlflow", "optuna"])
def test_an_empty_sweep_can_be_exported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, target: str
) -> None:
    said = export(capsys, empty_sweep(tmp_path / "empty"), "--to", target)
    assert "0 " in said or "no jobs" in said


@pytest.mark.parametrize(("target", "package"), [("mlflow", "mlflow"), ("optuna", "optuna")])
def test_a_missing_tool_is_named_with_its_extra(
    capsys: pytest.CaptureFixture[str],
    folder: SweepFolder,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    package: str,
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    said = export(capsys, folder, "--to", target, expect=1)
    assert f"pip install 'braket-sweeper[{package}]'" in said


def test_an_address_that_does_not_work_is_said(
    capsys: pytest.CaptureFixture[str], folder: SweepFolder
) -> None:
    assert "Optuna refuses" in export(capsys, folder, "--to", "optuna", "--output", "nonsense://x", expect=1)
    assert "MLflow refuses" in export(capsys, folder, "--to", "mlflow", "--output", "nonsense://x", expect=1)


@pytest.mark.parametrize("command", ["compare", "report", "export", "table", "status"])
def test_nothing_heavy_is_imported_before_it_is_used(folder: SweepFolder, command: str) -> None:
    heavy = {
        "compare": "braket boto3 plotly mlflow optuna hydra",
        "report": "braket boto3 mlflow optuna hydra kaleido",
        "export": "braket boto3 plotly mlflow optuna hydra scipy",
        "table": "braket boto3 plotly mlflow optuna hydra scipy.stats jinja2",
        "status": "braket boto3 plotly mlflow optuna hydra scipy jinja2",
    }[command]
    words = [command, str(folder.root), *(["--to", "csv"] if command == "export" else [])]
    code = (
        "import sys; from sweeper.cli import run_subcommand\n"
        f"run_subcommand({words!r})\n"
        f"print('heavy:', sorted(set({heavy!r}.split()) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "heavy: []" in done.stdout
