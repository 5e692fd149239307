"""Problem instances: what an algorithm is asked to solve, with the exact answer beside it.

A problem option is a dataclass: its fields are the config keys of `problem=<name>`, its `instance`
makes the Hamiltonian or graph that travels to the job.
"""

from sweeper.problems.graph_families import Complete, ErdosRenyi, Grid, Regular, Ring
from sweeper.problems.graph_given import EdgeList, GraphFile
from sweeper.problems.h2 import H2, H2Tutorial
from sweeper.problems.instance import Graph, Hamiltonian, Instance, Problem
from sweeper.problems.pauli import Pauli

PROBLEMS: dict[str, type[Problem]] = {
    problem.name: problem
    for problem in (
        *(H2, H2Tutorial, Pauli),
        *(Ring, Complete, Grid, Regular, ErdosRenyi, EdgeList, GraphFile),
    )
}
"""Every problem option by its name in the config."""


def options_making(kind: type[Instance]) -> list[str]:
    """Names of the problem options whose instances are of `kind`."""
    return [name for name, problem in PROBLEMS.items() if issubclass(problem.makes, kind)]


__all__ = ["PROBLEMS", "Graph", "Hamiltonian", "Instance", "Problem", "options_making"]
