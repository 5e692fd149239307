"""Which format a graph file has, and what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, quoted
from sweeper.problems.graph_formats import adjacency, dimacs, markup, matrix, matrix_market, objects, table
from sweeper.problems.graph_formats.named_graph import NamedGraph
from sweeper.problems.instance import Graph

Reader = Callable[[GivenFile], NamedGraph]

_SIGNED: dict[str, tuple[Callable[[GivenFile], bool], Reader]] = {
    "graphml": (markup.is_xml, markup.graphml),
    "json": (objects.is_json, objects.graph_of_json),
    "matrix_market": (matrix_market.is_matrix_market, matrix_market.matrix_market),
    "gml": (markup.is_gml, markup.gml),
    "dimacs": (dimacs.is_dimacs, dimacs.dimacs),
}
"""Formats that a file's beginning tells, by name, with what recognises and what reads them."""

_OTHERS: dict[str, Reader] = {
    "gset": table.gset,
    "matrix": matrix.matrix,
    "adjacency": adjacency.adjacency,
    "metis": adjacency.metis,
}

FORMATS = ("auto", "edge_list", *_SIGNED, *_OTHERS)
"""Values of `problem.format`; `edge_list` is any table of edges, whatever its first line is."""

_SIGNED_ENDINGS = {".graphml": "graphml", ".gml": "gml", ".mtx": "matrix_market", ".json": "json"}
"""Endings of files that are never anything else: without the format's beginning, they are damaged."""

_COUNTED_ENDINGS = {".gset", ".rud", ".rudy", ".mc"}
"""Files that always begin with the numbers of nodes and edges."""

_UNREAD: dict[str, tuple[str, str]] = {
    r"(\s|%.*\n)*\*(vertices|network)\b": ("Pajek", "read_pajek"),
    r"\s*<[^\0]{0,2000}?<gexf[\s>]|\s*<gexf[\s>]": ("GEXF", "read_gexf"),
    r"\s*(strict\s+)?(di)?graph\b[^\[\]{}\n]*\{": ("DOT", "nx_pydot.read_dot"),
    r">>graph6<<": ("graph6", "read_graph6"),
    r">>sparse6<<": ("sparse6", "read_sparse6"),
}
"""Formats of graphs that are known and not read, by how they begin: their name, and networkx's reader."""

_REMEMBERED = 16


@dataclass(frozen=True)
class GraphReading:
    """How a graph file is to be read: the keys of `problem=graph_file`.

    Attributes:
        format: One of `FORMATS`.
        header: Whether the first line of an edge list is something else than an edge; none to see for itself.
        weight: The edges' attribute that is their weight, or `unit`; none for `weight`.
        best_known: The reference where the maximum cut is too expensive to compute.
    """

    format: str = "auto"
    header: bool | None = None
    weight: str | None = None
    best_known: float | None = None


@dataclass(frozen=True)
class _Candidate:
    """A reading that may be meant, the key that chooses it, and what to try if it is not meant."""

    key: str
    read: Reader
    otherwise: str = ""


@lru_cache(_REMEMBERED)
def read_graph(file: GivenFile, how: GraphReading) -> Graph:
    """The graph of a file, read once for each content.

    Raises:
        ConfigError: No reading is possible, or several are that do not make the same graph.
    """
    if how.format == "auto":
        _refuse_unread(file)
    if not markup.is_xml(file):
        file.refuse_too_many_pieces()
    candidates = _candidates(file, how)
    possible: dict[Graph, str] = {}
    faults: list[tuple[str, ConfigError]] = []
    for candidate in candidates:
        try:
            graph = candidate.read(file).numbered(how.weight, file.where, how.best_known)
        except ConfigError as error:
            faults.append((candidate.key, error))
        else:
            possible.setdefault(graph, candidate.key)
    if len(possible) > 1:
        raise ConfigError(
            f"{file.where} can be read in {len(possible)} ways: "
            + ", ".join(f"with {key} it has {_told(graph)}" for graph, key in possible.items())
            + f". Its first line is {quoted(file.lines[0].text)}. Say which is meant: "
            + " or ".join(possible.values())
            + "."
        )
    if not possible:
        (_, first), *others = faults
        # The last reading is the rarest, and what recognised it the strictest.
        also = [
            f" Read with {key}: {str(error).removeprefix(file.where).lstrip(':, ')}"
            for key, error in others[-1:]
            if str(error) != str(first)
        ]
        raise ConfigError(str(first) + "".join(also) + candidates[0].otherwise) from first
    return next(iter(possible))


def _refuse_unread(file: GivenFile) -> None:
    """Say what a file is whose lines no reader here could name."""
    beginning = file.content[:4000].decode("utf-8", "replace").removeprefix("\ufeff")
    for pattern, (name, reader) in _UNREAD.items():
        if re.match(pattern, beginning, re.IGNORECASE):
            raise ConfigError(
                f"{file.where}: this is a {name} file, which is not read. Make GraphML of it: "
                f'nx.write_graphml(nx.{reader}("FILE"), "graph.graphml") with networkx as nx.'
            )
    if re.match(r"(\s|c\b.*\n)*p\s+qubo\b", beginning):
        raise ConfigError(
            f"{file.where}: this is a QUBO, which is no graph. Give it as a Hamiltonian of Z and ZZ "
            "(algorithm=vqe problem=pauli), with (1 - Z)/2 for each of its variables."
        )


def _told(graph: Graph) -> str:
    cut = "" if graph.reference is None else f" and the maximum cut {graph.reference:g}"
    return f"{graph.nodes} nodes, {len(graph.edges)} edges{cut}"


def _candidates(file: GivenFile, how: GraphReading) -> Sequence[_Candidate]:
    if how.format in _SIGNED:
        _refuse_header(how, how.format)
        return [_Candidate(f"problem.format={how.format}", _SIGNED[how.format][1])]
    if how.format in _OTHERS:
        _refuse_header(how, how.format)
        return [_Candidate(f"problem.format={how.format}", _OTHERS[how.format])]
    if how.format == "auto":
        for name, (recognises, read) in _SIGNED.items():
            if recognises(file):
                _refuse_header(how, name)
                return [_Candidate(f"problem.format={name}", read)]
        name = _SIGNED_ENDINGS.get(PurePath(file.where).suffix.lower(), "")
        if name:
            return [_Candidate(f"problem.format={name}", _SIGNED[name][1])]
    return _tables(file, how)


def _tables(file: GivenFile, how: GraphReading) -> Sequence[_Candidate]:
    without = _Candidate("problem.header=false", table.plain)
    headed = _Candidate("problem.header=true", table.headed)
    if how.header is not None:
        return [headed if how.header else without]
    guessed = replace(headed, otherwise=" If the first line is an edge, say problem.header=false.")
    if PurePath(file.where).suffix.lower() in _COUNTED_ENDINGS:
        return [guessed]
    rows = table.rows_of(file)
    if table.must_have_header(rows):
        found = [guessed]
    elif table.may_have_header(rows):
        found = [without, headed]
    else:
        found = [without]
    if how.format == "auto":
        if matrix.may_be_matrix(rows):
            found.append(_Candidate("problem.format=matrix", matrix.matrix))
        if adjacency.may_be_adjacency(rows):
            found.append(_Candidate("problem.format=adjacency", adjacency.adjacency))
        if adjacency.may_be_metis(file):
            found.append(_Candidate("problem.format=metis", adjacency.metis))
    return found


def _refuse_header(how: GraphReading, name: str) -> None:
    if how.header is not None:
        raise ConfigError(
            f"problem.header={str(how.header).lower()} is for edge lists, but this file is read as {name}. "
            "Leave it out."
        )
