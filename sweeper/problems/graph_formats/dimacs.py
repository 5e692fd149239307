"""DIMACS' graph files, of its challenges on colouring, cliques, shortest paths and flows.

A line `p KIND NODES EDGES`, then `e U V [WEIGHT]` or `a U V WEIGHT`; nodes count from 1, `c` is a comment.
http://archive.dimacs.rutgers.edu/pub/challenge/graph/doc/ccformat.tex and
https://www.diag.uniroma1.it/challenge9/format.shtml
"""

from __future__ import annotations

import re

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, Line
from sweeper.problems.graph_formats.named_graph import WEIGHT, NamedEdge, NamedGraph, check_size
from sweeper.problems.numbers import real, whole

_KINDS = {"edge", "edges", "col", "sp", "max", "cut", "maxcut", "mc", "clq", "tw", "ds", "vc"}
_PROBLEM = re.compile(r"p\s+(\S+)\s+([0-9]{1,18})\s+([0-9]{1,18})\s*")
_MENTIONS = re.compile(r"(c(\s.*)?|p\s+[A-Za-z].*)")


def is_dimacs(file: GivenFile) -> bool:
    """Whether the first line that is not a comment is a problem line."""
    for line in file.lines:
        if not _MENTIONS.fullmatch(line.text.strip()):
            return False
        if line.text.strip().startswith("p"):
            return len(line.text.split()) >= 4
    return False


def dimacs(file: GivenFile) -> NamedGraph:
    """The graph of a DIMACS file. An arc in both directions is one edge.

    Raises:
        ConfigError: The problem is of another kind, a line is not an edge, or the count is wrong.
    """
    lines = [line for line in file.lines if not re.match(r"\s*c(\s|$)", line.text)]
    if not lines:
        raise ConfigError(f"{file.where}: the graph has no edges, so there is nothing to cut.")
    header = _PROBLEM.fullmatch(lines[0].text.strip())
    if header is None or header.group(1).lower() not in _KINDS:
        raise file.refusal(
            lines[0],
            "is no problem line of a graph: p edge NODES EDGES, or col, sp, max in the place of edge.",
        )
    kind, nodes, count = header.group(1).lower(), int(header.group(2)), int(header.group(3))
    check_size(nodes, file.where)
    # The source and the sink of a flow problem are irrelevant for a cut of the whole graph.
    flow_ends = re.compile(r"\s*n\s+[0-9]+\s+[st]\s*") if kind == "max" else None
    edges = [
        _edge(file, line, nodes) for line in lines[1:] if not (flow_ends and flow_ends.fullmatch(line.text))
    ]
    # Some files of the challenges list both directions, and some list one but count both.
    once = len({frozenset((edge.source, edge.target)) for edge in edges})
    if count not in {len(edges), once, 2 * once}:
        raise file.refusal(lines[0], f"promises {count} edges, but {len(edges)} follow.")
    return NamedGraph(edges, [str(node) for node in range(1, nodes + 1)])


def _edge(file: GivenFile, line: Line, nodes: int) -> NamedEdge:
    words = line.text.split()
    ends = words[1:] if words[0] in {"e", "a"} else words
    numbers = [whole(word) for word in ends[:2]]
    if len(ends) not in {2, 3} or None in numbers or (len(ends) == 3 and real(ends[2]) is None):
        raise file.refusal(line, "is not an edge: e U V, or e U V WEIGHT, or a U V WEIGHT.")
    if not all(number in range(1, nodes + 1) for number in numbers):
        raise file.refusal(line, f"is not an edge: the nodes are 1 to {nodes}.")
    attributes = {WEIGHT: ends[2]} if len(ends) == 3 else {}
    return NamedEdge(str(numbers[0]), str(numbers[1]), attributes, line.number)
