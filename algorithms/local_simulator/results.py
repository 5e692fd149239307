"""Results as Braket's tasks return them, of which only that is computed which somebody looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property, lru_cache
from itertools import count
from typing import Any

import numpy as np
from braket.circuits import Circuit, Observable, ResultType
from braket.circuits.serialization import IRType
from braket.program_sets import ParameterSets
from braket.task_result import AdditionalMetadata, ResultTypeValue, TaskMetadata
from braket.tasks import GateModelQuantumTaskResult, ProgramSetQuantumTaskResult
from braket.tasks.local_quantum_task import LocalQuantumTask
from braket.tasks.measurement_utils import measurements_base_10, samples_from_measurements
from numpy.typing import NDArray

from algorithms.local_simulator.lowering import UnsupportedCircuitError
from algorithms.local_simulator.sampling import Counts

NAME = "qulacs"
_numbers = count(1)


def _new_id() -> str:
    """Different for each task of the process; a UUID would take longer than a small circuit."""
    return f"{NAME}-{next(_numbers)}"


class SimulatedTask(LocalQuantumTask):  # type: ignore[misc]
    """A task that has ended."""

    def __init__(self, result: Any) -> None:
        self._result = result
        self._id = result.id


class SimulatedResult(GateModelQuantumTaskResult):  # type: ignore[misc]
    """What Braket's `GateModelQuantumTaskResult` has, computed when it is asked for.

    Args:
        circuit: What ran.
        shots: 0 if exact.
    """

    def __init__(self, circuit: Circuit, shots: int) -> None:
        self._circuit = circuit
        self._shots = shots
        self.id = _new_id()

    @cached_property
    def task_metadata(self) -> TaskMetadata:
        """The task's id, shots and device."""
        return TaskMetadata(id=self.id, shots=self._shots, deviceId=NAME)

    @cached_property
    def additional_metadata(self) -> AdditionalMetadata:
        """The program in OpenQASM."""
        return AdditionalMetadata(action=self._circuit.to_ir(ir_type=IRType.OPENQASM))

    @property
    def result_types(self) -> list[ResultTypeValue]:
        """The circuit's result types with their values."""
        pairs = zip(self._circuit.result_types, self.values, strict=True)
        return [ResultTypeValue.construct(type=kind.to_ir(), value=value) for kind, value in pairs]

    def get_value_by_result_type(self, result_type: ResultType) -> Any:
        """The value of one of the circuit's result types.

        Raises:
            ValueError: The circuit does not have it.
        """
        if result_type not in self._circuit.result_types:
            raise ValueError(f"The circuit has no result type {result_type}: add it before it is run.")
        return self.values[self._circuit.result_types.index(result_type)]


class ExactResult(SimulatedResult):
    """Values computed from the state.

    Args:
        circuit: What ran.
        values: Of its result types.
    """

    def __init__(self, circuit: Circuit, values: list[Any]) -> None:
        super().__init__(circuit, 0)
        self.values = values


class SampledResult(SimulatedResult):
    """Measurements.

    Args:
        circuit: What ran.
        shots: Number of measurements.
        measured_qubits: Which qubits were measured.
        measured: How often which bits were found, the first of those qubits most significant.
        order: Seed for the order of the single measurements, which the counts do not have.
    """

    measurements_copied_from_device = True
    measurement_counts_copied_from_device = False
    measurement_probabilities_copied_from_device = False

    def __init__(
        self, circuit: Circuit, shots: int, measured_qubits: list[int], measured: Counts, order: int
    ) -> None:
        super().__init__(circuit, shots)
        self.measured_qubits = measured_qubits
        self.measured = measured
        self._order = order

    @cached_property
    def bits(self) -> NDArray[np.uint8]:
        """The different bit strings measured, shape (qubits, outcomes), in the order of `measured`."""
        return (self.measured.outcomes >> _shifts(len(self.measured_qubits)) & 1).astype(np.uint8)

    @cached_property
    def measurements(self) -> NDArray[np.int64]:
        """Shape (shots, measured qubits)."""
        shots = np.repeat(np.arange(len(self.measured.counts)), self.measured.counts)
        in_order = np.random.default_rng(self._order).permutation(shots)
        measurements: NDArray[np.int64] = self.bits.T[in_order].astype(np.int64)
        return measurements

    @cached_property
    def measurement_counts(self) -> Counter[str]:
        """How often each bit string was measured."""
        strings = ("".join(map(str, column)) for column in self.bits.T.tolist())
        return Counter(dict(zip(strings, self.measured.counts.tolist(), strict=True)))

    @cached_property
    def measurement_probabilities(self) -> dict[str, float]:
        """The share of each bit string."""
        return {string: count / self._shots for string, count in self.measurement_counts.items()}

    @property
    def counts(self) -> Counter[str]:
        """`measurement_counts`, as it is called in a program set's result."""
        return self.measurement_counts

    @property
    def probabilities(self) -> dict[str, float]:
        """`measurement_probabilities`, as it is called in a program set's result."""
        return self.measurement_probabilities

    @cached_property
    def values(self) -> list[Any]:
        """The value of each of the circuit's result types."""
        return [self._value(kind) for kind in self._circuit.result_types]

    def _value(self, kind: ResultType) -> Any:
        targets = [int(qubit) for qubit in kind.target] if kind.target else None
        if isinstance(kind, ResultType.Probability):
            columns = [self.measured_qubits.index(qubit) for qubit in targets or self.measured_qubits]
            indices = measurements_base_10(self.measurements[:, columns])
            return np.bincount(indices, minlength=1 << len(columns)) / self._shots
        summaries: dict[type, Callable[[NDArray[np.float64]], Any]] = {
            ResultType.Expectation: np.mean,
            ResultType.Sample: np.asarray,
            ResultType.Variance: np.var,
        }
        if type(kind) not in summaries:
            raise _unsupported(kind)
        summary = summaries[type(kind)]
        if targets:
            return summary(self._samples(kind.observable, targets))
        return [summary(self._samples(kind.observable, [qubit])) for qubit in self.measured_qubits]

    def _samples(self, observable: Observable, targets: list[int]) -> NDArray[np.float64]:
        samples: NDArray[np.float64] = samples_from_measurements(
            self.measurements, self.measured_qubits, observable, targets
        )
        return samples


@lru_cache
def _shifts(qubits: int) -> NDArray[np.int64]:
    """Which bit of an index belongs to each qubit, shape (qubits, 1)."""
    return np.arange(qubits - 1, -1, -1)[:, np.newaxis]


class SimulatedProgram:
    """The results of one program of a program set, one for each set of inputs.

    Attributes:
        entries: The results.
        inputs: The sets of inputs.
    """

    def __init__(self, entries: list[SampledResult], inputs: ParameterSets | None) -> None:
        self.entries = entries
        self.inputs = inputs

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, item: int) -> SampledResult:
        return self.entries[item]


class SimulatedProgramSet(ProgramSetQuantumTaskResult):  # type: ignore[misc]
    """The results of a program set, by program and set of inputs: `result[program][inputs].measurements`."""

    def __init__(self, programs: list[SimulatedProgram], shots: int) -> None:
        self._entries = programs
        self._shots = shots
        self.id = _new_id()

    @cached_property
    def task_metadata(self) -> TaskMetadata:
        """The task's id, shots and device."""
        return TaskMetadata(id=self.id, shots=self._shots, deviceId=NAME)


def exact_value(kind: ResultType, state: NDArray[np.complex128], qubits: list[int]) -> Any:
    """The value of a result type.

    Args:
        kind: The result type.
        state: Amplitudes, shape (2**qubits,), phase included.
        qubits: Braket's numbers of the qubits, the most significant first.

    Raises:
        UnsupportedCircuitError: Only Braket's simulators have this result type.
    """
    if isinstance(kind, ResultType.StateVector):
        return state
    targets = [qubits.index(int(qubit)) for qubit in kind.target or ()] if hasattr(kind, "target") else []
    if isinstance(kind, ResultType.Probability):
        return marginal(state.real**2 + state.imag**2, targets or list(range(len(qubits))), len(qubits))
    if isinstance(kind, ResultType.Expectation):
        if targets:
            return _expectation(kind.observable, state, targets, len(qubits))
        return [_expectation(kind.observable, state, [place], len(qubits)) for place in range(len(qubits))]
    raise _unsupported(kind)


def marginal(probabilities: NDArray[np.float64], places: list[int], qubits: int) -> NDArray[np.float64]:
    """Of some qubits, in their order; places are counted from the most significant bit."""
    if places == list(range(qubits)):
        return probabilities
    rest = [place for place in range(qubits) if place not in places]
    by_qubit = probabilities.reshape([2] * qubits).transpose(places + rest)
    summed: NDArray[np.float64] = by_qubit.reshape(1 << len(places), -1).sum(axis=1)
    return summed


def _expectation(
    observable: Observable, state: NDArray[np.complex128], places: list[int], qubits: int
) -> float:
    applied = state.reshape([2] * qubits)
    at = 0
    for factor in getattr(observable, "factors", (observable,)):
        own = places[at : at + factor.qubit_count]
        at += factor.qubit_count
        matrix = factor.to_matrix().reshape([2] * (2 * len(own)))
        applied = np.tensordot(matrix, applied, (range(len(own), 2 * len(own)), own))
        applied = np.moveaxis(applied, range(len(own)), own)
    scale = observable.coefficient if hasattr(observable, "factors") else 1.0
    return float(np.vdot(state, applied).real * scale)


def _unsupported(kind: ResultType) -> UnsupportedCircuitError:
    return UnsupportedCircuitError(
        f"The result type {kind.name} is not computed here: choose device=braket_sv or device=braket_dm, "
        "Braket's own simulators."
    )
