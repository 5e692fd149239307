"""Decides whether the first line of a table of edges is a header."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sweeper.problems.graph_formats.rows import Row
from sweeper.problems.numbers import real, whole

_ENDS = (
    *(("source", "target"), ("from", "to"), ("fromnode", "tonode"), ("fromnodeid", "tonodeid"), ("u", "v")),
    *(("src", "dst"), ("src", "dest"), ("source", "destination"), ("node1", "node2"), ("nodea", "nodeb")),
    *(("sourceid", "targetid"), ("vertex1", "vertex2"), ("start", "end"), ("head", "tail"), ("tail", "head")),
    *(("i", "j"), ("n1", "n2"), ("v1", "v2"), ("node", "neighbor"), ("node", "neighbour")),
)


def may_have_header(rows: Sequence[Row]) -> bool:
    """Whether the first line may be a header."""
    if len(rows) < 2:
        return False
    first, others = rows[0], rows[1:]
    if first.counts is not None:
        _, edges = first.counts
        return len(others) == edges or len(_pairs(others)) == edges
    return _names_columns(first, others)


def must_have_header(rows: Sequence[Row]) -> bool:
    """Whether the first line is a header for certain.

    Two numbers are a header if all other lines have a weight and no node above the first number. They are
    one also if they count the other lines and their nodes, and as an edge they would leave a gap in the node
    numbers.
    """
    if len(rows) < 2:
        return False
    first, others = rows[0], rows[1:]
    if first.counts is not None:
        if len(first.cells) > 2:
            return True
        nodes, edges = first.counts
        weighted = all(len(row.cells) == 3 or row.data for row in others)
        if weighted and max(_largest(others), 1) <= nodes:
            return True
        # As an edge the first line would leave a gap between node numbers that the others do not have.
        fits = len(others) == edges and len(_labels(others)) == nodes
        return fits and _without_gap(_labels(others)) and not _without_gap(_labels(rows))
    return _names_columns(first, others) and bool(node_columns(first.cells)) and not _is_again(first, others)


def _pairs(rows: Sequence[Row]) -> set[frozenset[str]]:
    return {frozenset(row.cells[:2]) for row in rows}


def _labels(rows: Sequence[Row]) -> set[str]:
    return {cell for row in rows for cell in row.cells[:2]}


def _without_gap(labels: set[str]) -> bool:
    """Whether these are all the numbers from 0, or from 1, to the largest."""
    numbers = {number for label in labels if (number := whole(label)) is not None}
    return len(numbers) == len(labels) == max(numbers, default=0) - min(1, *numbers, 1) + 1


def _largest(rows: Sequence[Row]) -> float:
    """The largest node number; infinite if a node is not a number."""
    numbers = [whole(cell) for row in rows for cell in row.cells[:2]]
    return max((float("inf") if number is None else number for number in numbers), default=0)


def _names_columns(first: Row, others: Sequence[Row]) -> bool:
    if first.data is not None or any(real(cell) is not None for cell in first.cells):
        return False
    if node_columns(first.cells):
        return True
    if _is_again(first, others):
        return False
    nodes_are_numbers = all(real(cell) is not None for row in others for cell in row.cells[:2])
    weights_are_numbers = len(first.cells) > 2 and all(
        real(cell) is not None for row in others for cell in row.cells[2:3]
    )
    return nodes_are_numbers or weights_are_numbers


def _is_again(first: Row, others: Sequence[Row]) -> bool:
    """Whether a word of the first line is a node in another line."""
    return not set(first.cells).isdisjoint(cell for row in others for cell in row.cells[:2])


def node_columns(columns: Sequence[str]) -> tuple[int, int] | None:
    """Positions of the two columns that hold an edge's nodes; None if their names are not known."""
    plain_names = [re.sub(r"[\W_]", "", name).lower() for name in columns]
    for one, other in _ENDS:
        if one in plain_names and other in plain_names:
            return plain_names.index(one), plain_names.index(other)
    return None
