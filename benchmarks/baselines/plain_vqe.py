"""VQE of H2 as Braket's tutorials write it, on the LocalSimulator with scipy's COBYLA.

Each Pauli term is a quantum task of its own, of which the probabilities are asked for; with `grouped` the terms
that commute share a circuit, as in `algorithms.energy`.

python plain_vqe.py SEED SHOTS EVALUATIONS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from braket.circuits import Circuit
from braket.devices import LocalSimulator
from braket.jobs.metrics import log_metric
from scipy.optimize import minimize

# H2 at 0.735 Å, the default problem, in Ha: the terms' coefficients, and the nuclear repulsion.
TERMS = {
    "II": -1.052373245773,
    "IZ": 0.397937424843,
    "ZI": -0.397937424843,
    "ZZ": -0.011280104256,
    "XX": 0.180931199784,
}
NUCLEAR_REPULSION = 0.719968994449
CONSTANT = TERMS["II"] + NUCLEAR_REPULSION


def minimise(seed: int, shots: int, evaluations: int, *, grouped: bool = False) -> float:
    """The energy in Ha of a fresh evaluation at the optimizer's parameters."""
    device = LocalSimulator()
    electronic = _of_two_circuits if grouped else _of_each_term
    iteration = 0

    def energy(angles: np.ndarray) -> float:
        nonlocal iteration
        state = Circuit().ry(0, angles[0]).ry(1, angles[1]).cnot(0, 1).ry(0, angles[2]).ry(1, angles[3])
        value = CONSTANT + electronic(state, device, shots)
        log_metric("energy", value, iteration)
        iteration += 1
        return value

    start = np.random.default_rng(seed).uniform(-np.pi, np.pi, 4)
    options = {"maxiter": evaluations, "rhobeg": 0.5, "tol": 1e-4}
    return energy(minimize(energy, start, method="COBYLA", options=options).x)


def _of_each_term(state: Circuit, device: LocalSimulator, shots: int) -> float:
    energy = 0.0
    for paulis, coefficient in TERMS.items():
        if paulis == "II":
            continue
        circuit = state.copy()
        for qubit, pauli in enumerate(paulis):
            if pauli == "X":
                circuit.h(qubit)
        circuit.probability()
        probabilities = device.run(circuit, shots=shots).result().values[0]
        active = [qubit for qubit, pauli in enumerate(paulis) if pauli != "I"]
        for index, probability in enumerate(probabilities):
            bits = format(index, f"0{len(paulis)}b")
            energy += coefficient * (-1) ** sum(int(bits[qubit]) for qubit in active) * probability
    return float(energy)


def _of_two_circuits(state: Circuit, device: LocalSimulator, shots: int) -> float:
    z = 1 - 2 * device.run(state, shots=shots).result().measurements
    x = 1 - 2 * device.run(state.copy().h(0).h(1), shots=shots).result().measurements
    of_z = TERMS["IZ"] * z[:, 1] + TERMS["ZI"] * z[:, 0] + TERMS["ZZ"] * z[:, 0] * z[:, 1]
    return float(np.mean(of_z) + TERMS["XX"] * np.mean(x[:, 0] * x[:, 1]))


if __name__ == "__main__":
    value = minimise(*map(int, sys.argv[1:4]))
    Path("results.json").write_text(json.dumps({"value": value}))
