"""An adjacency matrix as a table of numbers: numpy's `savetxt`, or pandas' `to_csv` with names around it."""

from __future__ import annotations

from collections.abc import Sequence

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile
from sweeper.problems.graph_formats.named_graph import WEIGHT, NamedEdge, NamedGraph, check_size
from sweeper.problems.graph_formats.rows import Row, rows_of
from sweeper.problems.numbers import real


def may_be_matrix(rows: Sequence[Row]) -> bool:
    """Whether the table is square, with or without names around it."""
    lengths = {len(row.cells) for row in rows}
    if len(rows) < 2 or any(row.data is not None for row in rows):
        return False
    if _has_names(rows):
        return lengths == {len(rows)}
    return lengths == {len(rows)} and all(real(cell) is not None for row in rows for cell in row.cells)


def matrix(file: GivenFile) -> NamedGraph:
    """The graph of the matrix: what is not zero is an edge, with that weight.

    Nodes are numbered, or have the names of the first column.

    Raises:
        ConfigError: The table is not square, or a cell is no finite number.
    """
    rows = rows_of(file)
    names = [str(number) for number in range(len(rows))]
    if rows and _has_names(rows):
        columns, rows = rows[0].cells[1:], rows[1:]
        names = [row.cells[0] for row in rows]
        if tuple(names) != columns:
            raise ConfigError(
                f"{file.where}: the matrix has other names in its first line than in its first column."
            )
        rows = [Row(row.line, row.cells[1:]) for row in rows]
    check_size(len(rows), file.where)
    edges = []
    for name, row in zip(names, rows, strict=True):
        if len(row.cells) != len(rows):
            raise file.refusal(row.line, f"has {len(row.cells)} numbers, but the matrix {len(rows)} lines.")
        for other, cell in zip(names, row.cells, strict=True):
            value = real(cell)
            if value is None:
                raise file.refusal(row.line, f"has {cell[:50]!r} among its numbers, which is no finite one.")
            if value:
                edges.append(NamedEdge(name, other, {WEIGHT: value}, row.line.number))
    return NamedGraph(edges, names)


def _has_names(rows: Sequence[Row]) -> bool:
    return rows[0].cells[:1] == ("",)
