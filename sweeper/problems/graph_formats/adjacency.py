"""Adjacency lists: each line has the neighbours of one node."""

from __future__ import annotations

from collections.abc import Sequence

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile
from sweeper.problems.graph_formats.named_graph import NamedEdge, NamedGraph, check_size
from sweeper.problems.graph_formats.rows import Row, rows_of
from sweeper.problems.numbers import whole


def adjacency(file: GivenFile) -> NamedGraph:
    """The graph of an adjacency list: each line has a node and its neighbours; edges may be there twice."""
    rows = rows_of(file)
    for row in rows:
        if row.data is not None:
            raise file.refusal(row.line, "is no line of an adjacency list: a node and its neighbours.")
    edges = [
        NamedEdge(row.cells[0], neighbour, {}, row.line.number) for row in rows for neighbour in row.cells[1:]
    ]
    return NamedGraph(edges, [row.cells[0] for row in rows])


def may_be_adjacency(rows: Sequence[Row]) -> bool:
    """Whether this may be an adjacency list: each node has its own line, and some line is not a pair."""
    nodes = {cell for row in rows for cell in row.cells}
    lengths = {len(row.cells) for row in rows}
    return 1 < len(rows) == len(nodes) == len({row.cells[0] for row in rows if row.cells}) and lengths != {2}


def may_be_metis(file: GivenFile) -> bool:
    """Whether the first line counts nodes and edges, and as many lines follow as there are nodes."""
    lines = [line.text.split() for line in file.lines if not line.text.lstrip().startswith("%")]
    counts = [whole(word) for word in lines[0]] if lines else []
    return len(counts) in {2, 3} and None not in counts and 1 < len(lines) == (counts[0] or 0) + 1


def metis(file: GivenFile) -> NamedGraph:
    """METIS' graph files (manual of METIS 5.1, section 4.1.1): line i has the neighbours of node i.

    The first line counts nodes and edges. `1` or `001` after them says that the weight of the edge follows
    each neighbour. Every edge is listed twice.

    Raises:
        ConfigError: The counts are wrong, or nodes have weights.
    """
    lines = [(number, text.split()) for number, text in enumerate(file.text.split("\n"), start=1)]
    lines = [(number, words) for number, words in lines if not (words and words[0].startswith("%"))]
    while lines and not lines[-1][1]:
        lines.pop()
    counts = [whole(word) for word in lines[0][1]] if lines else []
    if len(counts) not in {2, 3} or None in counts:
        raise ConfigError(f"{file.where}: a METIS file begins with the numbers of nodes and edges.")
    nodes, count = counts[0] or 0, counts[1] or 0
    check_size(nodes, file.where)
    weighted = counts[2:] == [1]
    if counts[2:] not in ([], [0], [1]):
        raise file.refusal(lines[0][0], "the nodes have weights, which a cut does not know.")
    # A node without neighbours has an empty line, which may be missing at the end of the file.
    if len(lines) - 1 > nodes:
        raise file.refusal(lines[0][0], f"{nodes} nodes are promised, but {len(lines) - 1} lines follow.")
    edges = []
    for node, (number, words) in enumerate(lines[1:], start=1):
        step = 2 if weighted else 1
        if len(words) % step or any((whole(word) or 0) not in range(1, nodes + 1) for word in words[::step]):
            raise file.refusal(
                number, f"{' '.join(words)[:80]!r} are no neighbours among the nodes 1 to {nodes}."
            )
        for at in range(0, len(words), step):
            attributes = {"weight": words[at + 1]} if weighted else {}
            edges.append(NamedEdge(str(node), str(int(words[at])), attributes, number))
    if len(edges) != 2 * count:
        raise file.refusal(
            lines[0][0],
            f"{count} edges are promised, but there are {len(edges)} neighbours, not twice as many.",
        )
    return NamedGraph(edges, [str(node) for node in range(1, nodes + 1)], directed=True)
