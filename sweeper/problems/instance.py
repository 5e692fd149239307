"""The two kinds of problem instance, as they travel to a job."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from sweeper.contract.hyperparameters import format_edges, format_pauli_terms

LARGEST = 1000
"""Most qubits of an instance: more than any device has."""


class Instance(ABC):
    """What an algorithm solves."""

    words: ClassVar[str]

    @abstractmethod
    def hyperparameters(self) -> dict[str, object]:
        """The instance as named values, still to be encoded as strings."""


@dataclass(frozen=True)
class Hamiltonian(Instance):
    """An electronic Hamiltonian as a sum of Pauli strings, energies in Ha.

    Attributes:
        terms: (coefficient, Pauli string) pairs; the leftmost letter acts on qubit 0.
        nuclear_repulsion: Added to the electronic energy to give the total energy.
        reference: Exact total ground-state energy of these terms; none if unknown.
    """

    words: ClassVar[str] = "a Hamiltonian"

    terms: tuple[tuple[float, str], ...]
    nuclear_repulsion: float
    reference: float | None

    def hyperparameters(self) -> dict[str, object]:
        """`hamiltonian`, `nuclear_repulsion` and `reference`."""
        return {
            "hamiltonian": format_pauli_terms(self.terms),
            "nuclear_repulsion": self.nuclear_repulsion,
            "reference": self.reference,
        }


@dataclass(frozen=True)
class Graph(Instance):
    """A graph whose nodes 0 … nodes-1 are to be cut in two.

    Attributes:
        nodes: Number of nodes, isolated ones included.
        edges: Pairs of nodes, each pair once, the smaller node first.
        weights: One weight for each edge; none if all are 1.
        reference: Weight of a maximum cut; none if unknown.
    """

    words: ClassVar[str] = "a graph"

    nodes: int
    edges: tuple[tuple[int, int], ...]
    weights: tuple[float, ...] | None
    reference: float | None

    def hyperparameters(self) -> dict[str, object]:
        """`nodes`, `edges` and `reference`."""
        return {
            "nodes": self.nodes,
            "edges": format_edges(self.edges, self.weights),
            "reference": self.reference,
        }


class Problem(ABC):
    """A `problem=<name>` option: its fields are config keys, `instance` is what they describe."""

    name: ClassVar[str]
    makes: ClassVar[type[Instance]]

    def instance(self) -> Instance:
        """What the keys describe, made once: drawing a graph and solving it exactly take their time.

        Raises:
            ConfigError: The keys describe no possible instance.
        """
        return self._instance

    @cached_property
    def _instance(self) -> Instance:
        return self.make()

    @abstractmethod
    def make(self) -> Instance:
        """Make the instance; raises as `instance` does."""
