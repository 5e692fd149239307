"""Hybrid job: variational quantum eigensolver for a molecule's ground-state energy, such as H2's.

Hyperparameters: those of `variational.Settings`, `optimizer.<option>`, and

- `hamiltonian`: the electronic Hamiltonian in Ha, `-1.05 II, 0.4 IZ, …`
- `nuclear_repulsion`: Ha, added to give the total energy
- `ansatz`: a name in `ansatz.ANSATZE`
- `initial_point`: `random` angles in [-π, π), or the `hartree_fock` state
"""

from __future__ import annotations

import numpy as np

from algorithms import variational
from algorithms.ansatz import ANSATZE
from algorithms.hyperparameters import Hyperparameters
from algorithms.pauli import parse_hamiltonian
from algorithms.randomness import RandomStreams
from algorithms.vqe import Energy


def main() -> None:
    """Read the hyperparameters, minimise the energy, save the result.

    Raises:
        HyperparameterError: A hyperparameter is missing, malformed or unknown; no circuit has run.
    """
    given = Hyperparameters.of_this_job()
    settings = variational.Settings.read(given)
    hamiltonian_text = given.text("hamiltonian")
    hamiltonian = parse_hamiltonian(hamiltonian_text)
    nuclear_repulsion = given.number("nuclear_repulsion")
    ansatz_name = given.choice("ansatz", ANSATZE)
    initial_point = given.choice("initial_point", ("random", "hartree_fock"))
    given.finish()

    streams = RandomStreams.from_seed(settings.seed)
    ansatz = ANSATZE[ansatz_name](hamiltonian.qubits)
    if initial_point == "hartree_fock":
        start = ansatz.basis_state(hamiltonian.lowest_basis_state())
    else:
        start = streams.start.uniform(-np.pi, np.pi, ansatz.parameters)

    energy = Energy(hamiltonian, nuclear_repulsion, ansatz)
    run = variational.run(energy, start, settings, streams)
    variational.save(
        run,
        energy,
        settings,
        results_of_algorithm={},
        metadata_of_algorithm={
            "algorithm": "vqe_h2",
            "ansatz": ansatz_name,
            "initial_point": initial_point,
            "qubits": hamiltonian.qubits,
            "hamiltonian": hamiltonian_text,
            "nuclear_repulsion": nuclear_repulsion,
        },
    )


if __name__ == "__main__":
    main()
