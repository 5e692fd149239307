"""GraphML and GML files, which networkx reads."""

from __future__ import annotations

import codecs
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, message_of
from sweeper.problems.graph_formats.named_graph import NamedEdge, NamedGraph

if TYPE_CHECKING:
    import networkx as nx

_GRAPH = re.compile(r"(^|[\s\]])graph\s*\[")

_FAULTS = (SyntaxError, ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""Errors that networkx's readers raise for files that they cannot read."""


class _RefusedError(Exception):
    """A part of an XML file is not read; has its line."""

    def __init__(self, line: int, fault: str) -> None:
        super().__init__(fault)
        self.line = line


def is_xml(file: GivenFile) -> bool:
    """Whether the file is XML of some kind."""
    # An XML file names its own encoding, so its bytes may not be decoded yet.
    begins = file.content.removeprefix(codecs.BOM_UTF8).lstrip()
    return begins.startswith(b"<") or (
        begins.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and file.text.lstrip().startswith("<")
    )


def is_gml(file: GivenFile) -> bool:
    """Whether the file has GML's `graph [` after nothing but comments and simple keys."""
    found = _GRAPH.search(file.text)
    if found is None:
        return False
    before = file.text[: found.start()].split("\n")
    return all(re.fullmatch(r"\s*(#.*|[A-Za-z]\w*\s+(\"[^\"]*\"|[-+\d.]+))?\s*", line) for line in before)


def graphml(file: GivenFile) -> NamedGraph:
    """The graph of a GraphML file, its nodes by their `id`.

    Raises:
        ConfigError: No GraphML, several graphs, or declarations of entities, which can blow up without end.
    """
    from xml.parsers import expat

    import networkx as nx

    try:
        places = _edges_of(file.content)
        with warnings.catch_warnings():
            # It warns of attributes without a declared type and of ports; neither changes the graph.
            warnings.simplefilter("ignore")
            graph = nx.read_graphml(BytesIO(file.content))
    except _RefusedError as error:
        raise file.refusal(error.line, str(error)) from None
    except expat.ExpatError as error:
        raise ConfigError(f"{file.where}: not a GraphML file ({error}).") from None
    except (*_FAULTS, nx.NetworkXError) as error:
        raise ConfigError(f"{file.where}: not a GraphML file ({message_of(error)}).") from None
    return _named(graph, places)


def gml(file: GivenFile) -> NamedGraph:
    """The graph of a GML file, its nodes by their `label`, or by their `id` if they have none.

    Raises:
        ConfigError: No GML.
    """
    import networkx as nx

    lines = file.text.split("\n")
    try:
        try:
            graph = nx.parse_gml(lines)
        except nx.NetworkXError as error:
            if "label" not in str(error):
                raise
            graph = nx.parse_gml(lines, label="id")
    except (*_FAULTS, nx.NetworkXError) as error:
        raise ConfigError(
            f"{file.where}: not a GML file, or a pair of nodes twice ({message_of(error)})."
        ) from None
    return _named(graph, {})


def _named(graph: nx.Graph[Any], places: dict[frozenset[str], list[tuple[str, str, int]]]) -> NamedGraph:
    """The graph of networkx with the direction in which the file names each edge, and its line."""
    edges = []
    # Networkx keeps the declared defaults of attributes, but does not apply them.
    defaults = {str(name): value for name, value in graph.graph.get("edge_default", {}).items()}
    for source, target, data in _edges(graph):
        attributes = {**defaults, **data}
        of_pair = places.get(frozenset((source, target)), [])
        written = of_pair.pop(0) if of_pair else (source, target, None)
        edges.append(NamedEdge(written[0], written[1], attributes, written[2]))
    return NamedGraph(edges, [str(node) for node in graph], directed=graph.is_directed())


def _edges(graph: nx.Graph[Any]) -> Iterable[tuple[str, str, dict[str, object]]]:
    for source, target, data in graph.edges(data=True):
        # Networkx turns the name of an edge into an attribute, which is dropped here.
        yield str(source), str(target), {str(name): data[name] for name in data if name not in {"id", "key"}}


def _edges_of(content: bytes) -> dict[frozenset[str], list[tuple[str, str, int]]]:
    """Positions of the edges by their two nodes, each as (source, target, line).

    Raises:
        _RefusedError: A document type, in which entities could be declared, or something else than one graph.
    """
    from xml.parsers import expat

    places: dict[frozenset[str], list[tuple[str, str, int]]] = defaultdict(list)
    graphs: list[int] = []
    outermost: list[str] = []
    parser = expat.ParserCreate()

    def doctype(name: str, *_: object) -> None:
        if name.lower() != "graphml":
            raise _RefusedError(
                parser.CurrentLineNumber, f"this is a file of the type {name[:40]}, not GraphML."
            )
        raise _RefusedError(
            parser.CurrentLineNumber, "a document type (<!DOCTYPE …>) is not read. Delete it."
        )

    def element(name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        line = parser.CurrentLineNumber
        if not outermost:
            outermost.append(kind)
            if kind != "graphml":
                raise _RefusedError(line, f"the outermost element is <{kind[:40]}>, not <graphml>.")
        if kind == "graph":
            graphs.append(line)
            if len(graphs) > 1:
                raise _RefusedError(
                    line, f"a second graph begins (the first one in line {graphs[0]}). Keep one."
                )
        elif kind == "edge" and {"source", "target"} <= attributes.keys():
            source, target = attributes["source"], attributes["target"]
            places[frozenset((source, target))].append((source, target, line))

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = element
    parser.Parse(content, True)
    if not graphs:
        raise _RefusedError(1, "the file has no element <graph>.")
    return places
