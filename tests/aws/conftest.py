"""Sweeps on an emulated AWS account, in this process and as typed commands."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from braket.tracking import pricing

from braket_emulator import Caller, Emulator, StubProgram
from sweeper import load_sweep
from sweeper.__main__ import main

from ..accounts import account

# What every sweep of these tests has in common: short, paid for, watched closely.
QUICK = (
    "hydra/launcher=braket_aws",
    "hydra.launcher.poll_seconds=0.15",
    "hydra.sweep.dir=out",
    "budget.max_usd=100",
    "max_iterations=3",
    "shots=50",
    "report=false",
)
# Braket's price of an instance is not known, so that a paid sweep has to be told one.
PRICE = "instance.usd_per_hour=0.115"
NO_REHEARSAL = (*QUICK, "rehearse=false")

MakeCloud = Callable[..., AbstractContextManager["Cloud"]]


def _priced(words: Sequence[str]) -> list[str]:
    told = any(word.startswith("instance") for word in words)
    return [*words, PRICE] if QUICK[0] in words and not told else list(words)


@dataclass
class Cloud:
    """An emulated account and a directory in which commands are typed.

    Sweeps on AWS are told `PRICE`, unless they speak of the instance themselves.
    """

    emulator: Emulator
    directory: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    account: str | None = None
    region: str | None = None
    unset: tuple[str, ...] = ()
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What a shell of this user has set."""
        variables = {**self.emulator.environment(self.region, account=self.account), "COLUMNS": "200"}
        return {k: v for k, v in variables.items() if k not in self.unset} | self.extra

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Type a command, and go on while it runs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "sweeper", *_priced(words)],
            cwd=self.directory,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def run(self, *words: str, expect: int = 0) -> str:
        """Type a command and read what it says; in this process, which has the SDK imported."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.directory)
            patch.setattr(sys, "argv", ["sweeper", *_priced(words)])
            patch.setattr(sys, "stdin", io.StringIO())
            code = main()
        assert code == expect, f"exit code {code}\n{said.getvalue()}"
        return said.getvalue()

    @property
    def results(self) -> pd.DataFrame:
        return load_sweep(self.directory / "out").results

    def count(self) -> Counter[str]:
        """Calls of the client, by operation."""
        return Counter(call.operation for call in self.emulator.calls if call.caller is Caller.CLIENT)

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something that this account's own time, or a command that runs beside, brings about."""
        deadline = time.monotonic() + 600
        while not holds():
            assert time.monotonic() < deadline, f"never: {what}"
            time.sleep(0.02)
            self.emulator.advance(0.4)


def forget_prices() -> None:
    """Let this process read the price list again, of which the SDK reads one in the life of a process."""
    pricing._pricing._price_list.clear()
    pricing.Pricing.price_search.cache_clear()


@contextmanager
def cloud(directory: Path, **settings: object) -> Iterator[Cloud]:
    with account(**settings) as emulator:
        made = Cloud(emulator, directory)
        forget_prices()
        try:
            yield made
        finally:
            for process in made.processes:
                process.kill()
                process.communicate()
        assert emulator.internal_errors == []


@pytest.fixture
def make_cloud(tmp_path: Path) -> MakeCloud:
    """An account with other settings: `with make_cloud(max_concurrent_jobs=1) as cloud`."""
    return lambda **settings: cloud(tmp_path, **settings)


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Cloud]:
    """An account whose jobs really run."""
    with cloud(tmp_path) as made:
        yield made


@pytest.fixture
def stubs(tmp_path: Path) -> Iterator[Cloud]:
    """An account whose jobs take three emulated seconds and start no process."""
    outcome = {"objective": -1.0, "value": -1.0, "stderr": 0.0, "tasks": 8}
    stub = StubProgram(runtime_seconds=3, outcome=lambda _: outcome)
    with cloud(tmp_path, stub=stub) as made:
        yield made
