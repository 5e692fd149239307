"""Quantum tasks and shots of one energy evaluation of H2: ours against the tutorial's, and what they amount to.

Counted by running both on a device that counts. The tutorial measures each Pauli term in a task of its own; ours
measures terms that commute qubit by qubit together, and a program set is one task whatever is in it. The error is
what makes shots comparable: its least at a fixed number of shots is not the same for both.

    python -m benchmarks.tasks [repetitions]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from braket.circuits import Circuit
from braket.program_sets import ProgramSet
from numpy.typing import NDArray

from algorithms.ansatz import RyCnotRy
from algorithms.devices import open_device
from algorithms.energy import Energy
from algorithms.execution import EXECUTIONS
from algorithms.measurement import QuantumTasks
from algorithms.pauli import parse_hamiltonian
from benchmarks.environment import environment

SHOTS = 1000
TERMS = {"II": -1.0523, "IZ": 0.3979, "ZI": -0.3979, "ZZ": -0.0112, "XX": 0.1809}
"""The tutorial's."""
OPTIMUM = np.array([-0.2235, np.pi, 0.0, 0.0])
"""Prepares cos t |01⟩ + sin t |10⟩, the ground state."""
GROUND_ENERGY = -1.857202  # Ha, of the tutorial's rounded coefficients
REPEATS = 400


@dataclass(frozen=True)
class Row:
    """One evaluation.

    Attributes:
        name: Whose.
        tasks: Quantum tasks, each with its fee.
        shots: In all.
        stderr: Standard deviation of the energy over repeated evaluations, Ha.
        shots_for_chemical_accuracy: How many a standard error of 1.6 mHa takes.
    """

    name: str
    tasks: int
    shots: int
    stderr: float

    @property
    def shots_for_chemical_accuracy(self) -> int:
        return math.ceil(self.shots * (self.stderr / 1.6e-3) ** 2)


class CountingDevice:
    """The jobs' local simulator, which counts tasks and shots."""

    def __init__(self) -> None:
        self._device = open_device("local:braket/default", np.random.default_rng(0)).device
        self.tasks = self.shots = 0

    def run(self, program: Circuit | ProgramSet, shots: int) -> Any:
        self.tasks += 1
        self.shots += shots
        return self._device.run(program, shots=shots)


def tutorial_energy(point: NDArray[np.float64], device: CountingDevice) -> float:
    """The tutorial's `compute_energy`: a task for every term except the identity."""
    energy = 0.0
    for paulis, coefficient in TERMS.items():
        if paulis == "II":
            energy += coefficient
            continue
        circuit = Circuit().ry(0, point[0]).ry(1, point[1]).cnot(0, 1).ry(0, point[2]).ry(1, point[3])
        for qubit, pauli in enumerate(paulis):
            if pauli == "X":
                circuit.h(qubit)
        probabilities = device.run(circuit.probability(), shots=SHOTS).result().values[0]
        for index, probability in enumerate(probabilities):
            bits = f"{index:02b}"
            parity = sum(int(bits[qubit]) for qubit, pauli in enumerate(paulis) if pauli != "I") % 2
            energy += coefficient * (1.0 - 2.0 * parity) * probability
    return energy


def our_energy(execution: str) -> Callable[[NDArray[np.float64], CountingDevice], float]:
    """The job's cost function with `tasks.execution=…`."""
    text = ", ".join(f"{coefficient} {paulis}" for paulis, coefficient in TERMS.items())
    energy = Energy(parse_hamiltonian(text), 0.0, RyCnotRy(2))
    return lambda point, device: (
        energy.estimate(point, QuantumTasks(device, SHOTS, execute=EXECUTIONS[execution])).value
    )


def measure(repeats: int = REPEATS) -> list[Row]:
    """Count tasks and shots of one evaluation, and repeat it for its error."""
    rivals = {
        "tutorial": tutorial_energy,
        "ours, `execution=tasks`": our_energy("tasks"),
        "ours, `execution=program_set`": our_energy("program_set"),
    }
    rows = []
    for name, energy in rivals.items():
        device = CountingDevice()
        energy(OPTIMUM, device)
        tasks, shots = device.tasks, device.shots
        energies = [energy(OPTIMUM, device) for _ in range(repeats)]
        mean, stderr = np.mean(energies), np.std(energies, ddof=1)
        if abs(mean - GROUND_ENERGY) > 5 * stderr / math.sqrt(repeats) + 1e-4:
            sys.exit(f"{name} finds {mean} Ha instead of {GROUND_ENERGY}.")
        rows.append(Row(name, tasks, shots, float(stderr)))
    return rows


def main() -> None:
    """Print a Markdown table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    rows = measure(repeats)
    print(
        f"One energy of H2 at its minimum, {SHOTS} shots a circuit; errors from {repeats} repetitions, good to"
    )
    print(f"{100 / math.sqrt(2 * repeats):.0f} %; {environment()}.\n")
    print("| evaluation | tasks | shots | standard error, mHa | shots for 1.6 mHa |")
    print("|---|---|---|---|---|")
    for row in rows:
        needed = row.shots_for_chemical_accuracy
        print(f"| {row.name} | {row.tasks} | {row.shots} | {row.stderr * 1e3:.2f} | {needed} |")


if __name__ == "__main__":
    main()
