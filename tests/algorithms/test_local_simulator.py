"""The local simulator against Braket's own, over all gates, and the ways to run circuits on it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isclass
from typing import Any

import numpy as np
import pytest
from braket.circuits import Circuit, FreeParameter, Gate, Instruction
from braket.devices import LocalSimulator
from braket.parametric import FreeParameterExpression
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import fractional_matrix_power

pytest.importorskip("qulacs")

from algorithms.local_simulator.device import QulacsSimulator

REFERENCE = LocalSimulator("braket_sv")
ANGLE_COUNTS = {Gate.MS: 3, Gate.PRx: 2, Gate.U: 3}
NOT_PLAIN = {"Unitary", "PulseGate"}
GATES: dict[str, Callable[..., Gate]] = {
    name: gate
    for name, gate in vars(Gate).items()
    if isclass(gate) and issubclass(gate, Gate) and name not in NOT_PLAIN
}
X, Y = FreeParameter("x"), FreeParameter("y")
ANGLES: list[Callable[[float], Any]] = [
    lambda value: value,
    lambda value: X,  # noqa: ARG005
    lambda value: 2 * X - value,
    lambda value: Y / 3 + value * X,
    lambda value: X * Y + value,  # not linear
]


def angles_of(gate: type[Gate]) -> int:
    if gate in ANGLE_COUNTS:
        return ANGLE_COUNTS[gate]
    try:
        gate()
    except TypeError:
        return 1
    return 0


def simulator(seed: int = 0) -> QulacsSimulator:
    return QulacsSimulator(np.random.default_rng(seed))


@st.composite
def instructions(draw: st.DrawFn, qubits: int, modifiers: bool) -> Instruction:
    places = draw(st.permutations(range(qubits)))
    name = draw(st.sampled_from([*sorted(GATES), "Unitary"]))
    if name == "Unitary":
        random = np.random.default_rng(draw(st.integers(0, 99)))
        matrix, _ = np.linalg.qr(random.normal(size=(4, 4)) + 1j * random.normal(size=(4, 4)))
        gate = Gate.Unitary(matrix)
    else:
        angle = st.floats(-7, 7, allow_subnormal=False)
        angles = [draw(st.sampled_from(ANGLES))(draw(angle)) for _ in range(angles_of(GATES[name]))]
        gate = GATES[name](*angles)
    targets, free = places[: gate.qubit_count], places[gate.qubit_count :]
    if not modifiers:
        return Instruction(gate, targets)
    controls = free[: draw(st.integers(0, len(free)))]
    state = [draw(st.integers(0, 1)) for _ in controls]
    power = draw(st.sampled_from([1, 2, -1, 0.5]))
    return Instruction(gate, targets, control=controls, control_state=state, power=power)


@st.composite
def circuits(draw: st.DrawFn, modifiers: bool = False) -> Circuit:
    """Gates of every kind on three to five qubits, in superposition at first, with sandwiches of CNOTs."""
    qubits = draw(st.integers(3, 5))
    circuit = superposition(qubits)
    for _ in range(draw(st.integers(1, 12))):
        inner = draw(st.lists(instructions(qubits, modifiers), min_size=1, max_size=2))
        if draw(st.booleans()):
            pair = draw(st.permutations(range(qubits)))[:2]
            rotation = Instruction(Gate.Rz(draw(st.sampled_from(ANGLES))(0.3)), pair[draw(st.integers(0, 1))])
            cnot = Instruction(Gate.CNot(), pair)
            inner = [cnot, *draw(st.sampled_from([[rotation], [rotation, rotation], inner])), cnot]
        for instruction in inner:
            circuit.add(instruction)
    return circuit


def superposition(qubits: int) -> Circuit:
    circuit = Circuit()
    for qubit in range(qubits):
        circuit.ry(qubit, 0.4 + 0.3 * qubit)
    return circuit


VALUES = {"x": 0.37, "y": -1.9}


def states(circuit: Circuit) -> list[NDArray[np.complex128]]:
    """By our simulator: when it sees the circuit first, and when it is compiled already."""
    device, asked = simulator(), circuit.copy().state_vector()
    return [device.run(asked, shots=0, inputs=VALUES).result().values[0] for _ in range(2)]


# Braket's simulator takes too long for a failure to be shrunk.
@settings(deadline=None, max_examples=40, phases=[Phase.reuse, Phase.generate])
@given(circuits())
def test_states_are_those_of_brakets_simulator(circuit: Circuit) -> None:
    bound = circuit.make_bound_circuit(VALUES).state_vector()
    [expected] = REFERENCE.run(bound, shots=0).result().values
    for state in states(circuit):
        assert np.abs(state - expected).max() < 1e-10


@settings(deadline=None, max_examples=30)
@given(circuits(modifiers=True))
def test_powers_and_controls_are_as_defined(circuit: Circuit) -> None:
    """Braket's simulator of 1.41 ignores some (its CNOT² is CNOT), so the definition has to do."""
    expected = by_definition(circuit)
    for state in states(circuit):
        assert np.abs(state - expected).max() < 1e-10


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate(name: str) -> None:
    gate = GATES[name](*[0.3 + 0.4 * k for k in range(angles_of(GATES[name]))])
    circuit = superposition(3).add(Instruction(gate, [2, 0, 1][: gate.qubit_count]))
    [expected] = REFERENCE.run(circuit.copy().state_vector(), shots=0).result().values
    for state in states(circuit):
        assert np.abs(state - expected).max() < 1e-10
    assert np.abs(state - by_definition(circuit)).max() < 1e-10


def by_definition(circuit: Circuit) -> NDArray[np.complex128]:
    """The state by multiplication with each gate's matrix, to its power, where the controls allow it."""
    state = np.zeros([2] * circuit.qubit_count, dtype=complex)
    state.flat[0] = 1.0
    for instruction in circuit.instructions:
        gate = instruction.operator
        if any(isinstance(value, FreeParameterExpression) for value in getattr(gate, "parameters", ())):
            gate = gate.bind_values(**VALUES)
        matrix = np.atleast_2d(gate.to_matrix())
        matrix = fractional_matrix_power(matrix, instruction.power)
        if isinstance(gate, Gate.GPhase):  # turned on by its angle, not by its matrix
            matrix = np.exp(1j * gate.angle * instruction.power).reshape(1, 1)
        targets = [int(qubit) for qubit in instruction.target]
        chosen: list[Any] = [slice(None)] * state.ndim
        for qubit, bit in zip(instruction.control, instruction.control_state.as_tuple, strict=True):
            chosen[int(qubit)] = slice(bit, bit + 1)
        part = np.moveaxis(state[tuple(chosen)], targets, range(len(targets)))
        turned = (matrix @ part.reshape(len(matrix), -1)).reshape(part.shape)
        state[tuple(chosen)] = np.moveaxis(turned, range(len(targets)), targets)
    return state.ravel()
