"""Hybrid job: variational quantum eigensolver for the ground-state energy of a Hamiltonian, such as H2's.

Hyperparameters: those of `settings.Settings`, `optimizer.<option>`, and

- `hamiltonian`: the electronic Hamiltonian in Ha, `-1.05 II, 0.4 IZ, …`
- `nuclear_repulsion`: Ha, added to give the total energy
- `ansatz`: a name in `ansatz.ANSATZE`; `hardware_efficient` also reads `layers`, `entangler`, `rotations`
- `initial_point`: `random` angles in [-π, π), or the `hartree_fock` state
- `grouping`, `allocation`: as `energy.Energy` takes them; `qubit_wise` and `uniform` if not passed
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from algorithms import job
from algorithms.ansatz import ANSATZE
from algorithms.energy import ALLOCATIONS, Energy
from algorithms.grouping import GROUPINGS
from algorithms.hyperparameters import Hyperparameters
from algorithms.job import Job
from algorithms.objective import Objective
from algorithms.optimizers import Optimum
from algorithms.pauli import parse_hamiltonian
from algorithms.settings import Settings
from algorithms.variational import Minimize, Search


def main() -> None:
    """Minimise the energy; raises as `job.run`."""
    job.run(_read)


def braket_workload(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """What such a job will ask of its devices."""
    return job.workload(_read, hyperparameters)


def _read(given: Hyperparameters, settings: Settings) -> Job:  # noqa: ARG001 - as every script's
    hamiltonian_text = given.text("hamiltonian")
    hamiltonian = parse_hamiltonian(hamiltonian_text)
    nuclear_repulsion = given.number("nuclear_repulsion")
    ansatz_name = given.choice("ansatz", ANSATZE)
    ansatz = ANSATZE[ansatz_name](hamiltonian, given)
    initial_point = given.choice("initial_point", ("random", "hartree_fock"))
    grouping = given.choice("grouping", GROUPINGS, default="qubit_wise")
    allocation = given.choice("allocation", ALLOCATIONS, default="uniform")

    def search(rng: np.random.Generator) -> Search:
        def from_start(minimize: Minimize, objective: Objective, evaluations: int) -> Optimum:
            # Not before: Hartree-Fock looks at all 2^qubits basis states.
            if initial_point == "hartree_fock":
                start = ansatz.basis_state(hamiltonian.lowest_basis_state())
            else:
                start = rng.uniform(-np.pi, np.pi, ansatz.parameters)
            return minimize(objective, start, evaluations)

        return from_start

    return Job(
        cost=Energy(hamiltonian, nuclear_repulsion, ansatz, grouping=grouping, allocation=allocation),
        search=search,
        qubits=hamiltonian.qubits,
        metadata={
            "algorithm": "vqe",
            "ansatz": ansatz_name,
            "ansatz_parameters": ansatz.parameters,
            "initial_point": initial_point,
            "grouping": grouping,
            "allocation": allocation,
            "hamiltonian": hamiltonian_text,
            "nuclear_repulsion": nuclear_repulsion,
        },
        regardless_of=("nuclear_repulsion", "initial_point", "allocation"),
    )


if __name__ == "__main__":
    main()
