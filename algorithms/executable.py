"""Circuits that are built once and run with many values of their parameters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from braket.circuits import Circuit

Made = TypeVar("Made")
_REMEMBERED = 1024
"""Circuits whose derived form is kept: more than any expectation has, and few if each is new."""


@dataclass(frozen=True)
class Executable:
    """A circuit and the values of its parameters, as Braket's program sets use the word.

    Attributes:
        circuit: Built once and shared by all evaluations; its parameters are `FreeParameter`s.
        inputs: The value of each by name.
    """

    circuit: Circuit
    inputs: Mapping[str, float] = field(default_factory=dict)

    def bound(self) -> Executable:
        """The same as a new circuit of plain numbers."""
        return Executable(self.circuit.make_bound_circuit(dict(self.inputs)))


class OncePerCircuit(Generic[Made]):
    """A function of circuits that is computed once for each.

    Circuits are told apart by identity, which costs nothing, and by their length, as instructions and
    result types can be added to a circuit but never changed.
    """

    def __init__(self, make: Callable[[Circuit], Made]) -> None:
        self._make = make
        self._known: OrderedDict[int, tuple[Circuit, tuple[int, int], Made]] = OrderedDict()

    def __call__(self, circuit: Circuit) -> Made:
        """What the function makes of this circuit."""
        length = len(circuit.moments), len(circuit.result_types)
        known = self._known.get(id(circuit))
        if known is not None and known[1] == length:
            return known[2]
        made = self._make(circuit)
        # The circuit is kept too, so that no other one gets its identity.
        self._known[id(circuit)] = (circuit, length, made)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return made
