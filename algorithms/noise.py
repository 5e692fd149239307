"""Noise for the density-matrix simulator, as explicit channels in the circuit."""

from __future__ import annotations

from dataclasses import dataclass

from braket.circuits import Circuit

from algorithms.hyperparameters import HyperparameterError, Hyperparameters


@dataclass(frozen=True)
class Noise:
    """What goes wrong, as probabilities.

    Attributes:
        depolarizing: After every gate, on its qubits: with this probability a random Pauli error (X, Y or Z;
            for two-qubit gates one of the fifteen).
        amplitude_damping: After every gate, on each of its qubits: probability of |1⟩ falling to |0⟩.
        readout: Each measured bit is flipped with this probability.
    """

    depolarizing: float
    amplitude_damping: float
    readout: float

    @classmethod
    def read(cls, given: Hyperparameters) -> Noise | None:
        """Take it from `noise.…`; None where nothing is passed.

        Raises:
            HyperparameterError: A probability is missing or beyond what the channel can have.
        """
        if not given.has("noise.depolarizing"):
            return None
        noise = given.prefixed("noise.")
        largest = {"depolarizing": 0.75, "amplitude_damping": 1.0, "readout": 0.5}
        values = {name: noise.number(name, at_least=0.0) for name in largest}
        for name, value in values.items():
            if value > largest[name]:
                raise HyperparameterError(f"noise.{name} is {value}: expected {largest[name]} at most.")
        return cls(**values)

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
