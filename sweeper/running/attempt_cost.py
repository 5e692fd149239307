"""What an attempt at a job cost, and whether it kept its word about its quantum tasks."""

from __future__ import annotations

from collections.abc import Sequence

from sweeper.contract.outcome import Outcome
from sweeper.contract.remarks import Remark, broken_promise
from sweeper.executors.base import Status
from sweeper.job.cost import Cost
from sweeper.job.known import Known
from sweeper.job.spec import JobSpec
from sweeper.job.tasks_seen import TasksSeen


def bounds_usd(specs: Sequence[JobSpec], *, paid: bool) -> list[float]:
    """What each job of a batch may cost; they share one instance."""
    if not paid:
        return [0.0] * len(specs)
    return [spec.cost.tasks_usd + spec.cost.instance_usd / len(specs) for spec in specs]


def never_started(status: Status) -> bool:
    """Whether an attempt ended before it had begun."""
    return status.billed_seconds == 0 and status.started_at is None


def must_be_counted(cost: Cost, status: Status, outcome: Outcome) -> bool:
    """Whether the place is to count the quantum tasks of an attempt that has ended."""
    return not never_started(status) and (
        cost.counted or bool(cost.rates and not cost.tracked(outcome.result))
    )


def cost_of_attempt(
    spec: JobSpec,
    status: Status,
    outcome: Outcome,
    seen: TasksSeen | None,
    *,
    reserved_usd: float,
    before: Known,
) -> tuple[float, Known]:
    """What an attempt cost: the place, and the quantum tasks as the job or the service counted them.

    What is not known counts as the most it can have been.

    Args:
        spec: The job.
        status: How the attempt ended.
        outcome: What it left.
        seen: Its quantum tasks as the place counted them. None means that it was not asked, or does not know.
        reserved_usd: The most it could cost.
        before: How well the cost of the earlier attempts is known.

    Returns:
        USD, and how well all attempts' sum is known.
    """
    if never_started(status):
        return 0.0, before
    if status.billed_seconds is None:
        instance_usd, known = max(0.0, reserved_usd - spec.cost.tasks_usd), Known.AT_MOST
    else:
        instance_usd = spec.cost.instance_usd * status.billed_seconds / spec.max_runtime_seconds
        known = Known.ESTIMATE if spec.cost.estimates and instance_usd else Known.MEASURED
    tasks_usd, of_tasks = spec.cost.of_tasks(outcome.result, seen)
    return instance_usd + tasks_usd, known.and_(of_tasks).and_(before)


def remarks_on_promise(cost: Cost, seen: TasksSeen | None) -> list[Remark]:
    """That a job created more tasks than it had said, which nobody has noticed while it ran.

    Of jobs that share a hybrid job nobody can tell which one it was, once some of them have ended.
    """
    if seen is None or not cost.counted:
        return []
    why = seen.excess(cost.tasks, cost.shots) if seen.sharers == 1 or seen.elsewhere else None
    return [broken_promise(why)] if why else []
