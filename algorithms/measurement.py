"""Circuits in, distributions of bit strings out, with a count of what that costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import backoff
import numpy as np
from braket.circuits import Circuit
from braket.devices import Device
from numpy.typing import NDArray

from algorithms.accounting import Accounts, Allowance
from algorithms.executable import Executable, OncePerCircuit
from algorithms.execution import Part, Parts, batch, one_by_one
from algorithms.failures import (
    DeviceOfflineError,
    QuantumTaskError,
    TransientTaskError,
    may_have_arrived,
    of_submission,
    of_task,
)
from algorithms.options import Option


@dataclass(frozen=True)
class Estimate:
    """An expectation value.

    Attributes:
        value: Sample mean, or the exact value.
        stderr: Standard error of `value`: 0 if exact, nan if a single shot gives no notion of it.
        target: What an optimizer is to optimise, if that is not `value`.
    """

    value: float
    stderr: float
    target: float | None = None

    @property
    def optimised(self) -> float:
        """The target, or else the value."""
        return self.value if self.target is None else self.target


@dataclass(frozen=True)
class Outcomes:
    """What one circuit's measurement gave.

    Attributes:
        bits: Shape (qubits, outcomes), each column a different bit string, qubit 0 first.
        frequencies: Shape (outcomes,), sums to 1.
        shots: Number of measurements; 0 if `frequencies` are exact probabilities.
    """

    bits: NDArray[np.uint8]
    frequencies: NDArray[np.float64]
    shots: int

    def mean(self, values: NDArray[np.float64]) -> Estimate:
        """Expectation of a quantity with `values[k]` for outcome k, shape (outcomes,)."""
        mean = float(self.frequencies @ values)
        if self.shots == 0:
            return Estimate(mean, 0.0)
        if self.shots == 1:
            return Estimate(mean, math.nan)
        # Unbiased sample variance of one shot, over shots: the variance of the mean.
        variance = float(self.frequencies @ (values - mean) ** 2) / (self.shots - 1)
        return Estimate(mean, math.sqrt(variance))


@dataclass(frozen=True)
class Retry:
    """How often and after which pauses a quantum task is tried again after a transient failure.

    The longest pause doubles from try to try, and each pause is drawn at random below it ("full jitter").
    """

    attempts: Annotated[
        int, Option("Tries of a quantum task that fails for a passing reason", at_least=1, at_most=20)
    ] = 4
    first_pause: Annotated[
        float, Option("Longest pause before the second try; it doubles", unit="s", at_least=0, at_most=3600)
    ] = 2.0


class QuantumTasks:
    """Runs circuits on a device and counts.

    Args:
        device: Where circuits run.
        shots: Measurements of each circuit; 0 for exact probabilities, which only simulators have.
        name: The device's name in the accounts.
        accounts: Where tasks are counted; several devices may share them.
        allowance: How much tasks may cost; devices that share accounts share it.
        retry: What happens after a transient failure.
        execute: A function of `execution.EXECUTIONS`.
        fallback: Where circuits run from the moment the device is offline or keeps failing.
        count_as: A further count of the accounts that this device's tasks add to.
        prepare: Makes of each circuit the one that runs, such as one with noise.

    A device that says it `rebinds` takes circuits with their inputs; for any other numbers are put in first.
    """

    def __init__(
        self,
        device: Device,
        shots: int,
        *,
        name: str = "",
        accounts: Accounts | None = None,
        allowance: Allowance | None = None,
        retry: Retry = Retry(),
        execute: Callable[..., Parts] = one_by_one,
        fallback: QuantumTasks | None = None,
        count_as: str | None = None,
        prepare: Callable[[Circuit], Circuit] | None = None,
    ) -> None:
        self._device = device
        self.shots = shots
        self.name = name
        self.accounts = Accounts() if accounts is None else accounts
        self.allowance = Allowance(self.accounts, {}, None) if allowance is None else allowance
        self._retry = retry
        self._execute = execute
        self.fallback = fallback
        self._count_as = count_as
        self._rebinds = getattr(device, "rebinds", False)
        prepare = prepare or Circuit.copy
        self._sampled = OncePerCircuit(prepare)
        self._exact = OncePerCircuit(lambda circuit: _with_probabilities(prepare(circuit)))
        self.fallen_back = False
        """Whether circuits run on the fallback device from now on."""
        self.on_created: Callable[[str, int, int | None], None] | None = None
        """Told of the ARN of every new task, the circuit's place, and the index of its result in the task."""
        self.reloadable: dict[int, Part] = {}
        """Tasks created before a restart, by the place of the circuit in the next run."""

    @property
    def count(self) -> int:
        """Quantum tasks run so far."""
        return self.accounts.tasks

    @property
    def shots_total(self) -> int:
        """Shots spent so far."""
        return self.accounts.shots

    @property
    def embedded(self) -> bool:
        """Whether the device is a simulator in this process, whose tasks end before `run` returns."""
        return not self.name.startswith("arn:")

    def run(self, executables: Sequence[Executable], shots: Sequence[int] | None = None) -> list[Outcomes]:
        """Measure all qubits of each circuit; the qubits must be 0 … n-1.

        All tasks are submitted before the first is waited for, so that they share a device's queue.

        Args:
            executables: Circuits without result types, with their inputs.
            shots: Of each circuit; `self.shots` by default.

        Raises:
            QuantumTaskError: A task failed for good or was cancelled.
            BoundReachedError: The tasks could cost more than they may; none was created.
        """
        counts = [self.shots] * len(executables) if shots is None else list(shots)
        done: dict[int, Outcomes] = {}
        if not self.fallen_back:
            try:
                self._run_here(executables, counts, done)
            except (TransientTaskError, DeviceOfflineError) as error:
                if self.fallback is None:
                    raise
                print(f"Falling back from {self.name} to {self.fallback.name}: {error}")
                self.fallen_back = True
        missing = [index for index in range(len(executables)) if index not in done]
        if missing:
            assert self.fallback is not None
            outcomes = self.fallback.run(
                [executables[index] for index in missing], [counts[index] for index in missing]
            )
            done.update(zip(missing, outcomes, strict=True))
        return [done[index] for index in range(len(executables))]

    def _run_here(
        self, executables: Sequence[Executable], shots: Sequence[int], done: dict[int, Outcomes]
    ) -> None:
        """Try until all are `done`, pausing in between; what is done is not run again."""
        if self.fallback is not None and self._device.status in {"OFFLINE", "RETIRED"}:
            raise DeviceOfflineError(f"{self.name} is {self._device.status}.")
        if self.embedded:  # a simulator in this process has no transient failures
            self._try(list(executables), list(shots), list(range(len(executables))), done)
            return
        again = False

        @backoff.on_exception(
            backoff.expo,
            TransientTaskError,
            max_tries=self._retry.attempts,
            factor=self._retry.first_pause,
            logger=None,
            on_backoff=lambda details: print(f"Trying again: {details['exception']}"),
        )
        def attempt() -> None:
            nonlocal again
            missing = [index for index in range(len(executables)) if index not in done]
            self.accounts.retries += len(missing) if again else 0
            again = True
            self._try([executables[i] for i in missing], [shots[i] for i in missing], missing, done)

        attempt()

    def _try(
        self, executables: list[Executable], shots: list[int], indices: list[int], done: dict[int, Outcomes]
    ) -> None:
        prepared = [self._prepared(*each) for each in zip(executables, shots, strict=True)]
        parts = {
            place: self.reloadable[index] for place, index in enumerate(indices) if index in self.reloadable
        }
        self.reloadable = {}
        new = [place for place in range(len(prepared)) if place not in parts]

        def created(task: Any, count: int, places: list[tuple[int, int | None]]) -> None:
            self._count(task, count)
            if self.on_created and not self.embedded:
                for place, position in places:
                    self.on_created(task.id, indices[new[place]], position)

        failures: list[QuantumTaskError] = []
        if new:
            self.allowance.permit(self.name, [shots[place] for place in new])
        try:
            if new:
                for place, part in self._execute(
                    self._device, [prepared[i] for i in new], [shots[i] for i in new], created
                ):
                    parts[new[place]] = part
        except Exception as error:
            meaning = of_submission(error)
            if meaning is None:
                raise
            unanswered = [shots[place] for place in new if place not in parts]
            if may_have_arrived(error):
                self.allowance.unclear(self.name, unanswered[: self._at_once])
            elif self._execute is batch:
                # One task was refused, the cheapest at worst. `run_batch` does not say which others exist.
                self.allowance.unclear(self.name, sorted(unanswered)[1:])
            failures.append(meaning)
        for place, part in parts.items():
            result = part.result()
            self.accounts.ended(part.task, result)
            if result is None:
                failures.append(of_task(part.task))
            else:
                done[indices[place]] = _outcomes(result, shots[place])
        # What cannot be tried again comes first.
        if failures:
            raise min(failures, key=lambda failure: isinstance(failure, TransientTaskError))

    @property
    def _at_once(self) -> int | None:
        """Circuits of one call to the device; None for all of them."""
        return 1 if self._execute is one_by_one else None

    def _prepared(self, executable: Executable, shots: int) -> Executable:
        prepare = self._sampled if shots else self._exact
        prepared = Executable(prepare(executable.circuit), executable.inputs)
        return prepared if self._rebinds else prepared.bound()

    def _count(self, task: Any, shots: int) -> None:
        self.accounts.created(task, self.name, shots)
        if self._count_as:
            setattr(self.accounts, self._count_as, getattr(self.accounts, self._count_as) + 1)


def _with_probabilities(circuit: Circuit) -> Circuit:
    return circuit.probability(target=range(circuit.qubit_count))


def _outcomes(result: Any, shots: int) -> Outcomes:
    if shots == 0:
        probabilities: NDArray[np.float64] = np.asarray(result.values[0], dtype=float)
        qubits = (len(probabilities) - 1).bit_length()
        return Outcomes(all_bit_strings(qubits), probabilities, 0)
    if hasattr(result, "measured"):  # ours: outcomes are counted and in order already
        return Outcomes(result.bits, result.measured.counts / shots, shots)
    # Columns of `measurements` follow `measured_qubits`; np.unique sorts, so that sums over outcomes
    # are added up in the same order in every run.
    measured = np.asarray(result.measurements, dtype=np.uint8)
    if hasattr(result, "measured_qubits"):
        measured = measured[:, np.argsort(result.measured_qubits)]
    distinct, counts = np.unique(measured, axis=0, return_counts=True)
    return Outcomes(distinct.T, counts / len(measured), len(measured))


@lru_cache(maxsize=1)
def all_bit_strings(qubits: int) -> NDArray[np.uint8]:
    """Every bit string in counting order, qubit 0 the most significant; shape (qubits, 2**qubits)."""
    numbers = np.arange(2**qubits)
    bits = np.empty((qubits, len(numbers)), dtype=np.uint8)
    for qubit in range(qubits):
        bits[qubit] = (numbers >> (qubits - 1 - qubit)) & 1
    bits.flags.writeable = False  # shared by all callers
    return bits


__all__ = ["Estimate", "Outcomes", "QuantumTaskError", "QuantumTasks", "Retry", "all_bit_strings"]
