"""VQE of H2 as tutorials write it: the circuits of `algorithms.vqe_h2` on Braket's LocalSimulator, scipy's COBYLA.

python plain_vqe.py SEED SHOTS EVALUATIONS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from braket.circuits import Circuit
from braket.devices import LocalSimulator
from scipy.optimize import minimize

# H2 at 0.735 Å, the default problem: coefficients of II, IZ, ZI, ZZ, XX in Ha, and the nuclear repulsion.
CONSTANT, IZ, ZI, ZZ, XX = -1.052373245773, 0.397937424843, -0.397937424843, -0.011280104256, 0.180931199784
NUCLEAR_REPULSION = 0.719968994449


def minimise(seed: int, shots: int, evaluations: int) -> float:
    """The energy in Ha of a fresh evaluation at the optimizer's parameters."""
    device = LocalSimulator()

    def energy(angles: np.ndarray) -> float:
        state = Circuit().ry(0, angles[0]).ry(1, angles[1]).cnot(0, 1).ry(0, angles[2]).ry(1, angles[3])
        z = 1 - 2 * device.run(state, shots=shots).result().measurements
        rotated = state.copy().h(0).h(1)
        x = 1 - 2 * device.run(rotated, shots=shots).result().measurements
        parity = z[:, 0] * z[:, 1]
        electronic = CONSTANT + np.mean(IZ * z[:, 1] + ZI * z[:, 0] + ZZ * parity)
        return float(electronic + XX * np.mean(x[:, 0] * x[:, 1]) + NUCLEAR_REPULSION)

    start = np.random.default_rng(seed).uniform(-np.pi, np.pi, 4)
    options = {"maxiter": evaluations, "rhobeg": 0.5, "tol": 1e-4}
    return energy(minimize(energy, start, method="COBYLA", options=options).x)


if __name__ == "__main__":
    value = minimise(*map(int, sys.argv[1:4]))
    Path("results.json").write_text(json.dumps({"value": value}))
