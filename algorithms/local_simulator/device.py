"""The simulator as a Braket device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from braket.circuits import Circuit
from braket.circuits.circuit_helpers import validate_circuit_and_shots
from braket.devices import Device
from braket.program_sets import CircuitBinding, ProgramSet
from braket.tasks.local_quantum_task_batch import LocalQuantumTaskBatch
from qulacs import QuantumState

from algorithms.executable import OncePerCircuit
from algorithms.local_simulator.compilation import CompiledCircuit
from algorithms.local_simulator.lowering import UnsupportedCircuitError
from algorithms.local_simulator.results import (
    NAME,
    ExactResult,
    SampledResult,
    SimulatedProgram,
    SimulatedProgramSet,
    SimulatedTask,
    exact_value,
)
from algorithms.local_simulator.sampling import sample

_PREFIX_BYTES = 256 * 2**20
"""Of memory, at most, for the states of circuits' parts before their first parameter."""


class QulacsSimulator(Device):  # type: ignore[misc]
    """Simulates pure states; circuits are compiled when they are first seen.

    Run one circuit with new `inputs` rather than new circuits.

    Args:
        shot_rng: Draws the shots.
    """

    rebinds = True
    """Whether circuits with parameters should reach this device as they are, with their inputs."""

    def __init__(self, shot_rng: np.random.Generator | None = None) -> None:
        super().__init__(name=NAME, status="AVAILABLE")
        self._rng = np.random.default_rng() if shot_rng is None else shot_rng
        self._states: dict[int, QuantumState] = {}
        self._prefix_bytes = 0
        self._exact = OncePerCircuit(lambda circuit: self._compiled(circuit, sampled=False))
        self._sampled = OncePerCircuit(lambda circuit: self._compiled(circuit, sampled=True))

    def run(
        self,
        task_specification: Circuit | ProgramSet,
        shots: int | None = None,
        inputs: Mapping[str, float] | None = None,
        *args: Any,  # noqa: ARG002 - Braket's signature
        **kwargs: Any,  # noqa: ARG002
    ) -> SimulatedTask:
        """Run a circuit or a program set.

        Args:
            task_specification: Gates, with result types if `shots` is 0.
            shots: 0, as by default, for exact values; of a program set the sum over its executables.
            inputs: Values of the circuit's parameters; a program set has its own.
            *args: Without effect.
            **kwargs: Without effect.

        Raises:
            UnsupportedCircuitError: There is something else in it than gates on pure states.
            ValueError: A parameter has no value, or the result types do not fit the shots.
        """
        if isinstance(task_specification, Circuit):
            return SimulatedTask(self._result(task_specification, shots or 0, inputs or {}))
        if isinstance(task_specification, ProgramSet):
            return SimulatedTask(self._program_set(task_specification, shots))
        raise UnsupportedCircuitError(
            f"{type(task_specification).__name__} is neither a Braket circuit nor a program set: "
            "choose device=braket_sv, Braket's own simulator, for other programs."
        )

    def run_batch(
        self,
        task_specifications: Circuit | Sequence[Circuit],
        shots: int | Sequence[int] | None = 0,
        max_parallel: int | None = None,  # noqa: ARG002 - Braket's signature
        inputs: Mapping[str, float] | Sequence[Mapping[str, float]] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> SimulatedBatch:
        """Run several circuits, or one with several inputs, one after the other.

        Args:
            task_specifications: Circuits.
            shots: Of all or of each.
            max_parallel: Without effect.
            inputs: Of all or of each.
            *args: Without effect.
            **kwargs: Without effect.
        """
        single = isinstance(task_specifications, Circuit)
        if single and (inputs is None or isinstance(inputs, Mapping)):
            task_specifications = [task_specifications]
        parts = [
            repeat(task_specifications) if isinstance(task_specifications, Circuit) else task_specifications,
            shots if isinstance(shots, Sequence) else repeat(shots),
            inputs if isinstance(inputs, Sequence) else repeat(inputs),
        ]
        lengths = {len(part) for part in parts if isinstance(part, Sequence)}
        if len(lengths) > 1:
            raise ValueError("Circuits, shots and inputs must be equal in number.")
        return SimulatedBatch([self.run(*each, *args, **kwargs) for each in zip(*parts, strict=False)])

    def _result(
        self, circuit: Circuit, shots: int, inputs: Mapping[str, float]
    ) -> ExactResult | SampledResult:
        compiled = self._sampled(circuit) if shots else self._exact(circuit)
        qubits = compiled.qubits
        state = self._states.get(len(qubits))
        if state is None:
            # One is enough, and at 26 qubits it is a GiB.
            self._states.clear()
            state = self._states[len(qubits)] = QuantumState(len(qubits))
        values = compiled.run(state, inputs)
        if not shots:
            amplitudes = state.get_vector()
            if any(kind.name == "StateVector" for kind in circuit.result_types):
                amplitudes = amplitudes * compiled.phase(values)
            kinds = circuit.result_types
            return ExactResult(circuit, [exact_value(kind, amplitudes, qubits) for kind in kinds])
        counts = sample(state, shots, self._rng)
        if compiled.measured != qubits:
            counts = counts.of_bits([len(qubits) - 1 - qubits.index(qubit) for qubit in compiled.measured])
        order = int(self._rng.bit_generator.random_raw())
        return SampledResult(circuit, shots, compiled.measured, counts, order)

    def _compiled(self, circuit: Circuit, *, sampled: bool) -> CompiledCircuit:
        validate_circuit_and_shots(circuit, int(sampled))
        compiled = CompiledCircuit(circuit, rotated=sampled)
        size = 16 << len(compiled.qubits)
        if self._prefix_bytes + size <= _PREFIX_BYTES and compiled.keep_prefix():
            self._prefix_bytes += size
        return compiled

    def _program_set(self, program_set: ProgramSet, shots: int | None) -> SimulatedProgramSet:
        total = shots or program_set.total_shots
        each, rest = divmod(total, program_set.total_executables)
        if rest or not each:
            raise ValueError(
                f"{total} shots cannot be shared out equally to {program_set.total_executables} executables."
            )
        programs = []
        for entry in program_set.entries:
            circuit, parameters = entry, None
            if isinstance(entry, CircuitBinding):
                circuit, parameters = entry.circuit, entry.input_sets
                if entry.observables:
                    circuit = None
            if not isinstance(circuit, Circuit):
                raise UnsupportedCircuitError(
                    "Only program sets of circuits without observables run here: choose device=braket_sv."
                )
            sets = parameters.as_list() if parameters else [{}]
            results = [self._result(circuit, each, inputs) for inputs in sets]
            programs.append(SimulatedProgram(results, parameters))
        return SimulatedProgramSet(programs, total)


class SimulatedBatch(LocalQuantumTaskBatch):  # type: ignore[misc]
    """Tasks that have ended.

    Attributes:
        tasks: In the order of the circuits.
    """

    def __init__(self, tasks: list[SimulatedTask]) -> None:
        super().__init__([task.result() for task in tasks])
        self.tasks = tasks
