"""What a job's source says of the job before it runs: asked in the source's own files, never computed again.

`algorithms` is the world where jobs run, and is not imported here. What is to be known of a job beforehand
stands there in modules of the standard library alone, which are read from the source that the job gets.
"""

from __future__ import annotations

import importlib.util
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType

from sweeper.errors import ConfigError


@lru_cache(256)
def circuits_of_energy(source: Path, terms: tuple[tuple[float, str], ...], grouping: str) -> int:
    """Circuits of one evaluation of a Hamiltonian's energy.

    Args:
        source: The folder of the source module.
        terms: The Hamiltonian's coefficients and Pauli strings, in the order in which they travel.
        grouping: The hyperparameter of this name.

    Raises:
        ConfigError: The source does not say.
    """
    return int(_module(source / "grouping.py").circuits(terms, grouping))


@cache
def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_asked_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(
            f"algorithm.source_module={path.parent} has no {path.name}, so that nobody can say what its jobs "
            "will ask of a device: take it over from the shipped algorithms."
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
