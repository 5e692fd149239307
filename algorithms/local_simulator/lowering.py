"""From Braket's gates to the few kinds of operations that are compiled.

Positions count qubits from the least significant bit of a state's index, as qulacs does; Braket's first qubit
is the most significant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from braket.circuits import Gate, Instruction
from braket.parametric import FreeParameterExpression
from numpy.typing import NDArray
from scipy.linalg import fractional_matrix_power

from algorithms.local_simulator.angles import Angle, Inputs


class UnsupportedCircuitError(NotImplementedError):
    """A circuit that this simulator does not run; the message says which part of it, and what runs it."""


@dataclass(frozen=True)
class Rotation:
    """exp(-i angle P / 2) with a Pauli string P.

    Attributes:
        paulis: The letter at each position where P is not the identity.
        angle: rad.
    """

    paulis: Mapping[int, str]
    angle: Angle

    @property
    def positions(self) -> set[int]:
        """Where it acts."""
        return set(self.paulis)

    @property
    def diagonal(self) -> bool:
        """Whether P is made of Z alone."""
        return set(self.paulis.values()) <= {"Z"}


@dataclass(frozen=True)
class Fixed:
    """A gate without parameters.

    Attributes:
        name: That of Braket.
        targets: Positions in the order of Braket's gate.
        matrix: As Braket has it, the first target most significant.
        controls: Positions, with the bit that each must have.
    """

    name: str
    targets: tuple[int, ...]
    matrix: NDArray[np.complex128]
    controls: tuple[tuple[int, int], ...] = ()

    @property
    def positions(self) -> set[int]:
        """Where it acts."""
        return {*self.targets, *(position for position, _ in self.controls)}


@dataclass(frozen=True)
class Rebuilt:
    """A gate whose matrix is built anew from the inputs of each run.

    Attributes:
        gate: Braket's, with parameters.
        power: To which its matrix is raised.
        targets: Positions in the order of Braket's gate.
        controls: Positions, with the bit that each must have.
    """

    gate: Gate
    power: float
    targets: tuple[int, ...]
    controls: tuple[tuple[int, int], ...]

    @property
    def positions(self) -> set[int]:
        """Where it acts."""
        return {*self.targets, *(position for position, _ in self.controls)}

    def fixed(self, inputs: Mapping[str, float]) -> Fixed:
        """The gate with these values."""
        return Fixed("", self.targets, _matrix(self.gate.bind_values(**inputs), self.power), self.controls)


Operation = Rotation | Fixed | Rebuilt

_ROTATIONS: dict[type[Gate], str] = {
    Gate.Rx: "X",
    Gate.Ry: "Y",
    Gate.Rz: "Z",
    Gate.XX: "XX",
    Gate.YY: "YY",
    Gate.ZZ: "ZZ",
}
_PHASES: dict[type[Gate], tuple[int, ...]] = {
    Gate.PhaseShift: (1,),
    Gate.CPhaseShift: (1, 1),
    Gate.CPhaseShift00: (0, 0),
    Gate.CPhaseShift01: (0, 1),
    Gate.CPhaseShift10: (1, 0),
}
"""Gates that give one basis state a phase, with its bits."""


def lower(
    instruction: Instruction, position: Mapping[int, int], inputs: Inputs
) -> tuple[list[Operation], Angle]:
    """The operations of one gate, and the phase it gives to the whole state.

    Args:
        instruction: Of a Braket circuit.
        position: Of each of the circuit's qubits.
        inputs: Of the circuit; takes note of its parameters.

    Raises:
        UnsupportedCircuitError: The instruction is no gate.
    """
    gate = instruction.operator
    if not isinstance(gate, Gate) or isinstance(gate, Gate.PulseGate):
        raise UnsupportedCircuitError(
            f"{gate.name} is no gate of a pure state: run the circuit on Braket's own simulators "
            "(device=braket_dm for noise, else device=braket_sv)."
        )
    targets = tuple(position[int(qubit)] for qubit in instruction.target)
    controls = tuple(
        (position[int(qubit)], int(bit))
        for qubit, bit in zip(instruction.control, instruction.control_state.as_tuple, strict=True)
    )
    modified = bool(controls) or instruction.power != 1
    if isinstance(gate, Gate.GPhase):
        angle = inputs.angle(gate.angle) * instruction.power
        return _phase(controls, angle) if controls else ([], angle)
    if not modified and type(gate) in _PHASES:
        bits = zip(targets, _PHASES[type(gate)], strict=True)
        return _phase(tuple(bits), inputs.angle(gate.angle))
    if not modified and (rotations := _rotations(gate, targets, inputs)) is not None:
        return rotations, Angle(0.0)
    if any(isinstance(value, FreeParameterExpression) for value in getattr(gate, "parameters", ())):
        return [Rebuilt(gate, instruction.power, targets, controls)], Angle(0.0)
    name = gate.name if instruction.power == 1 else ""
    return [Fixed(name, targets, _matrix(gate, instruction.power), controls)], Angle(0.0)


def _rotations(gate: Gate, targets: tuple[int, ...], inputs: Inputs) -> list[Operation] | None:
    """A gate as Pauli rotations, if it is made of them; the identity is made of none."""
    if isinstance(gate, Gate.I):
        return []
    if isinstance(gate, Gate.XY):  # exp(i angle (XX + YY) / 4)
        half = inputs.angle(gate.angle) * -0.5
        return [Rotation(dict.fromkeys(targets, letter), half) for letter in "XY"]
    if type(gate) not in _ROTATIONS:
        return None
    return [Rotation(dict(zip(targets, _ROTATIONS[type(gate)], strict=True)), inputs.angle(gate.angle))]


def _phase(bits: tuple[tuple[int, int], ...], angle: Angle) -> tuple[list[Operation], Angle]:
    """A phase for the basis states with these bits: exp(i angle Π (1 ± Z) / 2), multiplied out."""
    share = 0.5 ** len(bits)
    operations: list[Operation] = []
    for subset in range(1, 1 << len(bits)):
        chosen = [bit for place, bit in enumerate(bits) if subset >> place & 1]
        sign = (-1) ** sum(bit for _, bit in chosen)
        operations.append(Rotation({position: "Z" for position, _ in chosen}, angle * (-2.0 * sign * share)))
    return operations, angle * share


def _matrix(gate: Gate, power: float) -> NDArray[np.complex128]:
    """Raised to a power as Braket's simulators do it."""
    matrix: NDArray[np.complex128] = np.asarray(gate.to_matrix(), dtype=complex)
    if power == 1:
        return matrix
    if float(power).is_integer():
        return np.linalg.matrix_power(matrix, int(power))
    raised: NDArray[np.complex128] = fractional_matrix_power(matrix, power)
    return raised
