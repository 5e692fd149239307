"""Hybrid job: variational quantum eigensolver for the ground-state energy of a Hamiltonian, such as H2's.

Hyperparameters: those of `settings.Settings` and `Options`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np

from algorithms import ansatz as ansatze
from algorithms import variational
from algorithms.ansatz import ANSATZE, ry_cnot_ry
from algorithms.energy import Energy
from algorithms.hyperparameters import Hyperparameters
from algorithms.options import Option, name_of, read
from algorithms.pauli import parse_hamiltonian
from algorithms.randomness import RandomStreams
from algorithms.settings import Settings


@dataclass(frozen=True)
class Options:
    """What VQE reads beside the settings; the Hamiltonian is the problem's."""

    hamiltonian: Annotated[str, Option("The electronic Hamiltonian, `-1.05 II, 0.4 IZ, …`", unit="Ha")]
    nuclear_repulsion: Annotated[float, Option("Added to give the total energy", unit="Ha")]
    ansatz: Annotated[ansatze.Options, Option("The circuit that prepares trial states", one_of=ANSATZE)] = (
        field(default=ry_cnot_ry.Options())
    )
    initial_point: Annotated[
        Literal["random", "hartree_fock"], Option("Angles in [-π, π), or the lowest determinant")
    ] = "random"
    grouping: Annotated[
        Literal["qubit_wise", "separate"],
        Option("Terms in one circuit: those that commute qubit by qubit, or each alone", may_be_absent=True),
    ] = "qubit_wise"
    allocation: Annotated[
        Literal["uniform", "weighted"],
        Option("Each circuit's shots: the same, or as many in all by coefficients", may_be_absent=True),
    ] = "uniform"


def main() -> None:
    """Read the hyperparameters, minimise the energy, save the result.

    Raises:
        HyperparameterError: A hyperparameter is missing, malformed or unknown; no circuit has run.
    """
    given = Hyperparameters.of_this_job()
    settings = Settings.read(given)
    options = read(Options, given)
    given.finish()
    hamiltonian = parse_hamiltonian(options.hamiltonian)
    ansatz = options.ansatz.on(hamiltonian)

    streams = RandomStreams.from_seed(settings.seed)
    if options.initial_point == "hartree_fock":
        start = ansatz.basis_state(hamiltonian.lowest_basis_state())
    else:
        start = streams.start.uniform(-np.pi, np.pi, ansatz.parameters)

    energy = Energy(
        hamiltonian,
        options.nuclear_repulsion,
        ansatz,
        grouping=options.grouping,
        allocation=options.allocation,
    )
    run = variational.run(energy, variational.from_point(start), settings, streams)
    variational.save(
        run,
        energy,
        settings,
        results_of_algorithm={},
        metadata_of_algorithm={
            "algorithm": "vqe",
            "ansatz": name_of(ANSATZE, options.ansatz),
            "ansatz_parameters": ansatz.parameters,
            "initial_point": options.initial_point,
            "grouping": options.grouping,
            "allocation": options.allocation,
            "qubits": hamiltonian.qubits,
            "hamiltonian": options.hamiltonian,
            "nuclear_repulsion": options.nuclear_repulsion,
        },
    )


if __name__ == "__main__":
    main()
