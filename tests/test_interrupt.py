"""Ctrl-C once ends in order, twice at once: real signals to a real process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sweeper.folder.layout import SweepFolder
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry
from sweeper.running.interrupt import CtrlC, Patience
from sweeper.running.runner import Runner

from .test_runner import RUNNING, ScriptedExecutor, spec

PATIENCE_SECONDS = 300.0


def in_child(work: Callable[[], int]) -> int:
    """Do this in a forked child; its process id."""
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            for number in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            code = work()
        except KeyboardInterrupt:
            code = 130
        finally:
            os._exit(code)
    return pid


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Slow(ScriptedExecutor):
    """Jobs that never end by themselves; says in a file when one runs."""

    def __init__(self, told: Path, *, stubborn: bool = False) -> None:
        super().__init__({name: [RUNNING] for name in "abc"})
        self.told = told
        self.stubborn = stubborn

    def wait(self, seconds: float) -> None:
        self.told.touch()
        time.sleep(min(seconds, 0.005))

    def cancel(self, handles: object) -> None:
        (self.told.parent / "cancelling").touch()
        if not self.stubborn:
            super().cancel(list(handles))  # type: ignore[call-overload]


def sweep(root: Path, *, stubborn: bool = False) -> int:
    folder = SweepFolder(root)
    ledger = Ledger(folder.ledger)
    numbers = ledger.enlist(Entry(spec(name).key, [], {}, {}) for name in "abc")
    executor = Slow(root / "runs", stubborn=stubborn)
    with CtrlC() as ctrl_c:
        runner = Runner(folder, ledger, executor, interrupted=ctrl_c.pressed)
        runner.run({number: spec(name) for number, name in zip(numbers, "abc", strict=True)})
    return 0


def states(root: Path) -> list[str]:
    ledger = Ledger(SweepFolder(root).ledger)
    found = [str(job.state) for job in ledger.jobs()]
    ledger.close()
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_what_runs_and_writes_it_down(tmp_path: Path, number: signal.Signals) -> None:
    pid = in_child(lambda: sweep(tmp_path))
    until((tmp_path / "runs").exists)
    os.kill(pid, number)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert states(tmp_path) == ["CANCELLED", "CANCELLED", "PENDING"]


def test_the_second_signal_stops_at_once(tmp_path: Path) -> None:
    pid = in_child(lambda: sweep(tmp_path, stubborn=True))
    until((tmp_path / "runs").exists)
    os.kill(pid, signal.SIGINT)
    until((tmp_path / "cancelling").exists)  # and now it waits for jobs that do not end
    os.kill(pid, signal.SIGINT)
    # At once, or never: the jobs do not end.
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert states(tmp_path) == ["RUNNING", "RUNNING", "PENDING"]


def test_a_signal_that_comes_too_late_to_end_anything_is_not_lost() -> None:
    before = signal.getsignal(signal.SIGINT)

    def too_late() -> None:
        with CtrlC() as ctrl_c:
            os.kill(os.getpid(), signal.SIGINT)
            until(ctrl_c.pressed)

    with pytest.raises(KeyboardInterrupt):
        too_late()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_ctrl_c_that_python_only_reports_is_raised_again() -> None:
    class Interrupted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)
            until(lambda: False)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Patience() as patience:
            Interrupted()
            with pytest.raises(KeyboardInterrupt):
                until(lambda: False)
        assert patience.at_an_end
    finally:
        signal.signal(signal.SIGINT, before)
