"""Braket circuits compiled for qulacs: once, then run with any values of their parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Any, Protocol

import numpy as np
from braket.circuits import Circuit, Instruction
from braket.circuits.compiler_directive import CompilerDirective
from braket.circuits.measure import Measure
from numpy.typing import NDArray
from qulacs import ParametricQuantumCircuit, QuantumCircuit, QuantumState, gate

from algorithms.local_simulator.angles import Angle, Inputs, as_matrix
from algorithms.local_simulator.fusion import Diagonal, conjugated, gathered
from algorithms.local_simulator.lowering import Fixed, Operation, Rebuilt, Rotation, lower

Values = NDArray[np.float64]
QulacsGate = Any
_NATIVE: dict[str, Callable[..., QulacsGate]] = {
    "H": gate.H,
    "X": gate.X,
    "Y": gate.Y,
    "Z": gate.Z,
    "S": gate.S,
    "Si": gate.Sdag,
    "T": gate.T,
    "Ti": gate.Tdag,
    "CNot": gate.CNOT,
    "CZ": gate.CZ,
    "Swap": gate.SWAP,
}
_PAULI = {"X": 1, "Y": 2, "Z": 3}
_ROTATION = {"X": gate.ParametricRX, "Y": gate.ParametricRY, "Z": gate.ParametricRZ}


class Segment(Protocol):
    """A part of a compiled circuit."""

    def apply(self, state: QuantumState, values: Values, inputs: Mapping[str, float]) -> None:
        """Act on the state; `values` are those of `Inputs`."""


class CompiledCircuit:
    """A circuit ready to run.

    Args:
        circuit: May have parameters.
        rotated: Whether to rotate, at the end, into the basis that its result types are measured in.

    Attributes:
        qubits: Braket's numbers of its qubits, the most significant bit first.
        measured: Those of them that are measured, in the circuit's order; all if it does not say.

    Raises:
        UnsupportedCircuitError: The circuit has noise or something else that is no gate.
    """

    def __init__(self, circuit: Circuit, *, rotated: bool) -> None:
        self.qubits = sorted(int(qubit) for qubit in circuit.qubits)
        self._inputs = Inputs(parameter.name for parameter in circuit.parameters)
        instructions = circuit.instructions + (circuit.basis_rotation_instructions if rotated else [])
        measured = [int(q) for i in instructions if isinstance(i.operator, Measure) for q in i.target]
        self.measured = measured or self.qubits
        operations, self._phases = self._lowered(instructions)
        values = len(self._inputs)
        fused = gathered(conjugated(operations), len(self.qubits), values)
        self._segments = _segments(fused, len(self.qubits), values)
        self._phase_coefficients, self._phase_constants = as_matrix(self._phases, values)
        self._prefix: QuantumState | None = None

    def _lowered(self, instructions: Iterable[Instruction]) -> tuple[list[Operation], list[Angle]]:
        count = len(self.qubits)
        position = {qubit: count - 1 - place for place, qubit in enumerate(self.qubits)}
        operations: list[Operation] = []
        phases: list[Angle] = []
        for instruction in instructions:
            if not isinstance(instruction.operator, Measure | CompilerDirective):
                some, phase = lower(instruction, position, self._inputs)
                operations += some
                phases.append(phase)
        return operations, phases

    def keep_prefix(self) -> bool:
        """Run what comes before the first parameter once for all; whether there is such a part."""
        if len(self._segments) < 2 or not isinstance(self._segments[0], Constant):
            return False
        self._prefix = QuantumState(len(self.qubits))
        self._segments.pop(0).apply(self._prefix, np.empty(0), {})
        return True

    def run(self, state: QuantumState, inputs: Mapping[str, float]) -> Values:
        """Prepare the final state in `state`, up to its phase.

        Returns:
            The values of the circuit's inputs.

        Raises:
            ValueError: A parameter has no value.
        """
        values = np.array(self._inputs.values(inputs))
        if self._prefix is None:
            state.set_zero_state()
        else:
            state.load(self._prefix)
        for segment in self._segments:
            segment.apply(state, values, inputs)
        return values

    def phase(self, values: Values) -> complex:
        """What the state of a run has to be multiplied with, for those who look at amplitudes."""
        angles = self._phase_coefficients @ values + self._phase_constants
        return complex(np.exp(1j * angles.sum()))


@dataclass(frozen=True)
class Constant:
    """Gates without parameters."""

    circuit: QuantumCircuit

    def apply(self, state: QuantumState, values: Values, inputs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Act on the state."""
        self.circuit.update_quantum_state(state)


@dataclass(frozen=True)
class Parametric:
    """Rotations whose angles are set before each run, and gates without parameters between them.

    Attributes:
        circuit: Its parameters are minus the angles, as qulacs has no minus in the exponent.
        coefficients: Of the parameters, shape (parameters, values).
        constants: Shape (parameters,).
    """

    circuit: ParametricQuantumCircuit
    coefficients: Values
    constants: Values

    def apply(self, state: QuantumState, values: Values, inputs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Act on the state."""
        set_parameter = self.circuit.set_parameter
        for index, parameter in enumerate((self.coefficients @ values + self.constants).tolist()):
            set_parameter(index, parameter)
        self.circuit.update_quantum_state(state)


@dataclass(frozen=True)
class Phases:
    """A diagonal matrix that depends on the inputs."""

    diagonal: Diagonal

    def apply(self, state: QuantumState, values: Values, inputs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Act on the state."""
        _diagonal_gate(self.diagonal, values).update_quantum_state(state)


@dataclass(frozen=True)
class Matrix:
    """A gate that qulacs has no rotation for."""

    gate: Rebuilt

    def apply(self, state: QuantumState, values: Values, inputs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Act on the state."""
        _fixed_gate(self.gate.fixed(inputs)).update_quantum_state(state)


def _segments(operations: list[Operation | Diagonal], qubits: int, values: int) -> list[Segment]:
    """Consecutive operations of a kind together; what comes before the first parameter by itself."""
    first = len(list(takewhile(_is_constant, operations)))
    segments: list[Segment] = [_constant(operations[:first], qubits)] if first else []
    for kind, group in groupby(operations[first:], _kind):
        if kind is Parametric:
            segments.append(_parametric(list(group), qubits, values))
        else:
            segments += [Phases(op) if isinstance(op, Diagonal) else Matrix(op) for op in group]  # type: ignore[arg-type]
    return segments


def _kind(operation: Operation | Diagonal) -> type:
    if isinstance(operation, Diagonal) and operation.values.size:
        return Phases
    return Matrix if isinstance(operation, Rebuilt) else Parametric


def _is_constant(operation: Operation | Diagonal) -> bool:
    if isinstance(operation, Rotation):
        return not operation.angle.terms
    return isinstance(operation, Fixed) or (isinstance(operation, Diagonal) and not operation.values.size)


def _constant(operations: Sequence[Operation | Diagonal], qubits: int) -> Constant:
    circuit = QuantumCircuit(qubits)
    for operation in operations:
        circuit.add_gate(_gate(operation))
    return Constant(circuit)


def _parametric(operations: Sequence[Operation | Diagonal], qubits: int, values: int) -> Parametric:
    circuit = ParametricQuantumCircuit(qubits)
    angles: list[Angle] = []
    for operation in operations:
        if isinstance(operation, Rotation) and operation.angle.terms:
            angles.append(operation.angle * -1.0)
            circuit.add_parametric_gate(_gate(operation))
        else:
            circuit.add_gate(_gate(operation))
    return Parametric(circuit, *as_matrix(angles, values))


def _gate(operation: Operation | Diagonal) -> QulacsGate:
    if isinstance(operation, Rotation):
        return _rotation_gate(operation)
    if isinstance(operation, Diagonal):
        return _diagonal_gate(operation, np.empty(0))
    assert isinstance(operation, Fixed)
    return _fixed_gate(operation)


def _rotation_gate(rotation: Rotation) -> QulacsGate:
    start = -rotation.angle.constant
    if len(rotation.paulis) == 1:
        [(position, letter)] = rotation.paulis.items()
        return _ROTATION[letter](position, start)
    letters = [_PAULI[letter] for letter in rotation.paulis.values()]
    return gate.ParametricPauliRotation(list(rotation.paulis), letters, start)


def _diagonal_gate(diagonal: Diagonal, values: Values) -> QulacsGate:
    return gate.DiagonalMatrix(list(diagonal.targets), diagonal.entries(values))


def _fixed_gate(operation: Fixed) -> QulacsGate:
    if operation.name in _NATIVE and not operation.controls:
        return _NATIVE[operation.name](*operation.targets)
    made = gate.DenseMatrix(list(operation.targets[::-1]), operation.matrix)
    for position, bit in operation.controls:
        made.add_control_qubit(position, bit)
    return made
