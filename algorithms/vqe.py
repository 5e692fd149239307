"""Hybrid job: variational quantum eigensolver for the ground-state energy of a Hamiltonian, such as H2's.

Hyperparameters: those of `settings.Settings`, `optimizer.<option>`, and

- `hamiltonian`: the electronic Hamiltonian in Ha, `-1.05 II, 0.4 IZ, …`
- `nuclear_repulsion`: Ha, added to give the total energy
- `ansatz`: a name in `ansatz.ANSATZE`; `hardware_efficient` also reads `layers`, `entangler`, `rotations`
- `initial_point`: `random` angles in [-π, π), or the `hartree_fock` state
- `grouping`, `allocation`: as `energy.Energy` takes them; `qubit_wise` and `uniform` if not passed
"""

from __future__ import annotations

import numpy as np

from algorithms import variational
from algorithms.ansatz import ANSATZE
from algorithms.energy import ALLOCATIONS, Energy
from algorithms.grouping import GROUPINGS
from algorithms.hyperparameters import Hyperparameters
from algorithms.pauli import parse_hamiltonian
from algorithms.randomness import RandomStreams
from algorithms.settings import Settings


def main() -> None:
    """Read the hyperparameters, minimise the energy, save the result.

    Raises:
        HyperparameterError: A hyperparameter is missing, malformed or unknown; no circuit has run.
    """
    given = Hyperparameters.of_this_job()
    settings = Settings.read(given)
    hamiltonian_text = given.text("hamiltonian")
    hamiltonian = parse_hamiltonian(hamiltonian_text)
    nuclear_repulsion = given.number("nuclear_repulsion")
    ansatz_name = given.choice("ansatz", ANSATZE)
    ansatz = ANSATZE[ansatz_name](hamiltonian, given)
    initial_point = given.choice("initial_point", ("random", "hartree_fock"))
    grouping = given.choice("grouping", GROUPINGS, default="qubit_wise")
    allocation = given.choice("allocation", ALLOCATIONS, default="uniform")
    given.finish()

    streams = RandomStreams.from_seed(settings.seed)
    if initial_point == "hartree_fock":
        start = ansatz.basis_state(hamiltonian.lowest_basis_state())
    else:
        start = streams.start.uniform(-np.pi, np.pi, ansatz.parameters)

    energy = Energy(hamiltonian, nuclear_repulsion, ansatz, grouping=grouping, allocation=allocation)
    run = variational.run(energy, variational.from_point(start), settings, streams)
    variational.save(
        run,
        energy,
        settings,
        results_of_algorithm={},
        metadata_of_algorithm={
            "algorithm": "vqe",
            "ansatz": ansatz_name,
            "ansatz_parameters": ansatz.parameters,
            "initial_point": initial_point,
            "grouping": grouping,
            "allocation": allocation,
            "qubits": hamiltonian.qubits,
            "hamiltonian": hamiltonian_text,
            "nuclear_repulsion": nuclear_repulsion,
        },
    )


if __name__ == "__main__":
    main()
