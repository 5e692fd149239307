"""Edges line by line: two nodes and a weight, between blanks, commas, semicolons or tabs.

This is the format of rudy, the G-set, Biq Mac's and `.mc` files (a first line counts nodes and edges), of
networkx's `write_edgelist` (attributes in braces) and `write_weighted_edgelist`, of pandas' `to_csv` (a
first line names the columns), and of what people write by hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, quoted, repeated
from sweeper.problems.graph_formats.header import node_columns
from sweeper.problems.graph_formats.named_graph import WEIGHT, NamedEdge, NamedGraph, check_size
from sweeper.problems.graph_formats.rows import Row, rows_of
from sweeper.problems.numbers import real, whole

_NAME = re.compile(r"""[^\s()\[\]{}<>"'=,;#%]{1,100}""")
_WHOLE_AS_FLOAT = re.compile(r"([0-9]{1,18})\.0*")
_WEIGHTS = {"weight", "weights", "w"}
_CELLS_OF_AN_EDGE = (2, 3)
_LONGEST_NAME = 100


def plain(file: GivenFile) -> NamedGraph:
    """The graph of a table in which every line is an edge.

    Raises:
        ConfigError: A line is not an edge.
    """
    return NamedGraph(_edges(file, rows_of(file)))


def headed(file: GivenFile) -> NamedGraph:
    """The graph of a table whose first line counts nodes and edges, or names the columns.

    Raises:
        ConfigError: The first line does neither, the counts are wrong, or another line is not an edge.
    """
    rows = rows_of(file)
    if not rows:
        raise ConfigError(f"{file.where}: the graph has no edges, so there is nothing to cut.")
    if rows[0].counts is not None:
        return _counted(file, rows[0], rows[1:])
    if any(real(cell) is not None for cell in rows[0].cells):
        raise file.refusal(rows[0].line, "is no header: it neither counts nodes and edges nor names columns.")
    return _named_columns(file, rows[0], rows[1:])


def gset(file: GivenFile) -> NamedGraph:
    """The graph of a G-set file: the first line counts nodes and edges, and the nodes are 1 to their number.

    Raises:
        ConfigError: As `headed`, or an edge has another node.
    """
    rows = rows_of(file)
    if not rows or rows[0].counts is None:
        raise ConfigError(f"{file.where}, line 1: a G-set file begins with the numbers of nodes and edges.")
    graph = _counted(file, rows[0], rows[1:])
    return NamedGraph(graph.edges, _all_from_one(file, graph.edges, graph.size or 0))


def _counted(file: GivenFile, header: Row, rows: Sequence[Row]) -> NamedGraph:
    assert header.counts is not None
    nodes, count = header.counts
    check_size(nodes, file.where)
    edges = _edges(file, rows)
    if count not in {len(edges), len({frozenset((edge.source, edge.target)) for edge in edges})}:
        raise file.refusal(header.line, f"promises {count} edges, but {len(edges)} follow.")
    numbers = [whole(end) for edge in edges for end in (edge.source, edge.target)]
    known = [number for number in numbers if number is not None]
    last = nodes if 0 not in known else nodes - 1
    for edge in edges:
        if any((whole(end) or 0) > last for end in (edge.source, edge.target)):
            raise file.refusal(
                header.line,
                f"promises {nodes} nodes, which are {'0' if last < nodes else '1'} to {last}, but "
                f"{edge.place} names another.",
            )
    return NamedGraph(edges, size=nodes)


def _all_from_one(file: GivenFile, edges: Sequence[NamedEdge], nodes: int) -> list[str]:
    names = [str(number) for number in range(1, nodes + 1)]
    for edge in edges:
        if not {edge.source, edge.target} <= set(names):
            raise ConfigError(
                f"{file.where}, line {edge.line}: {edge} is not an edge: the nodes of a G-set file are "
                f"1 to {nodes}."
            )
    return names


def _named_columns(file: GivenFile, header: Row, rows: Sequence[Row]) -> NamedGraph:
    columns = list(header.cells)
    _refuse_repeated(file, header, columns)
    # pandas writes its index as a first column without a name.
    index = columns[0] == "" and [row.cells[:1] for row in rows] == [(str(n),) for n in range(len(rows))]
    if "" in columns[1:] or (columns[0] == "" and not index):
        raise file.refusal(header.line, "leaves a column without a name.")
    one, other = node_columns(columns) or ((1, 2) if index else (0, 1))
    if len(columns) <= max(one, other):
        raise file.refusal(header.line, "names fewer than two columns.")
    attributes = {
        column: WEIGHT if name.lower() in _WEIGHTS and WEIGHT not in columns else name
        for column, name in enumerate(columns)
        if column not in {one, other} and not (index and column == 0)
    }
    _refuse_repeated(file, header, list(attributes.values()))
    edges = []
    for row in rows:
        if len(row.cells) != len(columns) or row.data is not None:
            raise file.refusal(row.line, f"has not the {len(columns)} columns of line {header.line.number}.")
        source, target = _node(file, row, one), _node(file, row, other)
        values = {name: row.cells[column] for column, name in attributes.items()}
        edges.append(NamedEdge(source, target, values, row.line.number))
    _refuse_mixed(file, edges, rows)
    return _with_gephis_type(edges)


def _with_gephis_type(edges: Sequence[NamedEdge]) -> NamedGraph:
    """The graph without Gephi's column `Type`, which only says whether the edges have a direction."""
    kinds = {str(edge.attributes.get("Type", "")).lower() for edge in edges}
    if len(kinds) != 1 or not kinds <= {"directed", "undirected"}:
        return NamedGraph(edges)
    rest = [
        NamedEdge(e.source, e.target, {k: v for k, v in e.attributes.items() if k != "Type"}, e.line)
        for e in edges
    ]
    return NamedGraph(rest, directed=kinds == {"directed"})


def _refuse_repeated(file: GivenFile, header: Row, names: Sequence[str]) -> None:
    twice = repeated(names)
    if twice is not None:
        raise file.refusal(header.line, f"names the column {quoted(twice)} twice.")


def _edges(file: GivenFile, rows: Sequence[Row]) -> list[NamedEdge]:
    edges = []
    for row in rows:
        if len(row.cells) not in _CELLS_OF_AN_EDGE or (row.data is not None and len(row.cells) != 2):
            raise file.refusal(row.line, "is not an edge: write two nodes, and a weight if there is one.")
        attributes = {WEIGHT: row.cells[2]} if len(row.cells) == 3 else row.data or {}
        if len(row.cells) == 3 and real(row.cells[2]) is None:
            raise file.refusal(
                row.line, f"is not an edge: its weight {quoted(row.cells[2])} is no finite number."
            )
        edges.append(NamedEdge(_node(file, row, 0), _node(file, row, 1), attributes, row.line.number))
    _refuse_mixed(file, edges, rows)
    return edges


def _node(file: GivenFile, row: Row, column: int) -> str:
    """The name of a node: a whole number in its shortest form, or a word that is not a number."""
    name = row.cells[column]
    number = whole(name)
    if number is None and (as_float := _WHOLE_AS_FLOAT.fullmatch(name)):
        number = int(as_float.group(1))
    if number is not None:
        return str(number)
    if real(name) is not None or not _is_name(row, name):
        raise file.refusal(
            row.line,
            f"is not an edge: {quoted(name)} is no node, which is 0, 1, 2 … or a name without blanks.",
        )
    return name


def _is_name(row: Row, name: str) -> bool:
    if row.by_blanks:
        return bool(_NAME.fullmatch(name))
    # In tables with delimiters a name may have blanks. A single bracket belongs to something else.
    halves = any(name.count(left) != name.count(right) for left, right in ("()", "[]", "{}", "<>"))
    return 0 < len(name) <= _LONGEST_NAME and not halves and name.isprintable()


def _refuse_mixed(file: GivenFile, edges: Sequence[NamedEdge], rows: Sequence[Row]) -> None:
    """Refuse a mixture of named and numbered nodes, which comes from a typing error."""
    kinds = [{whole(edge.source) is None, whole(edge.target) is None} for edge in edges]
    for kind, row in zip(kinds, rows, strict=True):
        if len(kind) > 1 or kind != kinds[0]:
            raise file.refusal(
                row.line,
                "is not an edge like the others: some nodes are numbers, some are names. Use one kind.",
            )
