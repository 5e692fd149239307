"""Strangers' scripts, unmodified, in whole sweeps: typed commands here and on an emulated AWS account."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from sweeper import load_sweep

from ..aws.conftest import NO_REHEARSAL, QUICK, cloud
from ..conftest import Command

FITS = """
from braket.jobs import save_job_result
def main(n_layers: int = 1, **more):
    save_job_result({"loss": n_layers, "type": type(n_layers).__name__})
"""

CRASHES = """
import os
from braket.jobs import load_job_checkpoint, save_job_checkpoint, save_job_result
def main():
    try:
        start = load_job_checkpoint(checkpoint_file_suffix="state")["step"]
    except Exception:
        start = 0
    for step in range(start, 6):
        save_job_checkpoint({"step": step}, checkpoint_file_suffix="state")
        if step == 3 and start == 0:
            os._exit(3)
    save_job_result({"loss": float(start)})
"""

KILLS = """
import os, signal
from braket.jobs import load_job_checkpoint, save_job_checkpoint, save_job_result
def main():
    try:
        start = load_job_checkpoint()["step"]
    except FileNotFoundError:
        start = 0
    save_job_checkpoint({"step": start + 1})
    if start == 0:
        os._exit(3)
    if start == 1:
        server = os.getppid()
        orchestrator = open(f"/proc/{server}/stat").read().rpartition(")")[2].split()[1]
        os.kill(int(orchestrator), signal.SIGKILL)
        signal.pause()
    save_job_result({"loss": float(start)})
"""


def words(folder: Path, code: str, *values: str) -> tuple[str, ...]:
    (folder / "theirs.py").write_text(code)
    return (
        *("-m", "algorithm=script", "algorithm.source_module=theirs.py", "algorithm.entry_point=theirs:main"),
        *("algorithm.objective=loss", *values),
    )


def test_arguments_are_the_same_in_every_place(tmp_path: Path) -> None:
    with cloud(tmp_path) as aws:
        sweep = words(tmp_path, FITS, "+algorithm.hyperparameters.n_layers=4,8")
        aws.run(*sweep, "report=false", "hydra.sweep.dir=local")
        aws.run(*sweep, *QUICK[:4], "report=false", "hydra.sweep.dir=one")  # after a rehearsal
        aws.run(*sweep, *QUICK[:4], "report=false", "hydra.sweep.dir=packed", "hydra.launcher.pack=2")
    for name in ("local", "one", "packed"):
        results = load_sweep(tmp_path / name).results
        assert list(results["objective"]) == [4.0, 8.0]
        assert list(results["result.type"]) == ["int"] * 2
    assert load_sweep(tmp_path / "packed").results["job_arn"].nunique() == 1


@pytest.mark.parametrize("pack", [1, 2])
def test_a_job_that_crashed_on_aws_goes_on_where_it_was(tmp_path: Path, pack: int) -> None:
    with cloud(tmp_path) as aws:
        sweep = words(tmp_path, CRASHES, "+algorithm.hyperparameters.x=1,2")
        aws.run(*sweep, *NO_REHEARSAL[:4], "rehearse=false", f"hydra.launcher.pack={pack}", expect=1)
        assert list(aws.results["status"]) == ["FAILED"] * 2
        aws.run("resume", "out")
        assert list(aws.results["objective"]) == [3.0, 3.0]
        assert len(aws.emulator.jobs) == 4 // pack


def test_a_job_goes_on_where_it_was_whoever_crashed(sweeper: Command, tmp_path: Path) -> None:
    sweep = (*words(tmp_path, KILLS), "report=false", "hydra.sweep.dir=out")
    sweeper(*sweep, expect=1)
    sweeper("resume", "out", expect=-signal.SIGKILL)
    sweeper("resume", "out")
    results = load_sweep(tmp_path / "out").results
    assert list(results["objective"]) == [2.0]
    assert list(results["attempts"]) == [3]


def test_traps_are_said_before_anything_is_submitted(tmp_path: Path) -> None:
    code = (
        "from typing import Optional\nfrom braket.jobs import save_job_result\n"
        "def main(flag: bool, n: Optional[int] = None): save_job_result({'loss': 0.0})\n"
    )
    with cloud(tmp_path) as aws:
        sweep = words(tmp_path, code, "+algorithm.hyperparameters.flag=false,true")
        traps = (
            "theirs:main: `flag: bool` is True for every text",
            "theirs:main: `n: Optional[int]` cannot be called with a text",
        )
        options = (*QUICK[:4], "report=false", "+algorithm.hyperparameters.n=1")
        said = aws.run("plan", *sweep, *options)
        assert [said.count(trap) for trap in traps] == [1, 1]
        said = aws.run(*sweep, *options, expect=1)  # the rehearsal fails as the job would
        assert [said.count(trap) for trap in traps] == [1, 1]
        assert "Nothing was submitted" in said or "so nothing was submitted" in said
        assert aws.emulator.jobs == []
        said = aws.run(*sweep, "report=false", "hydra.sweep.dir=here", "hydra.sweeper.max_batch_size=1")
        assert said.count(traps[0]) == 1
