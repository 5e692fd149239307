"""Graphs as JSON: node-link (networkx, D3), adjacency data, Cytoscape, and plain lists of edges."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, printable, quoted, repeated
from sweeper.problems.graph_formats.named_graph import WEIGHT, NamedEdge, NamedGraph
from sweeper.problems.numbers import real

_ENDS = ("source", "target")
_KEYS = {"directed", "multigraph", "graph", "nodes", "links", "edges", "name", "comment", "description"}
_SHOWN = 60


def is_json(file: GivenFile) -> bool:
    """Whether the file begins like JSON."""
    return file.text.lstrip()[:1] in {"{", "["}


def graph_of_json(file: GivenFile) -> NamedGraph:
    """The graph of a JSON file; a list of tuples as Python prints it is taken too.

    Raises:
        ConfigError: No JSON, or none of a graph that is known here.
    """
    content = _parsed(file)
    if isinstance(content, list):
        return NamedGraph([_listed(file, edge, at) for at, edge in enumerate(content, 1)])
    if not isinstance(content, dict):
        raise ConfigError(f"{file.where}: a single value is no graph.")
    directed = content.get("directed") is True
    links = [key for key in ("links", "edges") if isinstance(content.get(key), list)]
    if len(links) == 2:
        raise ConfigError(f"{file.where}: it has both `links` and `edges`. Delete one of them.")
    if links:
        return _node_link(file, content, links[0], directed)
    if isinstance(content.get("adjacency"), list) and isinstance(content.get("nodes"), list):
        return NamedGraph(list(_adjacency(file, content)), _nodes(file, content), directed=directed)
    elements = content.get("elements")
    if isinstance(elements, dict) and isinstance(elements.get("edges"), list):
        return _cytoscape(file, elements, directed)
    if content and all(_are_neighbours(value, content) for value in content.values()):
        return _neighbours(file, content)
    raise ConfigError(
        f"{file.where}: this JSON is no graph that is known here. Write `nodes` and `links` "
        "(networkx: json.dump(nx.node_link_data(G), file)), or a list of edges [[0, 1], [1, 2, 0.5]]."
    )


def _parsed(file: GivenFile) -> Any:
    try:
        return json.loads(file.text, object_pairs_hook=_once_each, parse_constant=str)
    except (ValueError, RecursionError) as error:
        if file.text.lstrip().startswith("["):
            try:
                return ast.literal_eval(file.text.strip())
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                pass
        said = str(error)[:200] if isinstance(error, ValueError) else "nested too deeply"
        raise ConfigError(f"{file.where}: not a JSON file ({said}).") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = repeated(name for name, _ in pairs)
        raise ValueError(f"the key {quoted(str(twice))} stands twice in one object")
    return found


def _listed(file: GivenFile, edge: Any, at: int) -> NamedEdge:
    """An edge of a list: `[u, v]`, `[u, v, weight]`, `[u, v, {…}]` or `{"source": u, "target": v, …}`."""
    if isinstance(edge, Mapping):
        return _linked(file, edge, at)
    if isinstance(edge, Sequence) and not isinstance(edge, str) and len(edge) in {2, 3}:
        third = edge[2] if len(edge) == 3 else {}
        attributes = third if isinstance(third, Mapping) else {WEIGHT: third}
        if isinstance(third, Mapping) or real(third) is not None:
            return NamedEdge(_name(file, edge[0], at), _name(file, edge[1], at), _texts(attributes))
    raise ConfigError(f"{file.where}, edge {at}: {_shown(edge)} is not an edge: [u, v] or [u, v, weight].")


def _linked(file: GivenFile, edge: Any, at: int) -> NamedEdge:
    if not isinstance(edge, Mapping) or not set(_ENDS) <= edge.keys():
        raise ConfigError(f"{file.where}, edge {at}: {_shown(edge)} has no source and target.")
    attributes = {name: value for name, value in edge.items() if name not in {*_ENDS, "id", "key"}}
    return NamedEdge(_name(file, edge["source"], at), _name(file, edge["target"], at), _texts(attributes))


def _node_link(file: GivenFile, content: Mapping[str, Any], key: str, directed: bool) -> NamedGraph:
    unknown = content.keys() - _KEYS
    if unknown:
        raise ConfigError(
            f"{file.where}: the key{'s' if len(unknown) > 1 else ''} {', '.join(sorted(unknown))[:200]} "
            f"beside `{key}` mean nothing here. Delete what is no part of the graph."
        )
    nodes = _nodes(file, content) if "nodes" in content else []
    edges = [_listed(file, edge, at) for at, edge in enumerate(content[key], 1)]
    _refuse_unknown(file, edges, nodes)
    return NamedGraph(edges, nodes, directed=directed)


def _nodes(file: GivenFile, content: Mapping[str, Any]) -> list[str]:
    """Names of declared nodes: `{"id": …}`, or the value itself; their places where they have no id."""
    if not isinstance(content["nodes"], list):
        raise ConfigError(f"{file.where}: `nodes` is no list.")
    names = []
    for at, node in enumerate(content["nodes"]):
        found = node.get("id", at) if isinstance(node, Mapping) else node
        names.append(_name(file, found, at + 1, "node"))
    twice = repeated(names)
    if twice is not None:
        raise ConfigError(f"{file.where}: the node {printable(twice)} is given twice.")
    return names


def _adjacency(file: GivenFile, content: Mapping[str, Any]) -> Iterator[NamedEdge]:
    """The neighbours of each node, as networkx's `adjacency_data` lists them: each edge is there twice."""
    names = _nodes(file, content)
    if len(content["adjacency"]) != len(names):
        raise ConfigError(f"{file.where}: `adjacency` has not one list for each of the {len(names)} nodes.")
    for at, (source, neighbours) in enumerate(zip(names, content["adjacency"], strict=True), 1):
        if not isinstance(neighbours, list):
            raise ConfigError(f"{file.where}, node {at}: {_shown(neighbours)} is no list of neighbours.")
        for neighbour in neighbours:
            if not isinstance(neighbour, Mapping) or "id" not in neighbour:
                raise ConfigError(f"{file.where}, node {at}: the neighbour {_shown(neighbour)} has no id.")
            rest = {name: value for name, value in neighbour.items() if name not in {"id", "key"}}
            yield NamedEdge(source, _name(file, neighbour["id"], at, "node"), _texts(rest))


def _cytoscape(file: GivenFile, elements: Mapping[str, Any], directed: bool) -> NamedGraph:
    def data(element: Any) -> Any:
        return element.get("data") if isinstance(element, Mapping) else None

    nodes = _nodes(file, {"nodes": [data(node) for node in elements.get("nodes", [])]})
    edges = [_linked(file, data(edge), at) for at, edge in enumerate(elements["edges"], 1)]
    _refuse_unknown(file, edges, nodes)
    return NamedGraph(edges, nodes, directed=directed)


def _are_neighbours(value: Any, nodes: Mapping[str, Any]) -> bool:
    """Whether these are nodes that the dictionary has too, without which it is some other object."""
    return isinstance(value, (list, dict)) and all(
        isinstance(name, (str, int)) and str(name) in nodes for name in value
    )


def _neighbours(file: GivenFile, content: Mapping[str, Any]) -> NamedGraph:
    """A dictionary of neighbours: `{"a": ["b", "c"]}` or with attributes `{"a": {"b": {"weight": 2}}}`."""
    edges = []
    for at, (source, neighbours) in enumerate(content.items(), 1):
        pairs = neighbours.items() if isinstance(neighbours, Mapping) else ((name, {}) for name in neighbours)
        for target, value in pairs:
            edges.append(_listed(file, [source, target, value], at))
    return NamedGraph(edges, [_name(file, name, at, "node") for at, name in enumerate(content, 1)])


def _refuse_unknown(file: GivenFile, edges: Sequence[NamedEdge], nodes: Sequence[str]) -> None:
    known = set(nodes)
    for at, edge in enumerate(edges if nodes else (), 1):
        for end in (edge.source, edge.target):
            if end not in known:
                raise ConfigError(
                    f"{file.where}, edge {at}: {edge} names the node {printable(end)}, which `nodes` has not."
                )


def _name(file: GivenFile, value: Any, at: int, what: str = "edge") -> str:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**18 else _shown(value)
    raise ConfigError(f"{file.where}, {what} {at}: {_shown(value)} is no node: a name or a whole number.")


def _texts(attributes: Mapping[Any, Any]) -> dict[str, object]:
    return {str(name): value for name, value in attributes.items()}


def _shown(value: Any) -> str:
    import reprlib

    return quoted(reprlib.repr(value)[:_SHOWN])[1:-1]
