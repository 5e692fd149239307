"""A small sweep with a job in every state, written as the runner writes it, and ways to harm it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sweeper.contract.metric import Metric
from sweeper.contract.remarks import names_beyond_words
from sweeper.folder.layout import SweepFolder
from sweeper.job.failure import Failure
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry, JobRecord
from sweeper.ledger.second_copy import RecordWriter

ARN = "arn:aws:braket:us-east-1:123456789012:job/11111111-2222-3333-4444-555555555555"
LAUNCHER = {"name": "braket_aws", "options": {"pack": 1}, "max_usd": 5.0, "spending_limit": False}
COMPLETED, FAILED, RETRIED, HANDED_OVER, ANNOUNCED, PENDING, CANCELLED = range(7)


def spec(number: int) -> dict[str, Any]:
    """What a job of the sweep is to run."""
    return JobSpec(
        device="arn:aws:braket:::device/quantum-simulator/amazon/sv1",
        source=Source(Path("theirs.py"), "digest"),
        entry_point="theirs:main",
        hyperparameters={"n": str(number)},
        input_files={},
        instance_type="ml.m5.large",
        max_runtime_seconds=3600,
    ).to_json()


def make_sweep(root: Path) -> SweepFolder:
    """Seven jobs: the numbers above say which is which."""
    folder = SweepFolder(root)
    with closing(Ledger(folder.ledger)) as ledger:
        ledger.enlist(
            Entry(f"key-{n}", [f"seed={n}"], {"seed": n, "tags": {"ψ": None}}, {"device": "sv1"}, spec(n))
            for n in range(7)
        )
        ledger.remember("launcher", LAUNCHER)
        records = RecordWriter(folder, ledger, jobs_outlive_us=True)

        def step(number: int, change: Callable[[], object]) -> None:
            change()
            records.changed(ledger.job(number))

        for number in (COMPLETED, FAILED, RETRIED, HANDED_OVER):
            step(number, lambda number=number: ledger.submitting(number, 2.0))  # type: ignore[misc]
            step(number, lambda number=number: ledger.submitted(number, f"{ARN}#{number}/4"))  # type: ignore[misc]
            step(number, lambda number=number: ledger.running(number, 10.0))  # type: ignore[misc]
        folder.job(COMPLETED).root.mkdir(parents=True, exist_ok=True)
        folder.job(COMPLETED).log.write_text(
            "Metrics - timestamp=1.5; energy (Ha)=-1.0; iteration_number=3;\n"
        )
        step(
            COMPLETED,
            lambda: ledger.finish(
                COMPLETED,
                JobState.COMPLETED,
                None,
                ended_at=20.0,
                cost_usd=0.25,
                result={"value": -1.0, "text": "ψ"},
                objective=-1.0,
                metrics=[Metric(3, 1.5, "energy (Ha)", -1.0)],
                remarks=[names_beyond_words(["energy (Ha)"])],
            ),
        )
        step(
            FAILED,
            lambda: ledger.finish(FAILED, JobState.FAILED, Failure("it broke", "its log"), cost_usd=0.5),
        )
        step(RETRIED, lambda: ledger.finish(RETRIED, JobState.FAILED, "it broke", cost_usd=0.5))
        step(RETRIED, lambda: ledger.requeue(RETRIED, "another attempt"))
        step(RETRIED, lambda: ledger.submitting(RETRIED, 2.0))
        step(ANNOUNCED, lambda: ledger.submitting(ANNOUNCED, 2.0))
        step(CANCELLED, lambda: ledger.finish(CANCELLED, JobState.CANCELLED, "cancelled"))
    return folder


def read_all(folder: SweepFolder) -> tuple[str, list[JobRecord], list[tuple[object, ...]]]:
    with closing(Ledger(folder.ledger)) as ledger:
        return ledger.sweep_id, ledger.jobs(), ledger.metrics()


def in_child(act: Callable[[], None]) -> None:
    """Do something in a forked process, which may give up rights or set limits."""
    child = os.fork()
    if not child:
        code = 1
        try:
            act()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0, "see the child's traceback above"


def without_rights() -> None:
    """Be nobody, for whom a folder without the write bit is read-only."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
