"""Noise for the density-matrix simulator, as explicit channels in the circuit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from braket.circuits import Circuit

from algorithms.options import Option


@dataclass(frozen=True)
class Noise:
    """What goes wrong, as probabilities.

    A random Pauli error is X, Y or Z; for two-qubit gates one of the fifteen.
    """

    depolarizing: Annotated[
        float, Option("Of a random Pauli error on its qubits after every gate", at_least=0, at_most=0.75)
    ] = 0.0
    amplitude_damping: Annotated[
        float, Option("Of |1⟩ falling to |0⟩, after every gate on each of its qubits", at_least=0, at_most=1)
    ] = 0.0
    readout: Annotated[float, Option("Of each measured bit being flipped", at_least=0, at_most=0.5)] = 0.0

    def applied(self, circuit: Circuit) -> Circuit:
        """The circuit with its noise channels, parameters kept; it must have no result types yet."""
        noisy = Circuit()
        for instruction in circuit.instructions:
            noisy.add_instruction(instruction)
            qubits = [int(qubit) for qubit in instruction.target]
            if self.depolarizing and len(qubits) == 2:
                noisy.two_qubit_depolarizing(*qubits, self.depolarizing)
            elif self.depolarizing:
                noisy.depolarizing(qubits, self.depolarizing)
            if self.amplitude_damping:
                noisy.amplitude_damping(qubits, self.amplitude_damping)
        if self.readout:
            # The basis is rotated already: a flipped outcome in Z is a flipped bit.
            noisy.bit_flip(range(circuit.qubit_count), self.readout)
        return noisy
