"""Hybrid job: variational quantum eigensolver for the ground-state energy of a Hamiltonian, such as H2's.

Hyperparameters: those of `settings.Settings` and `Options`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np

from algorithms import ansatz as ansatze
from algorithms import job
from algorithms.ansatz import ANSATZE, ry_cnot_ry
from algorithms.energy import Energy
from algorithms.hyperparameters import Hyperparameters
from algorithms.job import Job
from algorithms.objective import Objective
from algorithms.optimizers import Optimum
from algorithms.options import Option, name_of, read
from algorithms.pauli import parse_hamiltonian
from algorithms.settings import Settings
from algorithms.variational import Minimize, Search


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
    """Minimise the energy; raises as `job.run`."""
    job.run(_read)


def braket_workload(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """What such a job will ask of its devices."""
    return job.workload(_read, hyperparameters)


def _read(given: Hyperparameters, settings: Settings) -> Job:  # noqa: ARG001 - as every script's
    options = read(Options, given)
    hamiltonian = parse_hamiltonian(options.hamiltonian)
    ansatz = options.ansatz.on(hamiltonian)

    def search(rng: np.random.Generator) -> Search:
        def from_start(minimize: Minimize, objective: Objective, evaluations: int) -> Optimum:
            # Not before: Hartree-Fock looks at all 2^qubits basis states.
            if options.initial_point == "hartree_fock":
                start = ansatz.basis_state(hamiltonian.lowest_basis_state())
            else:
                start = rng.uniform(-np.pi, np.pi, ansatz.parameters)
            return minimize(objective, start, evaluations)

        return from_start

    energy = Energy(
        hamiltonian,
        options.nuclear_repulsion,
        ansatz,
        grouping=options.grouping,
        allocation=options.allocation,
    )
    return Job(
        expectation=energy,
        search=search,
        qubits=hamiltonian.qubits,
        metadata={
            "algorithm": "vqe",
            "ansatz": name_of(ANSATZE, options.ansatz),
            "ansatz_parameters": ansatz.parameters,
            "initial_point": options.initial_point,
            "grouping": options.grouping,
            "allocation": options.allocation,
            "hamiltonian": options.hamiltonian,
            "nuclear_repulsion": options.nuclear_repulsion,
        },
        regardless_of=("nuclear_repulsion", "initial_point", "allocation"),
    )


if __name__ == "__main__":
    main()
