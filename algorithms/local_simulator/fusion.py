"""Fewer passes over the state: what is diagonal is recognised and gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from algorithms.local_simulator.angles import as_matrix
from algorithms.local_simulator.lowering import Fixed, Operation, Rotation

_WORTH_A_BLOCK = 4
"""With fewer rotations than this, one gate each is as fast."""


@dataclass(frozen=True)
class Diagonal:
    """Rotations about Z strings, multiplied: exp(i (values · generators + constant)) on some of the qubits.

    Attributes:
        targets: Positions, the least significant bit of the diagonal first.
        values: Indices of the inputs it depends on.
        generators: Shape (values, 2**targets).
        constant: Shape (2**targets,).
    """

    targets: tuple[int, ...]
    values: NDArray[np.intp]
    generators: NDArray[np.float64]
    constant: NDArray[np.float64]

    def entries(self, inputs: NDArray[np.float64]) -> NDArray[np.complex128]:
        """The diagonal for the inputs, shape (2**targets,)."""
        entries: NDArray[np.complex128] = np.exp(1j * (inputs[self.values] @ self.generators + self.constant))
        return entries


def conjugated(operations: Sequence[Operation]) -> list[Operation]:
    """The same circuit with CNOT · rotation · CNOT as one rotation about a longer or shorter Z string.

    CNOT(u, v) turns Z_v into Z_u Z_v and back and leaves Z_u alone. It applies only where nothing else acts
    on u or v in between, and again to what came out, so that whole ladders of CNOTs disappear.
    """
    left: list[Operation | None] = list(operations)
    wires: dict[int, list[int]] = {}
    for index, operation in enumerate(operations):
        if found := _enclosed(operation, left, wires):
            opening, rotated, control, target = found
            rotation = left[rotated]
            assert isinstance(rotation, Rotation)
            paulis = dict(rotation.paulis)
            wires[target].remove(opening)
            wires[control].remove(opening)
            if paulis.pop(control, None):
                wires[control].remove(rotated)
            else:
                paulis[control] = "Z"
                wires[control].append(rotated)
            left[rotated] = Rotation(paulis, rotation.angle)
            left[opening] = left[index] = None
        else:
            for position in operation.positions:
                wires.setdefault(position, []).append(index)
    return [operation for operation in left if operation is not None]


def _enclosed(
    closing: Operation, operations: Sequence[Operation | None], wires: dict[int, list[int]]
) -> tuple[int, int, int, int] | None:
    """If this CNOT closes such a sandwich: where its opening and its filling are, its control and target."""
    if not _is_cnot(closing):
        return None
    control, target = closing.targets
    on_target, on_control = wires.get(target, []), wires.get(control, [])
    if len(on_target) < 2:
        return None
    opening, rotated = on_target[-2:]
    first, filling = operations[opening], operations[rotated]
    if not (_is_cnot(first) and first.targets == closing.targets):
        return None
    if not (isinstance(filling, Rotation) and filling.diagonal):
        return None
    expected = [opening, rotated] if control in filling.paulis else [opening]
    return (opening, rotated, control, target) if on_control[-len(expected) :] == expected else None


def _is_cnot(operation: Operation | None) -> TypeGuard[Fixed]:
    return isinstance(operation, Fixed) and operation.name == "CNot" and not operation.controls


def gathered(operations: Sequence[Operation], qubits: int, values: int) -> list[Operation | Diagonal]:
    """The same circuit with each run of many Z rotations as a few diagonal matrices.

    Args:
        operations: In order.
        qubits: Number of qubits.
        values: Number of the circuit's inputs.
    """
    out: list[Operation | Diagonal] = []
    run: list[Rotation] = []
    touched: set[int] = set()
    for operation in operations:
        if isinstance(operation, Rotation) and operation.diagonal:
            run.append(operation)
            touched |= operation.positions
            continue
        if not touched.isdisjoint(operation.positions):
            out += _blocks(run, qubits, values)
            run, touched = [], set()
        out.append(operation)
    return [*out, *_blocks(run, qubits, values)]


def _blocks(run: list[Rotation], qubits: int, values: int) -> list[Operation | Diagonal]:
    """The rotations shared out to blocks of qubits; all of them commute."""
    # Measured: up to here a larger block costs less than another pass over the state.
    width = min(qubits, max(8, qubits // 2 + 2))
    narrow = [rotation for rotation in run if len(rotation.paulis) <= width]
    out: list[Operation | Diagonal] = [rotation for rotation in run if len(rotation.paulis) > width]
    while len(narrow) >= _WORTH_A_BLOCK:
        block = _cover(narrow, width)
        inside = [rotation for rotation in narrow if rotation.positions <= block]
        narrow = [rotation for rotation in narrow if not rotation.positions <= block]
        out.append(_diagonal(inside, sorted(block), values))
    return [*out, *narrow]


def _cover(rotations: list[Rotation], width: int) -> set[int]:
    """Up to `width` qubits that hold many of the rotations entirely, chosen greedily."""
    block = set(max(rotations, key=lambda rotation: len(rotation.paulis)).paulis)
    everywhere = set().union(*(rotation.paulis for rotation in rotations))
    while len(block) < width and (others := everywhere - block):

        def gain(position: int) -> tuple[int, int, int]:
            with_it = [rotation.positions for rotation in rotations if position in rotation.paulis]
            complete = sum(positions <= block | {position} for positions in with_it)
            return complete, len(with_it), -position

        block.add(max(others, key=gain))
    return block


def _diagonal(rotations: list[Rotation], targets: list[int], values: int) -> Diagonal:
    bit = {position: place for place, position in enumerate(targets)}
    basis = np.arange(1 << len(targets))
    parities = [sum(basis >> bit[position] & 1 for position in rotation.paulis) % 2 for rotation in rotations]
    exponents = np.array(parities) - 0.5  # exp(-i angle Z / 2)
    coefficients, constants = as_matrix([rotation.angle for rotation in rotations], values)
    used = np.flatnonzero(coefficients.any(axis=0))
    return Diagonal(tuple(targets), used, coefficients[:, used].T @ exponents, constants @ exponents)
