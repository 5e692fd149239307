"""A lost ledger and a full disk cost time: what AWS has been paid for is found again and not paid twice."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from braket_emulator import Fault, FaultKind, StubProgram

from ..damage.made import in_child
from ..damage.test_disk import no_file_grows_beyond
from .conftest import NO_REHEARSAL, Cloud, MakeCloud
from .test_faults import assert_complete

TWO = ("-m", "seed=0,1", *NO_REHEARSAL)


def damage(cloud: Cloud) -> Path:
    ledger = cloud.directory / "out" / "sweep.db"
    ledger.write_bytes(b"\xff" * 5000)
    return ledger


def test_a_rebuilt_ledger_finds_the_jobs_that_run(stubs: Cloud) -> None:
    stubs.run(*TWO, "hydra.launcher.wait=false")
    damage(stubs)
    said = stubs.run("resume", "out")
    assert "sweep.db is damaged" in said
    assert "2 jobs, 0 of them have ended, 2 are looked for" in said
    assert_complete(stubs, 2)
    before = stubs.results
    damage(stubs).unlink()
    said = stubs.run("resume", "out")
    assert "2 jobs, 2 of them have ended" in said
    assert_complete(stubs, 2)
    pd.testing.assert_frame_equal(stubs.results, before)


def test_a_job_of_which_nobody_heard_is_found_by_its_token(stubs: Cloud) -> None:
    stubs.emulator.inject(Fault("CreateJob", FaultKind.SLOW, times=1, after=1, seconds=math.inf))
    sweep = stubs.start(*TWO)
    stubs.wait_until(lambda: len(stubs.emulator.jobs) == 2, "the second job, whose answer never comes")
    sweep.kill()
    sweep.wait()
    damage(stubs)
    stubs.run(*TWO)  # the sweep's own command rebuilds as well
    assert_complete(stubs, 2)
    assert len(stubs.emulator.jobs) == 2


def test_results_that_do_not_fit_on_the_disk_are_fetched_later(make_cloud: MakeCloud) -> None:
    outcome = {"objective": -1.0, "value": -1.0, "tasks": 8, "text": "x" * 400_000}
    with make_cloud(stub=StubProgram(runtime_seconds=3, outcome=lambda _: outcome)) as cloud:
        cloud.run(*TWO, "hydra.launcher.wait=false")

        def resume() -> None:
            no_file_grows_beyond(300_000)
            said = cloud.run("resume", "out", expect=1)
            assert "cannot be written: File too large" in said
            assert "go on with sweeper resume" in said

        in_child(resume)
        assert set(cloud.results["status"]) <= {"QUEUED", "RUNNING"}
        cloud.run("resume", "out")
        assert_complete(cloud, 2)
        assert cloud.count()["CreateJob"] == 2


def test_cancelling_ends_what_a_damaged_ledger_knew(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=2000) as cloud:
        cloud.run(*TWO, "hydra.launcher.wait=false")
        damage(cloud)
        assert "2 are looked for where they were handed over" in cloud.run("cancel", "out")
        assert {str(job.status) for job in cloud.emulator.jobs} == {"CANCELLED"}
        assert list(cloud.results["status"]) == ["CANCELLED"] * 2
