"""The quantum tasks that hybrid jobs have created, as Braket counts them (SearchQuantumTasks)."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sweeper.errors import SweeperError
from sweeper.executors.aws import trouble
from sweeper.executors.aws.account import Account
from sweeper.executors.base import AccessLostError
from sweeper.job.tasks_seen import TasksSeen
from sweeper.terminal import say

_PAGE = 100
_NOT_BILLED = {"FAILED", "CANCELLED"}
"""States in which a task costs nothing, as Braket's own cost tracker has it."""


class TaskCounter:
    """Counts tasks, seldom: it is another call for each job, and one more for every hundred of its tasks.

    Args:
        account: Where the jobs run.
        pause: Seconds after which a job's tasks are counted again.
    """

    def __init__(self, account: Account, pause: float) -> None:
        self._account = account
        self._pause = pause
        self._next: dict[str, float] = {}
        self._told = False

    def due(self, jobs: Mapping[str, str]) -> dict[str, TasksSeen]:
        """The tasks of those jobs whose last count is long enough ago; device strings by ARN."""
        now = time.monotonic()
        arns = [arn for arn in jobs if now >= self._next.get(arn, 0.0)]
        return self.count({arn: jobs[arn] for arn in arns})

    def count(self, jobs: Mapping[str, str]) -> dict[str, TasksSeen]:
        """The tasks of these jobs now; a job is missing if its tasks cannot be counted."""
        found: dict[str, TasksSeen] = {}
        for arn, device in jobs.items():
            self._next[arn] = time.monotonic() + self._pause
            try:
                search = partial(self._tasks, arn)
                tasks = trouble.patiently("Counting a job's quantum tasks", lambda: list(search()))  # noqa: B023
            except AccessLostError:
                raise
            except SweeperError as error:
                self._tell(error)  # the job goes on, and counts as the most it may cost
                continue
            found[arn] = _seen(tasks, device)
        return found

    def _tell(self, error: SweeperError) -> None:
        """Say once that tasks cannot be counted, as where the account may not call SearchQuantumTasks."""
        if not self._told:
            say(
                f"{error}\nThe quantum tasks of scripts cannot be counted: nobody ends a job that creates "
                "more of them than it said, and what is not known counts as the most that was foreseen."
            )
        self._told = True

    def _tasks(self, arn: str) -> Iterator[Mapping[str, Any]]:
        more: dict[str, str] = {}
        filters = [{"name": "jobArn", "operator": "EQUAL", "values": [arn]}]
        while True:
            page = self._account.braket.search_quantum_tasks(filters=filters, maxResults=_PAGE, **more)
            yield from page["quantumTasks"]
            if not page.get("nextToken"):
                return
            more = {"nextToken": page["nextToken"]}


def _seen(tasks: Collection[Mapping[str, Any]], device: str) -> TasksSeen:
    billed = [task for task in tasks if task["status"] not in _NOT_BILLED]
    now = datetime.now(UTC)
    return TasksSeen(
        tasks=len(billed),
        shots=sum(int(task["shots"]) for task in billed),
        seconds=tuple(
            max(0.0, ((task.get("endedAt") or now) - task["createdAt"]).total_seconds()) for task in billed
        ),
        elsewhere=tuple(sorted({str(task["deviceArn"]) for task in billed} - {device})),
    )
