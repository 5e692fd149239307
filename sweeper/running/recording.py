"""Steps of jobs' lives, written into the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sweeper.ledger.ledger import Ledger
from sweeper.running.steps import Announce, Finish, Requeue, Start, Step, Submit


def record(ledger: Ledger, steps: Sequence[Step]) -> None:
    """Commit these steps at once, or none of them."""
    with ledger.transaction():
        for step in steps:
            match step:
                case Announce(number, reserved_usd, batch):
                    ledger.submitting(number, reserved_usd)
                    ledger.batched([number], batch)
                case Submit(number, handle):
                    ledger.submitted(number, handle)
                case Start(number, started_at):
                    ledger.running(number, started_at)
                case Requeue(number, reason, written_off):
                    (ledger.write_off if written_off else ledger.requeue)(number, reason)
                case Finish(number, state, reason):
                    ledger.finish(
                        number,
                        state,
                        reason,
                        started_at=step.started_at,
                        ended_at=step.ended_at,
                        cost_usd=step.cost_usd,
                        result=step.result,
                        objective=step.objective,
                        metrics=step.metrics,
                        remarks=step.remarks,
                    )
