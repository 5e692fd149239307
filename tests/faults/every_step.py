"""Kills a small sweep before every statement to its ledger, and around every side effect of its submissions.

    python -m tests.faults.every_step FOLDER          # before every one
    python -m tests.faults.every_step FOLDER --every 8   # before every eighth

prints one line of JSON for each kind of place. Each trial is killed at a step of its own, killed once more
at a random step after it was resumed, and then left to finish. Killed is a process forked for it, by
SIGKILL and by itself: SQLite tells it of every statement (an audit hook has the connection), and the place
of every call.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

from sweeper.folder.layout import SweepFolder
from sweeper.job.cost import Cost
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry
from sweeper.running.runner import Runner

from .place import FilesPlace

JOBS = 4
NEVER = sys.maxsize


class Steps:
    """Counts the steps of this process and kills it before the one with a given number."""

    def __init__(self, last: int) -> None:
        self.taken = 0
        self._last = last

    def __call__(self, *_: object) -> None:
        """A step is about to be taken."""
        if self.taken == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.taken += 1

    def listen(self) -> None:
        """Take every statement of every SQLite connection for a step, from now on."""
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "sqlite3.connect/handle":
            return
        connection: sqlite3.Connection = arguments[0]

        def made(frame: FrameType, *_: object) -> None:
            if frame.f_code is not Steps._audit.__code__:
                sys.setprofile(None)
                connection.set_trace_callback(self)

        # The connection takes a callback only when its constructor has returned, which is the next event
        # that the interpreter tells a profiler of, after our own return.
        sys.setprofile(made)


def specs() -> list[JobSpec]:
    return [
        JobSpec(
            device="local:braket/default",
            source=Source(Path("theirs.py"), "digest"),
            entry_point="theirs",
            hyperparameters={"n": str(n)},
            input_files={},
            instance_type="ml.m5.large",
            max_runtime_seconds=3600,
            objective="value",
            cost=Cost(tasks=0, shots=0, tasks_usd=0.0, instance_usd=1.0),
        )
        for n in range(JOBS)
    ]


def sweep(root: Path, outlives_us: bool, steps: Steps) -> None:
    """What the sweep's command does: enlist, then run whatever has not completed, failed jobs once more."""
    folder = SweepFolder(root / "sweep")
    with (
        FilesPlace(root / "place", outlives_us=outlives_us, step=steps) as place,
        closing(Ledger(folder.ledger)) as ledger,
    ):
        wanted = specs()
        numbers = ledger.enlist(Entry(spec.key, [], {"n": spec.hyperparameters["n"]}, {}) for spec in wanted)
        jobs = dict(zip(numbers, wanted, strict=True))
        for _ in range(2):
            if any(state is not JobState.COMPLETED for state in ledger.states(jobs).values()):
                Runner(folder, ledger, place).run(jobs)


def forked(root: Path, outlives_us: bool, last: int) -> int | None:
    """Run the sweep in a process that dies before a step; the number of its steps if it came to its end."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        code = 1
        try:
            steps = Steps(last)
            steps.listen()
            sweep(root, outlives_us, steps)
            os.write(writing, str(steps.taken).encode())
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    os.close(writing)
    told = os.read(reading, 64)  # nothing, if it was killed
    os.close(reading)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in {0, -signal.SIGKILL}:
        raise AssertionError(f"exit code {code}")
    return int(told) if code == 0 else None


def results(root: Path) -> tuple[list[Any], list[Any]]:
    """All that a table shows of the sweep, except for times, cost and attempts."""
    with closing(Ledger(SweepFolder(root / "sweep").ledger)) as ledger:
        rows = [(job.number, job.key, job.state, job.result, job.objective) for job in ledger.jobs()]
        return rows, sorted(ledger.metrics())


def trials(root: Path, outlives_us: bool, seed: int, every: int) -> dict[str, Any]:
    """One trial for each step, or for every second and so on."""
    rng = random.Random(seed)
    whole = forked(root / "undisturbed", outlives_us, NEVER)
    assert whole is not None
    rows, metrics = results(root / "undisturbed")
    lost, twice, kills = 0, 0, 0
    tried = range(0, whole, every)
    for last in tried:
        trial = root / str(last)
        trial.mkdir()
        for step in (last, rng.randrange(whole), NEVER):
            kills += forked(trial, outlives_us, step) is None
        found, measured = results(trial)
        lost += sum(row not in found for row in rows) + (measured != metrics)
        twice += len(FilesPlace(trial / "place", outlives_us=outlives_us, step=int).run_twice())
        shutil.rmtree(trial)
    return {
        "fault": "orchestrator, before every ledger statement and around every call of the executor",
        "place": "jobs outlive it" if outlives_us else "jobs end with it",
        "tried": kills,
        "jobs": len(tried) * JOBS,
        "lost": lost,
        "run_twice": twice,
    }


def main() -> None:
    """Try both kinds of place."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.every_step", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--every", type=int, default=1, help="try each step whose number is a multiple of this"
    )
    options = parser.parse_args()
    for outlives_us in (True, False):
        root = options.folder / str(outlives_us)
        (root / "undisturbed").mkdir(parents=True)
        print(json.dumps(trials(root, outlives_us, options.seed, options.every)), flush=True)


if __name__ == "__main__":
    main()
