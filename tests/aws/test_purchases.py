"""A model: whatever Braket answers, and whenever the process dies, purchases are bounded and covered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from braket_emulator import Emulator, Fault, FaultKind, StubProgram
from sweeper.errors import SweeperError
from sweeper.executors.aws import AwsExecutor
from sweeper.executors.aws.pace import Clock
from sweeper.folder.layout import SweepFolder
from sweeper.job.cost import Cost
from sweeper.job.source import read_source
from sweeper.job.spec import JobSpec
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.reader import read_jobs, reading
from sweeper.ledger.record import Entry
from sweeper.running.lost_jobs import MOST_RESUBMISSIONS
from sweeper.running.runner import Runner

from .. import accounts


class DrivenClock:
    """A clock that stands still but for those who sleep."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        time.sleep(0.002)  # jobs of the emulator need some real time


class Killed(BaseException):
    """Stands for SIGKILL between two steps: nothing is tidied up."""


COMBINATIONS = 3
BOUND_USD = 1.0
TROUBLES = st.sampled_from(
    [
        Fault("GetJob", FaultKind.NOT_FOUND, times=2),
        Fault("GetJob", FaultKind.NOT_FOUND, times=None, probability=0.5),
        Fault("GetJob", FaultKind.NOT_FOUND, times=None),
        Fault("CreateJob", FaultKind.LOST_RESPONSE, times=2),
        Fault("CreateJob", FaultKind.SERVER_ERROR, times=2),
        Fault("CreateJob", FaultKind.THROTTLE, times=2),
        Fault("SearchJobs", FaultKind.ACCESS_DENIED, times=None),
        Fault("RunJob", FaultKind.JOB_KILLED),
    ]
)
PROCESSES = st.lists(
    st.tuples(
        st.lists(TROUBLES, max_size=3),
        st.one_of(st.none(), st.integers(0, 30)),  # killed after so many turns of the loop
        st.booleans(),  # --resubmit
        st.booleans(),  # somebody types `sweeper cancel`
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    stub = StubProgram(runtime_seconds=2, outcome=lambda _: {"value": -1.0})
    # Unlisted for ten calls: longer than most of these processes live.
    settings = {"seconds_per_call": 1.0, "stub": stub, "rates": {}, "search_lag_seconds": 10}
    with accounts.account(**settings) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        yield emulator
        assert emulator.internal_errors == []


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> JobSpec:
    source = tmp_path_factory.mktemp("source") / "theirs.py"
    source.write_text("def main(): ...\n")
    return JobSpec(
        device="local:braket/default",
        source=read_source(source, "theirs:main"),
        entry_point="theirs:main",
        hyperparameters={},
        input_files={},
        instance_type="ml.m5.large",
        max_runtime_seconds=3600,
        retries=0,
        cost=Cost(tasks=0, shots=0, tasks_usd=0.0, instance_usd=BOUND_USD),
    )


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(processes=PROCESSES)
def test_whatever_braket_says_purchases_are_bounded_and_covered(
    account: Emulator,
    program: JobSpec,
    tmp_path_factory: pytest.TempPathFactory,
    processes: list[tuple[list[Fault], int | None, bool, bool]],
) -> None:
    folder = SweepFolder(tmp_path_factory.mktemp("sweep"))
    specs = [replace(program, hyperparameters={"seed": str(seed)}) for seed in range(COMBINATIONS)]
    for troubles, turns, resubmit, cancel in [*processes, ([], None, True, False)]:
        account.reset()
        for trouble in troubles:
            account.inject(trouble)
        folder.cancel_request.unlink(missing_ok=True)
        if cancel:
            folder.cancel_request.touch()
        live(folder, specs, turns, resubmit=resubmit)
        judge(account, folder)
    with reading(folder.ledger) as db:
        # A last process without trouble settles all of them, but for failures that want another run.
        assert all(job.state.finished for job in read_jobs(db))


def live(folder: SweepFolder, specs: list[JobSpec], turns: int | None, *, resubmit: bool) -> None:
    """One process on the sweep, which dies after so many turns of the loop."""
    clock = DrivenClock()
    left = iter(range(turns)) if turns is not None else iter(int, 1)

    def alive() -> bool:
        if next(left, None) is None:
            raise Killed
        return False

    executor = AwsExecutor(
        folder,
        poll_seconds=1.0,
        creations_per_second=90,
        patience_seconds=20,
        search_lag_seconds=10,
        clock=Clock(lambda: clock.seconds, clock.sleep),
    )
    with suppress(Killed, SweeperError), closing(Ledger(folder.ledger)) as ledger, executor:
        numbers = ledger.enlist(Entry(s.key, [], {}, {}, s.to_json()) for s in specs)
        runner = Runner(folder, ledger, executor, interrupted=alive, resubmit_lost=resubmit)
        runner.run(dict(zip(numbers, specs, strict=True)))


def judge(account: Emulator, folder: SweepFolder) -> None:
    """Hold what was bought against what was wanted and what is on record."""
    with closing(Ledger(folder.ledger)) as ledger:
        ours = [job for job in account.jobs if job.tags["braket-sweeper:sweep"] == ledger.sweep_id]
        bought = Counter(job.tags["braket-sweeper:key"] for job in ours)
        for job in ledger.jobs():
            ended = ledger_ends(ledger, job.number)
            assert bought[job.key] <= 1 + ended + ledger.written_off(job.number)
            assert ledger.written_off(job.number) <= MOST_RESUBMISSIONS
        worth = sum(
            BOUND_USD * (job.billable_seconds or 0) / 3600 if job.status.ended else BOUND_USD for job in ours
        )
        assert ledger.committed_usd() >= worth - 1e-9


def ledger_ends(ledger: Ledger, number: int) -> int:
    """How many attempts at a job are known to have failed, or to have been cancelled."""
    query = (
        "SELECT count(DISTINCT attempt) FROM transitions WHERE job = ? AND state IN ('FAILED', 'CANCELLED')"
    )
    return int(ledger._db.execute(query, (number,)).fetchone()[0])
