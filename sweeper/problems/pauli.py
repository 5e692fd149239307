"""Any Hamiltonian, given as Pauli strings with coefficients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from sweeper.errors import ConfigError
from sweeper.problems.diagonalisation import MOST_QUBITS, ground_energy
from sweeper.problems.instance import Hamiltonian, Instance, Problem


@dataclass
class Term:
    """One term: a coefficient in the Hamiltonian's unit, and one of I, X, Y, Z for each qubit."""

    coefficient: float
    string: str


@dataclass
class Pauli(Problem):
    """A sum of Pauli strings: a YAML or JSON file at `path`, or else `terms` in the config.

    Either is a list of `{coefficient: 0.5, string: ZZ}`; the leftmost letter acts on qubit 0. `constant` is
    added to every energy (a molecule's nuclear repulsion). The reference is exact up to 14 qubits and
    `reference` (none if unknown) beyond.
    """

    name: ClassVar[str] = "pauli"
    makes: ClassVar[type[Instance]] = Hamiltonian

    terms: list[Term] = field(default_factory=list)
    path: str | None = None
    constant: float = 0.0
    reference: float | None = None

    def __post_init__(self) -> None:
        if not self.terms and self.path is None:
            raise ConfigError(
                "problem=pauli needs either problem.terms, such as "
                "'problem.terms=[{coefficient: 1.0, string: ZZ}, {coefficient: 0.5, string: XI}]', "
                "or problem.path, a YAML or JSON file with such a list."
            )
        if not math.isfinite(self.constant):
            raise ConfigError(f"problem.constant={self.constant} is not possible: it must be finite.")

    def make(self) -> Hamiltonian:
        """The Hamiltonian, equal strings added up."""
        where = f"problem.path={self.path}" if self.path is not None else "problem.terms"
        terms = _read(self.path) if self.path is not None else self.terms
        sums: dict[str, float] = {}
        for number, term in enumerate(terms, start=1):
            _check(term, terms[0], f"{where}, term {number}")
            sums[term.string] = sums.get(term.string, 0.0) + term.coefficient
        summed = tuple((coefficient, string) for string, coefficient in sums.items())
        if len(summed[0][1]) > MOST_QUBITS:
            return Hamiltonian(summed, self.constant, self.reference)
        return Hamiltonian(summed, self.constant, ground_energy(summed) + self.constant)


def _check(term: Term, first: Term, where: str) -> None:
    if not term.string or not set(term.string) <= set("IXYZ"):
        raise ConfigError(
            f"{where}: {term.string!r} is not a Pauli string: one of the letters I, X, Y, Z for each qubit."
        )
    if len(term.string) != len(first.string):
        raise ConfigError(
            f"{where}: {term.string!r} acts on {len(term.string)} qubits, but {first.string!r} on "
            f"{len(first.string)}."
        )
    if not math.isfinite(term.coefficient):
        raise ConfigError(f"{where}: the coefficient {term.coefficient} is not finite.")


def _read(path: str) -> list[Term]:
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"problem.path={path}: the Hamiltonian cannot be read ({error}).") from error
    if isinstance(content, Mapping):
        content = content.get("terms")
    if not isinstance(content, list) or not content:
        raise ConfigError(
            f"problem.path={path}: expected a list of {{coefficient: …, string: …}}, or `terms:` with one."
        )
    return [_term(item, f"problem.path={path}, term {number}") for number, item in enumerate(content, 1)]


def _term(item: Any, where: str) -> Term:
    if isinstance(item, Mapping) and set(item) == {"coefficient", "string"}:
        try:
            # YAML 1.1 takes 1e-3 for a text and knows no other use of one here.
            coefficient = float(item["coefficient"])
        except (TypeError, ValueError):
            coefficient = math.nan
        if isinstance(item["string"], str) and math.isfinite(coefficient):
            return Term(coefficient, item["string"])
    raise ConfigError(f"{where}: {item!r} is not a term such as {{coefficient: 0.5, string: ZZ}}.")
