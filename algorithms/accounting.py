"""What a job's quantum tasks have cost so far, and may still cost."""

from __future__ import annotations

import math
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from braket.tracking import Tracker

from algorithms.failures import BoundReachedError
from algorithms.options import Option

_LONGEST_DOWNLOAD = 20.0
"""Seconds without an answer after which the price list is given up."""


@dataclass(frozen=True)
class Price:
    """Upper bounds in USD of one device.

    `task_seconds` is what a task of this job is taken to need on a simulator, until one has taken longer.
    """

    per_task: Annotated[float, Option("Of each quantum task", unit="USD", at_least=0)]
    per_shot: Annotated[float, Option("Of each shot", unit="USD", at_least=0)]
    per_minute: Annotated[float, Option("Of each minute of simulation", unit="USD", at_least=0)]
    minimum_seconds: Annotated[float, Option("Least simulation charged for a task", unit="s", at_least=0)]
    task_seconds: Annotated[float, Option("Expected simulation of a task", unit="s", at_least=0)] = 0.0

    def of(self, shots: int, simulated_seconds: float) -> float:
        """Of one task, USD."""
        seconds = max(simulated_seconds, self.minimum_seconds)
        return self.per_task + shots * self.per_shot + self.per_minute * seconds / 60.0


@dataclass(frozen=True)
class Fees:
    """What the job's quantum tasks cost, and may cost; a device without a price costs nothing."""

    own: Annotated[Price | None, Option("Price on the job's own device")] = None
    fallback: Annotated[Price | None, Option("Price on the fallback device", prefix="fallback.")] = None
    warmup: Annotated[Price | None, Option("Price on the warm-up device", prefix="warmup.")] = None
    bound_usd: Annotated[
        float | None,
        Option("All quantum tasks together may not cost more", unit="USD", at_least=0, may_be_absent=True),
    ] = None


@dataclass
class TaskRecord:
    """One quantum task of an AWS device, by which it can be found again: `AwsQuantumTask(arn)`."""

    arn: str
    device: str
    shots: int
    state: str
    simulated_seconds: float = 0.0

    @property
    def billed(self) -> bool:
        """Whether it is paid for: Braket's tracker counts a task that failed or was cancelled as nothing."""
        return self.state not in {"FAILED", "CANCELLED"}


class Allowance:
    """Stops a job before what its quantum tasks were billed could exceed the bound.

    Tasks that have not ended count as `Price.task_seconds`, or as the longest so far of their device. So the
    bound can only be passed by tasks that take longer than that, and were running already.

    Args:
        accounts: Of all devices.
        prices: By device string; tasks on other devices cost nothing.
        bound_usd: For all tasks together; None for no bound.
    """

    def __init__(self, accounts: Accounts, prices: Mapping[str, Price], bound_usd: float | None) -> None:
        self._accounts = accounts
        self.prices = prices
        self._bound = bound_usd
        self.kept: Sequence[tuple[str, Sequence[int]]] = ()
        """The final evaluation's tasks on each device that may run them; enough is left for the dearest."""

    def worst_usd(self, device: str, shots: Sequence[int]) -> float:
        """The most that tasks with so many shots are expected to cost on a device."""
        price = self.prices.get(device)
        if price is None:
            return 0.0
        seconds = max(
            (record.simulated_seconds for record in self._accounts.records if record.device == device),
            default=0.0,
        )
        return math.fsum(price.of(count, max(seconds, price.task_seconds)) for count in shots)

    @property
    def committed_usd(self) -> float:
        """What tasks have cost, and what those may cost that have not ended, or may exist unseen."""
        spent = [self._accounts.unclear_usd]
        for record in self._accounts.records:
            if record.state == "COMPLETED" and record.device in self.prices:
                spent.append(self.prices[record.device].of(record.shots, record.simulated_seconds))
            elif record.billed:
                spent.append(self.worst_usd(record.device, [record.shots]))
        return math.fsum(spent)

    def permit(self, device: str, shots: Sequence[int]) -> None:
        """See that tasks with so many shots may be created.

        Raises:
            BoundReachedError: They could cost more than is left.
        """
        if self._bound is None:
            return
        committed, more = self.committed_usd, self.worst_usd(device, shots)
        kept = max((self.worst_usd(*tasks) for tasks in self.kept), default=0.0)
        # Sums of the same amounts in another order differ in their last digits.
        if more and committed + more + kept > self._bound * (1.0 + 1e-9):
            final = f", and {kept:.4f} are kept for the final evaluation" if kept else ""
            raise BoundReachedError(
                f"Stopped at the bound of the bill: quantum tasks may have cost {committed:.4f} USD, the "
                f"next could cost {more:.4f}{final}; the bound is {self._bound:.4f} USD."
            )

    def unclear(self, device: str, shots: Sequence[int]) -> None:
        """Count tasks whose creation was not answered."""
        self._accounts.unclear_usd += self.worst_usd(device, shots)


@dataclass
class Accounts:
    """Counts of everything that was run, retries and warm-up included.

    Attributes:
        tasks: Quantum tasks created.
        shots: Shots asked for.
        retries: Tasks among them that were tried again after a failure.
        fallback_tasks: Tasks among them that ran on the fallback device.
        warmup_tasks: Tasks among them that ran on the warm-up device.
        records: The tasks of AWS devices.
        unclear_usd: Price of tasks whose creation was never answered, so that they may exist and be billed.
    """

    tasks: int = 0
    shots: int = 0
    retries: int = 0
    fallback_tasks: int = 0
    warmup_tasks: int = 0
    records: list[TaskRecord] = field(default_factory=list)
    unclear_usd: float = 0.0

    def created(self, task: Any, device: str, shots: int) -> None:
        """Count a task when it has been created."""
        self.tasks += 1
        self.shots += shots
        if str(task.id).startswith("arn:"):
            self.records.append(TaskRecord(task.id, device, shots, "CREATED"))

    def ended(self, task: Any, result: Any) -> None:
        """Note how a task ended; its simulation time if the device is a simulator."""
        for record in reversed(self.records):
            if record.arn == task.id:
                record.state = str(task.state())
                metadata = getattr(getattr(result, "additional_metadata", None), "simulatorMetadata", None)
                record.simulated_seconds = getattr(metadata, "executionDuration", 0) / 1000.0
                return

    @property
    def simulated_minutes(self) -> float:
        """Simulation time of managed simulators, min."""
        return math.fsum(record.simulated_seconds for record in self.records) / 60.0

    def cost(self, prices: Mapping[str, Price], tracker: Tracker | None) -> float | None:
        """USD for all tasks: by Braket's tracker if it saw them all and knows the prices, else by ours.

        Args:
            prices: By device string.
            tracker: Braket's.

        Returns:
            None if tasks ran on a device whose price is not known here.
        """
        if not self.records:
            return 0.0
        seen = set(tracker.tracked_resources()) if tracker else set()
        if tracker and seen >= {record.arn for record in self.records}:
            # Braket downloads its price list without a timeout of its own, at the very end of the job.
            before = socket.getdefaulttimeout()
            socket.setdefaulttimeout(_LONGEST_DOWNLOAD)
            try:
                return float(tracker.qpu_tasks_cost() + tracker.simulator_tasks_cost())
            except Exception as error:  # noqa: BLE001 - it downloads a price list, which fails in many ways
                print(f"Braket's price list cannot be used ({type(error).__name__}: {error}).")
            finally:
                socket.setdefaulttimeout(before)
        if any(record.device not in prices for record in self.records):
            return None
        return math.fsum(
            prices[record.device].of(record.shots, record.simulated_seconds)
            for record in self.records
            if record.billed
        )

    def state(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Accounts:
        """What `state` returned."""
        return cls(**{**state, "records": [TaskRecord(**record) for record in state["records"]]})

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what `state` returned."""
        vars(self).update(vars(Accounts.from_state(state)))
