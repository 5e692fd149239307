"""Edges line by line: two nodes and a weight, between blanks, commas, semicolons or tabs.

This is the format of rudy, the G-set, Biq Mac's and `.mc` files (a first line counts nodes and edges), of
networkx's `write_edgelist` (attributes in braces) and `write_weighted_edgelist`, of pandas' `to_csv` (a
first line names the columns), and of what people write by hand.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, Line, quoted, repeated
from sweeper.problems.graph_formats.named_graph import WEIGHT, NamedEdge, NamedGraph, check_size
from sweeper.problems.numbers import real, whole

_COMMENT = re.compile(r"^\s*(#|%|//).*|\s(#|//).*")
"""A comment begins at a line's start; with `#` and `//` also after a blank."""
_DATA = re.compile(r"\{.*\}\s*$")
_NAME = re.compile(r"""[^\s()\[\]{}<>"'=,;#%]{1,100}""")
_WHOLE_AS_FLOAT = re.compile(r"([0-9]{1,18})\.0*")
_COUNTS = re.compile(r"(?:MAX-?CUT\s+)?([0-9]{1,18})\s*[\s,;]\s*([0-9]{1,18})", re.IGNORECASE)
_ENDS = (
    *(("source", "target"), ("from", "to"), ("fromnode", "tonode"), ("fromnodeid", "tonodeid"), ("u", "v")),
    *(("src", "dst"), ("src", "dest"), ("source", "destination"), ("node1", "node2"), ("nodea", "nodeb")),
    *(("sourceid", "targetid"), ("vertex1", "vertex2"), ("start", "end"), ("head", "tail"), ("tail", "head")),
    *(("i", "j"), ("n1", "n2"), ("v1", "v2"), ("node", "neighbor"), ("node", "neighbour")),
)
_WEIGHTS = {"weight", "weights", "w"}
_CELLS_OF_AN_EDGE = (2, 3)
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Row:
    """A line cut into its cells, and what stood in braces behind them."""

    line: Line
    cells: tuple[str, ...]
    data: Mapping[str, object] | None = None
    by_blanks: bool = True

    @property
    def counts(self) -> tuple[int, int] | None:
        """The numbers of nodes and edges, if this could be the line that gives them."""
        found = _COUNTS.fullmatch(_COMMENT.sub("", self.line.text).strip())
        nodes, edges = (int(number) for number in found.groups()) if found else (0, 0)
        return (nodes, edges) if nodes and edges else None


def rows_of(file: GivenFile) -> list[Row]:
    """The lines that are no comments.

    Raises:
        ConfigError: What stands in braces is no dictionary, or a quotation mark is not closed.
    """
    delimiter, numeric = _delimiter(file), _is_numeric(file)
    rows = []
    for line in file.lines:
        text = _COMMENT.sub("", line.text).strip()
        # `c` begins a comment in files that number their nodes; among names it is a node like others.
        if not text or (numeric and (text == "c" or text.startswith("c "))):
            continue
        data = _DATA.search(text) if text.endswith("}") else None
        try:
            cells = _cells(text[: data.start()].rstrip(" \t,;") if data else text, delimiter)
        except csv.Error as error:
            raise file.refusal(line, f"cannot be cut into columns ({error}).") from None
        in_braces = _dictionary(file, line, data.group()) if data else None
        rows.append(Row(line, cells, in_braces, delimiter is None))
    return rows


def plain(file: GivenFile) -> NamedGraph:
    """Every line is an edge.

    Raises:
        ConfigError: A line is none.
    """
    return NamedGraph(_edges(file, rows_of(file)))


def headed(file: GivenFile) -> NamedGraph:
    """The first line is none: it counts nodes and edges, or names the columns.

    Raises:
        ConfigError: It does neither, the counts do not fit, or another line is no edge.
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
    """The first line counts nodes and edges, and nodes are 1 to their number, as in the G-set.

    Raises:
        ConfigError: As `headed`, or a node is not among them.
    """
    rows = rows_of(file)
    if not rows or rows[0].counts is None:
        raise ConfigError(f"{file.where}, line 1: a G-set file begins with the numbers of nodes and edges.")
    graph = _counted(file, rows[0], rows[1:])
    return NamedGraph(graph.edges, _all_from_one(file, graph.edges, graph.size or 0))


def may_have_header(rows: Sequence[Row]) -> bool:
    """Whether the first line may be something else than an edge: only then the question comes up."""
    if len(rows) < 2:
        return False
    first, others = rows[0], rows[1:]
    if first.counts is not None:
        _, edges = first.counts
        return len(others) == edges or len(_pairs(others)) == edges
    return _names_columns(first, others)


def must_have_header(rows: Sequence[Row]) -> bool:
    """Whether the first line can be no edge.

    Two numbers are no edge before lines that all have a weight and name no node above the first number, nor
    if they count the lines and the nodes below while one of them is no neighbour of those nodes' numbers.
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
        # As an edge it would leave numbers out that the others do not.
        fits = len(others) == edges and len(_labels(others)) == nodes
        return fits and _without_gap(_labels(others)) and not _without_gap(_labels(rows))
    return _names_columns(first, others) and bool(_known_ends(first.cells)) and not _is_again(first, others)


def _pairs(rows: Sequence[Row]) -> set[frozenset[str]]:
    return {frozenset(row.cells[:2]) for row in rows}


def _labels(rows: Sequence[Row]) -> set[str]:
    return {cell for row in rows for cell in row.cells[:2]}


def _without_gap(labels: set[str]) -> bool:
    """Whether these are all numbers from 0, or from 1, to the largest."""
    numbers = {number for label in labels if (number := whole(label)) is not None}
    return len(numbers) == len(labels) == max(numbers, default=0) - min(1, *numbers, 1) + 1


def _largest(rows: Sequence[Row]) -> float:
    """The largest number of a node; infinite if one is no number."""
    numbers = [whole(cell) for row in rows for cell in row.cells[:2]]
    return max((float("inf") if number is None else number for number in numbers), default=0)


def _names_columns(first: Row, others: Sequence[Row]) -> bool:
    if first.data is not None or any(real(cell) is not None for cell in first.cells):
        return False
    if _known_ends(first.cells):
        return True
    if _is_again(first, others):
        return False
    nodes_are_numbers = all(real(cell) is not None for row in others for cell in row.cells[:2])
    weights_are_numbers = len(first.cells) > 2 and all(
        real(cell) is not None for row in others for cell in row.cells[2:3]
    )
    return nodes_are_numbers or weights_are_numbers


def _is_again(first: Row, others: Sequence[Row]) -> bool:
    """Whether one of the first line's words is a node further down."""
    return not set(first.cells).isdisjoint(cell for row in others for cell in row.cells[:2])


def _known_ends(columns: Sequence[str]) -> tuple[int, int] | None:
    """Where the columns stand that name an edge's two nodes."""
    plain_names = [re.sub(r"[\W_]", "", name).lower() for name in columns]
    for one, other in _ENDS:
        if one in plain_names and other in plain_names:
            return plain_names.index(one), plain_names.index(other)
    return None


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
    # pandas writes its index as a column without a name.
    index = columns[0] == "" and [row.cells[:1] for row in rows] == [(str(n),) for n in range(len(rows))]
    if "" in columns[1:] or (columns[0] == "" and not index):
        raise file.refusal(header.line, "leaves a column without a name.")
    one, other = _known_ends(columns) or ((1, 2) if index else (0, 1))
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
    """Gephi's column `Type` says whether edges have a direction, and no more."""
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
    """The name of a node: a whole number in its shortest form, or a word that is no number."""
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
    # Between commas a name may hold blanks, but half a bracket is a piece of something else.
    halves = any(name.count(left) != name.count(right) for left, right in ("()", "[]", "{}", "<>"))
    return 0 < len(name) <= _LONGEST_NAME and not halves and name.isprintable()


def _refuse_mixed(file: GivenFile, edges: Sequence[NamedEdge], rows: Sequence[Row]) -> None:
    """A name among numbers is a slip of the keyboard, or a line that is no edge."""
    kinds = [{whole(edge.source) is None, whole(edge.target) is None} for edge in edges]
    for kind, row in zip(kinds, rows, strict=True):
        if len(kind) > 1 or kind != kinds[0]:
            raise file.refusal(
                row.line,
                "is not an edge like the others: some nodes are numbers, some are names. Use one kind.",
            )


def _is_numeric(file: GivenFile) -> bool:
    """Whether the file numbers its nodes."""
    lines = [line.text for line in file.lines if not re.match(r"\s*(c(\s|$)|#|%|//)", line.text)]
    return 2 * sum(bool(re.match(r"\s*[0-9]+[\s,;]+[0-9]", text)) for text in lines) > len(lines)


def _delimiter(file: GivenFile) -> str | None:
    """What cuts lines: a semicolon, comma or tab that every line has; none for blanks."""
    codes = [_COMMENT.sub("", line.text).strip() for line in file.lines]
    heads = [_DATA.sub("", code).strip() if code.endswith("}") else code for code in codes if code]
    for delimiter in (";", ",", "\t") if heads else ():
        if all(delimiter in head for head in heads):
            blanks_do_too = delimiter == "\t" and len({len(head.split()) for head in heads}) == 1
            return None if blanks_do_too else delimiter
    return None


def _cells(text: str, delimiter: str | None) -> tuple[str, ...]:
    if delimiter is None:
        return tuple(text.split())
    (cells,) = csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True)
    return tuple(cell.strip() for cell in cells)


def _dictionary(file: GivenFile, line: Line, text: str) -> Mapping[str, object]:
    """What networkx writes behind an edge."""
    try:
        data = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        data = None
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        raise file.refusal(line, "is not an edge: what stands in braces is no dictionary of its attributes.")
    return data
