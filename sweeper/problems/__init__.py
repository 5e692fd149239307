"""Problem instances: what an algorithm is asked to solve, with the exact answer beside it.

A problem option is a dataclass in a module of this package: its fields are the config keys of
`problem=<name>`, its `instance` makes the Hamiltonian or graph that travels to the job. Adding one is one
file and its YAML.
"""

import pkgutil
from importlib import import_module

from sweeper.problems.instance import Graph, Hamiltonian, Instance, Problem


def _of_module(name: str) -> list[type[Problem]]:
    module = import_module(f"{__name__}.{name}")
    kinds = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Problem)]
    return [each for each in kinds if each.__module__ == module.__name__ and "name" in vars(each)]


PROBLEMS: dict[str, type[Problem]] = {
    problem.name: problem
    for module in pkgutil.iter_modules(__path__)
    if not module.ispkg
    for problem in _of_module(module.name)
}
"""Every problem option by its name in the config."""


def options_making(kind: type[Instance]) -> list[str]:
    """Names of the problem options whose instances are of `kind`."""
    return [name for name, problem in PROBLEMS.items() if issubclass(problem.makes, kind)]


__all__ = ["PROBLEMS", "Graph", "Hamiltonian", "Instance", "Problem", "options_making"]
