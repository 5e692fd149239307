"""The same folder again, and results of other folders: what is kept, reused, run, and refused."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pandas as pd
import pytest

from braket_emulator import Fault, FaultKind
from sweeper import load_sweep
from sweeper.ledger.reader import read_jobs, reading

from .conftest import NO_REHEARSAL, Cloud, MakeCloud

COMMON = (*NO_REHEARSAL, "report=false")
SCRIPT = ("algorithm=script", "algorithm.source_module=theirs", "algorithm.entry_point=theirs.job:main")
N = "+algorithm.hyperparameters.n=0,1"
SHORT = (*COMMON[:4], "rehearse=false", "report=false", "job.retries=0")


def edit(file: Path, text: str) -> None:
    """Write a source file before another command."""
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text(text)


def created(aws: Cloud) -> int:
    return len(aws.emulator.jobs)


def bound(said: str) -> float:
    (usd,) = re.findall(r"to run for at most (\d+\.\d\d) USD", said)
    return float(usd)


def test_a_longer_sweep_runs_and_counts_only_what_is_new(stubs: Cloud) -> None:
    first = stubs.run("-m", "device=sv1", "seed=range(2)", *COMMON)
    said = stubs.run("-m", "device=sv1", "seed=range(4)", *COMMON)
    assert "2 kept, 2 to run" in said
    assert bound(said) == pytest.approx(bound(first))
    assert created(stubs) == 4
    assert list(stubs.results["attempts"]) == [1] * 4
    said = stubs.run("plan", "-m", "device=sv1", "seed=range(5)", *COMMON)
    assert "4 kept, 1 to run" in said
    # What costs nothing any more needs nobody's consent.
    stubs.run("-m", "device=sv1", "seed=range(4)", *(word for word in COMMON if "max_usd" not in word))
    assert created(stubs) == 4


def test_finished_results_of_another_sweep_are_taken_over(stubs: Cloud) -> None:
    stubs.run("-m", "seed=range(2)", *COMMON)
    more = ("-m", "seed=range(3)", "reuse_from=[out]", *COMMON, "hydra.sweep.dir=more")
    assert "2 reused, 1 to run" in stubs.run("plan", *more)
    assert not (stubs.directory / "more").exists()
    stubs.run(*more)
    assert created(stubs) == 3
    folder = stubs.directory / "more"
    results, there = load_sweep(folder).results, stubs.results
    assert list(results["status"]) == ["COMPLETED"] * 3
    assert list(results["value"][:2]) == list(there["value"])
    assert list(results["attempts"]) == [0, 0, 1]
    assert list(results["cost_usd"] > 0) == [False, False, True]
    assert results["reason"][1] == f"reused from {stubs.directory / 'out'}, job 1"
    (run,) = json.loads((folder / "provenance.json").read_text())["runs"]
    assert set(run["reused"]) == {"0", "1"}
    # The same command again has nothing left to do.
    assert "3 kept, 0 to run" in stubs.run(*more)
    assert created(stubs) == 3


def test_a_folder_to_reuse_that_is_no_sweeps_is_refused(stubs: Cloud) -> None:
    said = stubs.run("seed=0", "reuse_from=[elsewhere]", *COMMON, expect=1)
    assert "reuse_from=elsewhere" in said
    assert "is not the folder of a sweep" in said
    assert list(stubs.directory.iterdir()) == []


def half_done(stubs: Cloud) -> None:
    """A sweep of two jobs of a source, of which the second has failed."""
    edit(stubs.directory / "theirs/job.py", "def main(): ...\n")
    edit(stubs.directory / "theirs/old.py", "")
    stubs.emulator.inject(Fault("RunJob", FaultKind.CAPACITY, after=1))
    stubs.run("-m", *SCRIPT, N, *SHORT, expect=1)
    assert list(stubs.results["status"]) == ["COMPLETED", "FAILED"]


def change_source(stubs: Cloud) -> None:
    (stubs.directory / "theirs/old.py").unlink()
    edit(stubs.directory / "theirs/new.py", "")
    edit(stubs.directory / "theirs/job.py", "def main(): print('better')\n")


def snapshots(stubs: Cloud) -> list[str]:
    """The digest of the source that each job has run or is to run."""
    with reading(stubs.directory / "out/sweep.db") as db:
        return [job.spec["source"]["digest"] for job in read_jobs(db)]


def test_a_changed_source_is_refused_by_name_and_unfinished_jobs_take_it_if_accepted(stubs: Cloud) -> None:
    half_done(stubs)
    change_source(stubs)
    for command in (("-m", *SCRIPT, N, *SHORT), ("-m", *SCRIPT, N.replace("0,1", "2"), *SHORT)):
        said = stubs.run(*command, expect=1)
        for line in ("job.py changed", "new.py added", "old.py removed", "accept_changes=true"):
            assert line in said
    assert created(stubs) == 2
    before = stubs.results
    stubs.run("-m", *SCRIPT, N, *SHORT, "accept_changes=true")
    assert created(stubs) == 3
    assert list(stubs.results["status"]) == ["COMPLETED"] * 2
    pd.testing.assert_series_equal(stubs.results.loc[0].drop("reason"), before.loc[0].drop("reason"))
    assert len(set(snapshots(stubs))) == 2
    run = json.loads((stubs.directory / "out/provenance.json").read_text())["runs"][-1]
    assert any("job.py changed" in line for line in run["accepted_changes"])


def test_resume_refuses_a_changed_source_and_runs_what_was_enlisted_if_accepted(stubs: Cloud) -> None:
    half_done(stubs)
    enlisted = snapshots(stubs)
    change_source(stubs)
    said = stubs.run("resume", "out", expect=1)
    assert "job.py changed" in said
    assert "--accept-changes" in said
    assert created(stubs) == 2
    stubs.run("resume", "out", "--accept-changes")
    assert list(stubs.results["status"]) == ["COMPLETED"] * 2
    assert snapshots(stubs) == enlisted
    # Nothing is left to be started, so nothing can be mixed.
    stubs.run("resume", "out")


def test_a_changed_config_is_refused_with_its_key(stubs: Cloud) -> None:
    bull = stubs.directory / "conf/problem/bull.yaml"
    text = "# {}\ndefaults:\n  - edge_list\n  - _self_\nedges: {}\n"
    edit(bull, text.format("a bull", "0-1,1-2"))
    words = ("-m", "algorithm=qaoa_maxcut", "problem=bull", "seed=0,1", "job.retries=0", *COMMON)
    stubs.emulator.inject(Fault("RunJob", FaultKind.CAPACITY, after=1))
    stubs.run(*words, expect=1)
    edit(bull, text.format("another comment", "0-1,1-2"))
    stubs.run("resume", "out")
    edit(bull, text.format("a bull", "0-1,1-2,0-2"))
    said = stubs.run(*words, expect=1)
    assert "problem.edges was 0-1,1-2 and is 0-1,1-2,0-2" in said
    assert created(stubs) == 3


def test_resume_notices_a_changed_config_and_changed_input_data(stubs: Cloud) -> None:
    edit(stubs.directory / "theirs/job.py", "def main(): ...\n")
    edit(stubs.directory / "extra/note.txt", "hello")
    edit(stubs.directory / "conf/device/mine.yaml", "defaults: [local, _self_]\n")
    stubs.emulator.inject(Fault("RunJob", FaultKind.CAPACITY))
    words = (*SCRIPT, "+job.input_data.extra=extra", "device=mine", *SHORT)
    stubs.run(*words, expect=1)
    edit(stubs.directory / "conf/device/mine.yaml", "defaults: [braket_dm, _self_]\n")
    assert "conf/device/mine.yaml has changed" in stubs.run("resume", "out", expect=1)
    edit(stubs.directory / "extra/note.txt", "bye")
    # There is no copy of the data, so accepting cannot mean to run with what there was.
    assert "job.input_data.extra" in stubs.run("resume", "out", "--accept-changes", expect=1)
    assert created(stubs) == 1


def test_ctrl_c_leaves_the_jobs_and_says_what_can_be_done(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=2000) as aws:
        sweep = aws.start("-m", "seed=range(5)", *COMMON)
        aws.wait_until(lambda: created(aws) == 3, "three jobs")
        sweep.send_signal(signal.SIGINT)
        said, _ = sweep.communicate(timeout=60)
        assert sweep.returncode == 130
        assert "3 jobs" in said
        assert "go on without this process. Collect them: sweeper resume out" in said
        assert "End them: sweeper cancel out" in said
        assert aws.results["status"][4] == "PENDING"
        assert set(aws.results["status"][:3]) <= {"QUEUED", "RUNNING"}
        assert {str(job.status) for job in aws.emulator.jobs} <= {"QUEUED", "RUNNING"}
