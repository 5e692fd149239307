"""Kills real sweeps at random moments, lets them finish, and prints one line of JSON for each sweep.

    python -m tests.faults.random_kills FOLDER --kills 60 --seed 0

Every command is a process forked from this one, which has imported the sweeper once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import emulated
from .processes import Nursery, Victim, kill, workers_of
from .subject import Subject, aws_sweep, script_sweep, vqe_sweep

Moment = Callable[[int], bool]
"""Waits for the moment to kill somebody of the sweep of this process; whether it came before the end."""

_IMPORTED_ONCE = (
    "sweeper.cli.hydra_app",
    "sweeper.cli.resume",
    "sweeper.executors.local",
    "sweeper.command.launch",
    "sweeper.report.write",
)
_KILLS_OF_A_SWEEP = 8
_JOBS_ON_AWS = 6
_LONGEST_SECONDS = 1800.0


@dataclass(frozen=True)
class Durations:
    """How long a sweep takes that nobody disturbs, in seconds: its command, and its jobs in that."""

    command: float
    jobs: float


@dataclass
class RandomKills:
    """Kills of sweeps, and what came of them."""

    root: Path
    rng: random.Random
    nursery: Nursery = field(default_factory=Nursery)
    sweeps: int = 0

    def undisturbed(self, subject: Subject) -> Durations:
        """Run a sweep."""
        begun = time.monotonic()
        code = self.nursery.wait(self._type(subject, subject.words))
        if code != 0:
            raise AssertionError(f"exit code {code}: {subject.log.read_text()}")
        jobs = subject.jobs()
        started_at = min(job.started_at for job in jobs if job.started_at)
        ended_at = max(job.ended_at for job in jobs if job.ended_at)
        return Durations(time.monotonic() - begun, ended_at - started_at)

    def scripts(self, victim: Victim, reference: Subject, durations: Durations, kills: int) -> int:
        """Kill `victim` of a sweep at up to so many random moments."""
        subject = script_sweep(self._directory(), len(reference.jobs()))
        done = self._survive(
            subject, victim, kills, lambda process: self._strikes(process, durations, workers_of)
        )
        print(json.dumps(subject.evidence(reference, self.nursery.exit_codes, str(victim), done)), flush=True)
        return done

    def on_aws(self, reference: Subject, durations: Durations, kills: int) -> int:
        """Kill the orchestrator of a sweep on AWS, where jobs go on without it, at random moments."""
        subject = aws_sweep(self._directory(), len(reference.jobs()))
        victim = Victim.ORCHESTRATOR

        def active(_: int) -> bool:
            return any(job.state.active for job in subject.jobs())

        done = self._survive(
            subject, victim, kills, lambda process: self._strikes(process, durations, active)
        )
        evidence = subject.evidence(reference, {}, f"{victim}, on AWS", done)
        evidence["run_twice"] = sum(count > 1 for count in emulated.created(subject.sweep_id).values())
        print(json.dumps(evidence), flush=True)
        return done

    def searches(self, reference: Subject, kills: int) -> int:
        """Kill everything of a sweep of searches each time that they have come a little further."""
        subject = vqe_sweep(self._directory(), len(reference.jobs()))
        done = self._survive(
            subject, Victim.EVERYTHING, kills, lambda process: self._comes_further(process, subject)
        )
        evidence = subject.evidence(reference, self.nursery.exit_codes, "everything, while jobs search", done)
        logs = [path.read_text() for path in subject.folder.glob("jobs/*/log.txt")]
        evidence["went_on"] = sum("Going on after" in log for log in logs)
        print(json.dumps(evidence), flush=True)
        return done

    def _survive(self, subject: Subject, victim: Victim, kills: int, moment: Moment) -> int:
        """Type the sweep's command, kill, and go on, until the sweep has finished; returns the kills."""
        done, deadline = 0, time.monotonic() + _LONGEST_SECONDS
        while True:
            process = self._type(subject, self._next_command(subject))
            while done < kills and moment(process):
                if kill(victim, process, self.rng):
                    done += 1
                    if victim is not Victim.WORKER:
                        break
            code = self.nursery.wait(process)
            subject.look()
            if code == 0:
                return done
            if time.monotonic() > deadline:
                raise AssertionError(f"it never finishes: {subject.log.read_text()[-5000:]}")

    def _next_command(self, subject: Subject) -> tuple[str, ...]:
        """The same command again, or `sweeper resume`; the latter knows a sweep only once it was begun."""
        resumable = any(job.attempts for job in subject.jobs())
        return ("resume", "out") if resumable and self.rng.random() < 0.85 else subject.words

    def _type(self, subject: Subject, words: tuple[str, ...]) -> int:
        return self.nursery.start(words, subject.directory, subject.log)

    def _strikes(self, process: int, durations: Durations, jobs_of: Callable[[int], object]) -> bool:
        """One time in eight at any moment of the command, otherwise at one while jobs run."""
        if self.rng.random() < 0.125:
            return self._passes(process, durations.command)
        while not jobs_of(process):
            if self.nursery.ended(process):
                return False
            time.sleep(0.001)
        # Soon enough that the sweep has something left for the kills to come.
        return self._passes(process, 0.2 * durations.jobs)

    def _passes(self, process: int, seconds: float) -> bool:
        moment = time.monotonic() + self.rng.uniform(0.0, seconds)
        while time.monotonic() < moment:
            if self.nursery.ended(process):
                return False
            time.sleep(0.001)
        return not self.nursery.ended(process)

    def _comes_further(self, process: int, subject: Subject) -> bool:
        before = subject.checkpoints()
        while subject.checkpoints() == before:
            if self.nursery.ended(process):
                return False
            time.sleep(0.005)
        return self._passes(process, 0.3)

    def _directory(self) -> Path:
        self.sweeps += 1
        return self.root / str(self.sweeps)


def main() -> None:
    """Run the whole set."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.random_kills", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=60, help="of scripts' sweeps, in all")
    parser.add_argument("--kills-of-searches", type=int, default=2)
    parser.add_argument("--kills-on-aws", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=12, help="of each sweep of scripts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for module in _IMPORTED_ONCE:
        importlib.import_module(module)
    kills = RandomKills(options.folder, random.Random(options.seed))
    if options.kills:
        reference = script_sweep(options.folder / "undisturbed", options.jobs)
        durations = kills.undisturbed(reference)
        for place, victim in enumerate(Victim):
            left = (options.kills + place) // len(Victim)
            while left > 0:
                left -= kills.scripts(victim, reference, durations, min(left, _KILLS_OF_A_SWEEP))
    if options.kills_of_searches:
        searches = vqe_sweep(options.folder / "undisturbed searches", 2)
        kills.undisturbed(searches)
        kills.searches(searches, options.kills_of_searches)
    if options.kills_on_aws:
        with emulated.account():
            importlib.import_module("sweeper.executors.aws")
            on_aws = aws_sweep(options.folder / "undisturbed on AWS", _JOBS_ON_AWS)
            durations, left = kills.undisturbed(on_aws), options.kills_on_aws
            while left > 0:
                left -= kills.on_aws(on_aws, durations, min(left, _KILLS_OF_A_SWEEP))


if __name__ == "__main__":
    sys.exit(main())
