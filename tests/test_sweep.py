"""Whole sweeps, typed as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from sweeper import load_sweep
from sweeper.errors import FolderError
from sweeper.job.state import JobState
from sweeper.ledger.reader import read_jobs, reading

from .conftest import Command

QUICK = ("max_iterations=4", "shots=50", "hydra.sweep.dir=out")


@dataclass(frozen=True)
class Swept:
    """A directory in which a sweep has run into `out`, for several tests to read, and what was said."""

    directory: Path
    sweeper: Command
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, typing_in: Callable[[Path], Command]) -> Swept:
    """Both algorithms with two optimizers each."""
    directory = tmp_path_factory.mktemp("both")
    sweeper = typing_in(directory)
    words = ("-m", "algorithm=vqe,qaoa_maxcut", "optimizer=cobyla,spsa", *QUICK)
    return Swept(directory, sweeper, sweeper(*words, AWS_SECRET_ACCESS_KEY="do-not-tell"))


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory, typing_in: Callable[[Path], Command]) -> Swept:
    """One job, whose report cannot be written."""
    directory = tmp_path_factory.mktemp("single")
    (directory / "out/report.html").mkdir(parents=True)
    sweeper = typing_in(directory)
    return Swept(directory, sweeper, sweeper(*QUICK))


SCRIPT = """
import json, os, sys
from braket.jobs import get_hyperparameters, save_job_result
from braket.jobs.metrics import log_metric

def main():
    n_layers = int(get_hyperparameters()["n_layers"])
    if n_layers == 2:
        os.kill(os.getpid(), 11)
    for step in range(3):
        log_metric(metric_name="loss", value=1 / n_layers + 2 - step, iteration_number=step)
    save_job_result({"depth": n_layers, "nested": {"a": [1, 2]}})
"""


@pytest.fixture
def script(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "their_job.py").write_text(SCRIPT)
    return (
        "algorithm=script",
        "algorithm.source_module=their_job.py",
        "algorithm.entry_point=their_job:main",
        "hydra.sweep.dir=out",
    )


def test_both_algorithms_sweep_together(both: Swept) -> None:
    sweep = load_sweep(both.directory / "out")
    results = sweep.results
    assert list(results.columns[:5]) == ["job", "status", "algorithm", "problem", "optimizer"]
    assert list(results["status"]) == ["COMPLETED"] * 4
    assert list(results["problem"]) == ["h2", "h2", "ring", "ring"]
    vqe, qaoa = results[results.algorithm == "vqe"], results[results.algorithm == "qaoa_maxcut"]
    assert vqe["reference"].tolist() == pytest.approx([-1.13730604] * 2, abs=1e-8)
    assert (vqe["error"] - (vqe["value"] - vqe["reference"])).abs().max() < 1e-12
    assert qaoa["reference"].tolist() == [4.0, 4.0]
    assert (qaoa["ratio"] - qaoa["value"] / 4).abs().max() < 1e-12
    assert (qaoa["objective"] == -qaoa["value"]).all()
    assert (results["evaluations"] == 5).all()
    assert (results["shots_total"] == results["tasks"] * 50).all()
    assert (results["cost_usd"] == 0).all()
    energies = sweep.metrics[(sweep.metrics.job == 0) & (sweep.metrics.metric == "energy")]
    assert list(energies["iteration"]) == [0, 1, 2, 3]
    assert "COMPLETED" in both.done.stdout
    assert "on this machine" in both.done.stderr
    assert pd.read_csv(both.directory / "out" / "results.csv").shape == results.shape


def test_a_single_run_is_a_sweep_of_one(single: Swept) -> None:
    assert list(load_sweep(single.directory / "out").results["status"]) == ["COMPLETED"]
    job = single.directory / "out" / "jobs" / "0"
    assert {".hydra", "hyperparameters.json", "log.txt", "results", "checkpoints"} <= {
        entry.name for entry in job.iterdir()
    }
    assert json.loads((job / "hyperparameters.json").read_text())["shots"] == "50"
    assert (job / "results" / "parameter_trajectory.npy").is_file()


def test_the_same_seeds_give_the_same_results_whatever_the_parallelism(
    sweeper: Command, tmp_path: Path
) -> None:
    words = ("-m", "seed=0,1,2,3", "max_iterations=6", "shots=100", "report=false")
    sweeper(*words, "hydra.sweep.dir=one", "hydra.launcher.n_jobs=1")
    sweeper(*words, "hydra.sweep.dir=three", "hydra.launcher.n_jobs=3")
    one, three = (load_sweep(tmp_path / name).results for name in ("one", "three"))
    assert one["value"].nunique() == 4
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), three.drop(columns="seconds"))


def test_the_same_folder_keeps_finished_jobs_and_runs_the_rest(sweeper: Command, tmp_path: Path) -> None:
    sweeper("-m", "seed=0,1", *QUICK, "report=false")
    results = [(tmp_path / f"out/jobs/{n}/results/results.json") for n in (0, 1)]
    before = [(file.stat().st_mtime_ns, file.read_bytes()) for file in results]
    (tmp_path / "out/cancel").touch()  # left by a `sweeper cancel` that was killed
    done = sweeper("-m", "seed=0,1,2", *QUICK)
    assert [(file.stat().st_mtime_ns, file.read_bytes()) for file in results] == before
    assert "2 of them finished before" in done.stderr
    table = load_sweep(tmp_path / "out").results
    assert list(table["seed"]) == [0, 1, 2]
    assert list(table["attempts"]) == [1, 1, 1]
    assert len(json.loads((tmp_path / "out/provenance.json").read_text())["runs"]) == 2
    # `table` and `status` read the folder.
    done = sweeper("table", "out", "--sort=-error", "--where", "seed>=1", "--csv")
    rows = done.stdout.splitlines()
    assert rows[0].startswith("job,status,seed,objective")
    assert len(rows) == 3
    assert sweeper("status", "out").stdout.strip() == f"3 jobs: 3 {JobState.COMPLETED}"
    assert "is not the folder of a sweep" in sweeper("table", "elsewhere", expect=1).stderr


def test_anybodys_script_is_swept_and_its_crash_is_one_row(
    sweeper: Command, tmp_path: Path, script: tuple[str, ...]
) -> None:
    done = sweeper(
        *("-m", *script, "+algorithm.hyperparameters.n_layers=1,2,4", "algorithm.objective=loss"),
        "report=false",
        expect=1,
    )
    results = load_sweep(tmp_path / "out").results
    assert list(results["algorithm.hyperparameters.n_layers"]) == [1, 2, 4]
    assert list(results["status"]) == ["COMPLETED", "FAILED", "COMPLETED"]
    assert results["objective"].tolist()[::2] == [1.0, 0.25]
    assert results["result.depth"].tolist()[::2] == [1, 4]
    assert "SIGSEGV" in results["reason"][1]
    assert "1 of 3 jobs failed" in done.stdout
    assert "SIGSEGV" in done.stderr


def test_a_swept_key_that_a_script_never_receives_is_refused(
    sweeper: Command, tmp_path: Path, script: tuple[str, ...]
) -> None:
    done = sweeper("-m", *script, "+algorithm.hyperparameters.n_layers=1", "shots=10,20", expect=1)
    assert "make no difference" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_refused_sweep_starts_nothing_and_leaves_nothing(sweeper: Command, tmp_path: Path) -> None:
    done = sweeper("-m", "shots=10,-1", *QUICK[:1], expect=1)
    assert "shots must be 0 or more (0: exact expectation values)" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_own_configs_extend_and_override(sweeper: Command, tmp_path: Path) -> None:
    (tmp_path / "conf/problem").mkdir(parents=True)
    (tmp_path / "conf/problem/triangle.yaml").write_text(
        "defaults:\n  - edge_list\n  - _self_\nedges: 0-1,1-2,0-2\n"
    )
    (tmp_path / "more/optimizer").mkdir(parents=True)
    (tmp_path / "more/optimizer/cobyla.yaml").write_text(
        "defaults:\n  - /schema_optimizer_cobyla@_here_\n  - _self_\nrhobeg: 0.125\n"
    )
    sweeper(
        "-m", "algorithm=qaoa_maxcut", "problem=ring,triangle", "--config-dir", "more", *QUICK, "report=false"
    )
    results = load_sweep(tmp_path / "out").results
    assert list(results["problem"]) == ["ring", "triangle"]
    assert results["reference"].tolist() == [4.0, 2.0]
    hyperparameters = json.loads((tmp_path / "out/jobs/1/hyperparameters.json").read_text())
    assert hyperparameters["edges"] == "0-1,0-2,1-2"
    assert hyperparameters["optimizer.rhobeg"] == "0.125"


def test_a_long_edge_list_travels_as_a_file(sweeper: Command, tmp_path: Path) -> None:
    edges = [f"{i} {j}" for i in range(5) for j in range(i)]
    edges += [f"{i} {j} 0.{i:03}{j:03}1234567890123456" for i in range(5, 17) for j in range(i)]
    (tmp_path / "big.txt").write_text("\n".join(edges))
    sweeper("algorithm=qaoa_maxcut", "problem=graph_file", "problem.path=big.txt", *QUICK, "report=false")
    assert list(load_sweep(tmp_path / "out").results["status"]) == ["COMPLETED"]
    job = tmp_path / "out/jobs/0"
    assert json.loads((job / "hyperparameters.json").read_text())["edges"] == "@hyperparameters/edges"
    assert len((job / "input/hyperparameters/edges").read_text()) > 2500


def test_ctrl_c_stops_at_once_and_leaves_a_readable_folder(sweeper: Command, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\nfrom braket.jobs import get_hyperparameters, save_job_result\n"
        "def main():\n    n = int(get_hyperparameters()['n'])\n    save_job_result({'n': n})\n"
        "    time.sleep(600 if n else 0)\n"
    )
    words = ["algorithm=script", "algorithm.source_module=slow.py", "algorithm.entry_point=slow:main"]
    words += ["-m", "+algorithm.hyperparameters.n=0,1,2,3", "hydra.sweep.dir=out", "hydra.launcher.n_jobs=2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sweeper", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    ledger = tmp_path / "out/sweep.db"
    deadline = time.monotonic() + 300
    while not (ledger.is_file() and states(ledger)[:3] == ["COMPLETED", "RUNNING", "RUNNING"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in said
    table = load_sweep(tmp_path / "out").results
    assert list(table["status"]) == ["COMPLETED", "CANCELLED", "CANCELLED", "PENDING"]


def states(ledger: Path) -> list[str]:
    try:
        with reading(ledger) as db:
            return [str(job.state) for job in read_jobs(db)]
    except FolderError:  # its tables are being made
        return []


def test_a_folder_in_use_is_refused(sweeper: Command, tmp_path: Path) -> None:
    from sweeper.folder.lock import only_writer

    with only_writer(tmp_path / "out" / "sweep.lock"):
        done = sweeper(*QUICK, expect=1)
    assert f"process {os.getpid()}" in done.stderr


def test_provenance_says_what_made_the_results_and_no_secret(both: Swept) -> None:
    run = json.loads((both.directory / "out/provenance.json").read_text())["runs"][0]
    assert "max_iterations=4" in run["command"]
    assert run["packages"]["amazon-braket-sdk"].startswith("1.")
    assert run["seeds"] == [0]
    assert run["devices"][0]["arn"] == "local:braket/default"
    assert run["instances"][0]["as_of"]
    for file in (both.directory / "out").rglob("*"):
        assert not file.is_file() or b"do-not-tell" not in file.read_bytes(), file


def test_help_explains_the_groups(sweeper: Command) -> None:
    text = sweeper("--help").stdout
    for word in (
        "algorithm",
        "problem",
        "device",
        "optimizer",
        "instance",
        "experiment",
        "sweeper table DIR",
    ):
        assert word in text
    assert "schema_" not in text
    assert "shots: 1000" in sweeper("--cfg", "job").stdout


def test_completion_offers_options_and_keys(sweeper: Command) -> None:
    def offered(line: str) -> list[str]:
        done = sweeper("-sc", "query=bash", COMP_LINE=line, COMP_POINT=str(len(line)))
        return done.stdout.split()

    assert "optimizer=spsa" in offered("sweeper optimizer=")
    assert "optimizer.rhobeg=" in offered("sweeper optimizer.")
    assert "hydra/launcher=braket_local" in offered("sweeper hydra/launcher=")


def test_a_sweep_ends_with_its_report(both: Swept) -> None:
    report = both.directory / "out/report.html"
    assert f"Report: {Path('out/report.html')}" in both.done.stdout
    assert "4 COMPLETED" in report.read_text()
    report.unlink()
    both.sweeper("report", "out")
    assert report.is_file()


def test_a_report_that_cannot_be_written_fails_no_sweep(single: Swept) -> None:
    assert "The report could not be written" in single.done.stderr
    assert "sweeper report out" in single.done.stderr
    assert list(load_sweep(single.directory / "out").results["status"]) == ["COMPLETED"]


def test_what_a_source_requires_is_looked_for_before_anything_starts(
    sweeper: Command, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "__init__.py").write_text("")
    (theirs / "job.py").write_text(PROGRESS_BAR)
    (theirs / "requirements.txt").write_text("no-such-package>=2\nnumpy\n")
    words = (
        *(
            "-m",
            "algorithm=script",
            "algorithm.source_module=theirs",
            "algorithm.entry_point=theirs.job:main",
        ),
        *("algorithm.objective=loss", "+algorithm.hyperparameters.x=1", "hydra.sweep.dir=out"),
        "report=false",
    )
    refused = sweeper(*words, expect=1)
    assert "requirements.txt line 1: no-such-package>=2: not installed" in refused.stderr
    assert "job.requirements=ignore" in refused.stderr
    assert not (tmp_path / "out").exists()
    done = sweeper(*words, "job.requirements=ignore")
    assert "no-such-package>=2: not installed" in done.stderr
    sweep = load_sweep(tmp_path / "out")
    # The bar is on the same stream as the metrics.
    assert sweep.metrics[sweep.metrics.metric == "loss"]["value"].tolist() == [3.0, 2.0, 1.0]
    assert sweep.metrics[sweep.metrics.metric == "train/loss"]["value"].tolist() == [30.0, 20.0, 10.0]
    (remark,) = sweep.remarks
    assert "train/loss" in remark
    assert remark in done.stdout
    assert remark in sweeper("table", "out").stdout
    assert remark in sweeper("status", "out").stdout


PROGRESS_BAR = """
import sys
from braket.jobs import save_job_result
from braket.jobs.metrics import log_metric

def main():
    for i in range(3):
        print(f"\\r{i}/3 |#", end="", file=sys.stderr, flush=True)
        log_metric(metric_name="loss", value=float(3 - i), iteration_number=i)
        log_metric(metric_name="train/loss", value=10.0 * (3 - i), iteration_number=i)
    save_job_result({"loss": 1.0})
"""
