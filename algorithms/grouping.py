"""Which terms of a Hamiltonian one circuit measures together."""

from __future__ import annotations

from collections.abc import Sequence

GROUPINGS = ("qubit_wise", "separate")
"""Terms in one circuit: those that commute qubit by qubit, or each alone."""

Term = tuple[float, str]
"""A coefficient, and one of I, X, Y, Z for each qubit."""


def groups(terms: Sequence[Term], grouping: str) -> list[tuple[str, list[int]]]:
    """For each circuit the basis that it measures, and the terms that it measures, by their places.

    Identities need no circuit. Terms that commute qubit by qubit are gathered greedily in order of falling
    |coefficient|: "sorted insertion" (Crawford et al., Quantum 5, 385, 2021), which keeps strongly weighted
    terms together and so the variance small.

    Args:
        terms: The Hamiltonian.
        grouping: One of `GROUPINGS`.
    """
    measured = [place for place, (_, paulis) in enumerate(terms) if set(paulis) != {"I"}]
    if grouping == "separate":
        return [(terms[place][1], [place]) for place in measured]
    bases: list[str] = []
    members: list[list[int]] = []
    for place in sorted(measured, key=lambda place: -abs(terms[place][0])):
        paulis = terms[place][1]
        for index, basis in enumerate(bases):
            if all(a == b or "I" in (a, b) for a, b in zip(paulis, basis, strict=True)):
                bases[index] = "".join(b if a == "I" else a for a, b in zip(paulis, basis, strict=True))
                members[index].append(place)
                break
        else:
            bases.append(paulis)
            members.append([place])
    return list(zip(bases, members, strict=True))
