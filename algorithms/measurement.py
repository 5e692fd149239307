"""Circuits in, distributions of bit strings out, with a count of what that costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from braket.circuits import Circuit
from braket.devices import Device
from numpy.typing import NDArray


class QuantumTaskError(RuntimeError):
    """A quantum task that ended without a result."""


@dataclass(frozen=True)
class Estimate:
    """An expectation value.

    Attributes:
        value: Sample mean, or the exact value.
        stderr: Standard error of `value`: 0 if exact, nan if a single shot gives no notion of it.
    """

    value: float
    stderr: float


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


class QuantumTasks:
    """Runs circuits on a device and counts.

    Args:
        device: Where circuits run.
        shots: Measurements of each circuit; 0 for exact probabilities, which only simulators have.

    Attributes:
        count: Quantum tasks run so far.
    """

    def __init__(self, device: Device, shots: int) -> None:
        self._device = device
        self.shots = shots
        self.count = 0

    @property
    def shots_total(self) -> int:
        """Shots spent so far."""
        return self.count * self.shots

    def run(self, circuits: Sequence[Circuit]) -> list[Outcomes]:
        """Measure all qubits of each circuit; the qubits must be 0 … n-1.

        All tasks are submitted before the first is waited for, so that they share a device's queue.

        Raises:
            QuantumTaskError: A task failed or was cancelled.
        """
        if self.shots == 0:
            circuits = [circuit.copy().probability(target=range(circuit.qubit_count)) for circuit in circuits]
        tasks = []
        for circuit in circuits:
            tasks.append(self._device.run(circuit, shots=self.shots))
            self.count += 1
        return [self._outcomes(task) for task in tasks]

    def _outcomes(self, task: Any) -> Outcomes:
        result = task.result()
        if result is None:  # what the SDK returns for failed and cancelled tasks, without an exception
            raise QuantumTaskError(f"Quantum task {task.id} ended as {task.state()}.")
        if self.shots == 0:
            probabilities: NDArray[np.float64] = np.asarray(result.values[0], dtype=float)
            qubits = (len(probabilities) - 1).bit_length()
            return Outcomes(all_bit_strings(qubits), probabilities, 0)
        # Columns of `measurements` follow `measured_qubits`; np.unique sorts, so that sums over outcomes
        # are added up in the same order in every run.
        shots = np.asarray(result.measurements, dtype=np.uint8)[:, np.argsort(result.measured_qubits)]
        distinct, counts = np.unique(shots, axis=0, return_counts=True)
        return Outcomes(distinct.T, counts / len(shots), len(shots))


@lru_cache(maxsize=1)
def all_bit_strings(qubits: int) -> NDArray[np.uint8]:
    """Every bit string in counting order, qubit 0 the most significant; shape (qubits, 2**qubits)."""
    numbers = np.arange(2**qubits)
    bits = np.empty((qubits, len(numbers)), dtype=np.uint8)
    for qubit in range(qubits):
        bits[qubit] = (numbers >> (qubits - 1 - qubit)) & 1
    bits.flags.writeable = False  # shared by all callers
    return bits
