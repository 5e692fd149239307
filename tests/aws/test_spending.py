"""Spending limits on QPUs: set for a sweep, and removed by whoever goes on with it, or said to be there."""

from __future__ import annotations

import math

import pytest

from braket_emulator import Fault, FaultKind

from .conftest import NO_REHEARSAL, Cloud, MakeCloud

WORDS = ("device=iqm_garnet", "budget.spending_limit=true", *NO_REHEARSAL)
AGAIN = {"resume": ("resume", "out"), "the same command": WORDS, "cancel": ("cancel", "out")}


def killed_with_a_limit(cloud: Cloud) -> None:
    sweep = cloud.start(*WORDS)
    cloud.wait_until(lambda: bool(cloud.emulator.jobs), "a job under the limit")
    assert len(cloud.emulator.spending_limits) == 1
    sweep.kill()
    sweep.wait()


@pytest.mark.parametrize("again", AGAIN)
def test_a_killed_sweeps_limit_is_removed_by_whoever_goes_on(make_cloud: MakeCloud, again: str) -> None:
    with make_cloud(startup_seconds=60) as cloud:
        killed_with_a_limit(cloud)
        cloud.run(*AGAIN[again])
        assert cloud.emulator.spending_limits == []
        assert not (cloud.directory / "out/spending-limits.json").exists()
        assert cloud.count()["CreateSpendingLimit"] == 1  # taken over, or only removed


def test_a_limit_of_which_nobody_heard_is_found_and_removed(make_cloud: MakeCloud) -> None:
    with make_cloud() as cloud:
        cloud.emulator.inject(Fault("CreateSpendingLimit", FaultKind.SLOW, seconds=math.inf))
        sweep = cloud.start(*WORDS)
        cloud.wait_until(lambda: bool(cloud.emulator.spending_limits), "a limit of which nobody heard")
        sweep.kill()
        sweep.wait()
        # It may not be listed yet either: then the token tells.
        cloud.emulator.inject(Fault("SearchSpendingLimits", FaultKind.ACCESS_DENIED))
        cloud.run("cancel", "out")
        assert cloud.emulator.spending_limits == []


def test_a_limit_that_cannot_be_removed_is_said_and_removed_later(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=60) as cloud:
        cloud.emulator.inject(Fault("DeleteSpendingLimit", FaultKind.ACCESS_DENIED, times=2))
        said = cloud.run(*WORDS)
        assert "could not be removed and goes on to hold" in said
        assert "AccessDenied" in said
        assert list(cloud.results["status"]) == ["COMPLETED"]
        # Even where all jobs have ended.
        assert "could not be removed" in cloud.run("cancel", "out")
        cloud.run("cancel", "out")
        assert cloud.emulator.spending_limits == []
        assert "ended already" in cloud.run("cancel", "out")
