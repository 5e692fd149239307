"""Graph files: what is written by others is read as the same graph, or refused with what to do."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import assume, given
from hypothesis import strategies as st

from sweeper.errors import ConfigError
from sweeper.problems import Graph
from sweeper.problems.given_file import LARGEST_FILE, MOST_PIECES, GivenFile
from sweeper.problems.graph_formats import FORMATS, GraphReading, read_graph
from sweeper.problems.graph_given import GraphFile

Weighted = nx.Graph  # each edge with a `weight`; its nodes are strings


def read(content: str | bytes, name: str = "graph", **keys: Any) -> Graph:
    content = content.encode() if isinstance(content, str) else content
    return read_graph(GivenFile(f"problem.path={name}", content), GraphReading(**keys))


def refusal(content: str | bytes, name: str = "graph", **keys: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        read(content, name, **keys)
    assert str(refused.value).startswith((f"problem.path={name}", "problem.header"))
    return str(refused.value)


def as_networkx(graph: Graph) -> Weighted:
    made = nx.Graph()
    made.add_nodes_from(range(graph.nodes))
    weights = graph.weights or (1.0,) * len(graph.edges)
    made.add_weighted_edges_from((u, v, w) for (u, v), w in zip(graph.edges, weights, strict=True))
    return made


def same(one: Weighted, other: Weighted) -> bool:
    match = nx.algorithms.isomorphism.numerical_edge_match("weight", 1.0, rtol=1e-12, atol=1e-12)
    return nx.is_isomorphic(one, other, edge_match=match)


def heaviest_cut(graph: Weighted) -> float:
    nodes = list(graph)
    sides = (side for size in range(len(nodes)) for side in combinations(nodes[1:], size))
    return max(nx.cut_size(graph, set(side), weight="weight") if side else 0.0 for side in sides)


# ---- What others write. Each yields a file's text and the keys that say how it is meant. ----

Written = tuple[str | bytes, dict[str, Any]]


def unweighted(graph: Weighted) -> bool:
    return all(weight == 1 for *_, weight in graph.edges(data="weight"))


def counted_from_one(graph: Weighted) -> Weighted:
    return nx.relabel_nodes(graph, {node: str(i) for i, node in enumerate(graph, 1)})


def by_networkx(write: Callable[..., None], **how: Any) -> Callable[[Weighted], Written]:
    def written(graph: Weighted) -> Written:
        file = io.BytesIO()
        write(graph, file, **how)
        return file.getvalue(), {"header": False}

    return written


def typed(graph: Weighted) -> Written:
    lines = [f"{u} {v}" if w == 1 else f"{u} {v} {w!r}" for u, v, w in graph.edges(data="weight")]
    return "\n".join(lines), {"header": False}


def counted(graph: Weighted) -> Written:
    """As rudy writes it, without weights if all are 1, and as it does not, with names or from 0."""
    if "3" in graph and "0" not in graph and "1" not in graph:
        graph = nx.relabel_nodes(graph, {node: str(i) for i, node in enumerate(graph)})
    edges = graph.edges(data="weight")
    lines = [f"{u} {v}" if unweighted(graph) else f"{u} {v} {w!r}" for u, v, w in edges]
    return "\n".join([f"{len(graph)} {len(edges)}", *lines, ""]), {"header": True}


def gset(graph: Weighted) -> Written:
    graph = counted_from_one(graph)
    lines = [f"{u} {v} {w!r}" for u, v, w in graph.edges(data="weight")]
    return "\n".join([f" {len(graph)} {len(lines)} ", *lines, ""]), {"header": True}


def dimacs(kind: str, letter: str) -> Callable[[Weighted], Written]:
    def written(graph: Weighted) -> Written:
        graph = counted_from_one(graph)
        lines = [
            f"{letter} {u} {v}" + ("" if letter == "e" and unweighted(graph) else f" {w!r}")
            for u, v, w in graph.edges(data="weight")
        ]
        return "\n".join(["c made by a test", f"p {kind} {len(graph)} {len(lines)}", *lines]), {}

    return written


def matrix_market(graph: Weighted, *, dense: bool, symmetry: str) -> Written:
    matrix = nx.to_scipy_sparse_array(graph, dtype=float)
    file = io.BytesIO()
    scipy.io.mmwrite(file, matrix.toarray() if dense else matrix, symmetry=symmetry, precision=17)
    return file.getvalue(), {}


def pattern(graph: Weighted) -> Written:
    assume(unweighted(graph))
    lines = [f"{v} {u}" for u, v in counted_from_one(graph).edges]
    header = [
        "%%MatrixMarket matrix coordinate pattern symmetric",
        "%",
        f"{len(graph)} {len(graph)} {len(lines)}",
    ]
    return "\n".join(header + lines), {}


def by_numpy(graph: Weighted) -> Written:
    file = io.BytesIO()
    np.savetxt(file, nx.to_numpy_array(graph))
    return file.getvalue(), {"format": "matrix"}


def by_pandas(**how: Any) -> Callable[[Weighted], Written]:
    def written(graph: Weighted) -> Written:
        text = nx.to_pandas_edgelist(graph).to_csv(**how)
        return text, {"header": how.get("header", True)}

    return written


def node_link(graph: Weighted) -> Written:
    return json.dumps(nx.node_link_data(graph, edges="links")), {}


def cytoscape(graph: Weighted) -> Written:
    return json.dumps(nx.cytoscape_data(graph)), {"weight": "weight"}


def metis(graph: Weighted) -> Written:
    assume(unweighted(graph))
    graph = counted_from_one(graph)
    lines = [" ".join(graph[node]) for node in graph]
    return "\n".join([f"{len(graph)} {graph.size()}", *lines]), {"format": "metis"}


def adjacency(graph: Weighted) -> Written:
    assume(unweighted(graph))
    text, _ = by_networkx(nx.write_adjlist)(graph)
    return text, {"format": "adjacency"}


WRITERS: dict[str, Callable[[Weighted], Written]] = {
    "typed": typed,
    "counted": counted,
    "gset": gset,
    "networkx edgelist": by_networkx(nx.write_edgelist),
    "networkx weighted edgelist": by_networkx(nx.write_weighted_edgelist),
    "networkx edgelist with commas": by_networkx(nx.write_weighted_edgelist, delimiter=","),
    "networkx adjacency list": adjacency,
    "networkx graphml": by_networkx(nx.write_graphml),
    "networkx gml": by_networkx(nx.write_gml),
    "networkx node-link": node_link,
    "networkx adjacency data": lambda graph: (json.dumps(nx.adjacency_data(graph)), {}),
    "networkx cytoscape": cytoscape,
    "pandas": by_pandas(index=False),
    "pandas with its index": by_pandas(),
    "pandas with tabs": by_pandas(index=False, sep="\t"),
    "pandas with semicolons": by_pandas(index=False, sep=";"),
    "pandas without header": by_pandas(index=False, header=False),
    "pandas records": lambda graph: (nx.to_pandas_edgelist(graph).to_json(orient="records"), {}),
    "numpy": by_numpy,
    "pandas matrix": lambda graph: (nx.to_pandas_adjacency(graph).to_csv(), {"format": "matrix"}),
    "scipy coordinates": lambda graph: matrix_market(graph, dense=False, symmetry="symmetric"),
    "scipy coordinates, general": lambda graph: matrix_market(graph, dense=False, symmetry="general"),
    "scipy array": lambda graph: matrix_market(graph, dense=True, symmetry="symmetric"),
    "MatrixMarket pattern": pattern,
    "DIMACS edge": dimacs("edge", "e"),
    "DIMACS col": dimacs("col", "e"),
    "DIMACS sp": dimacs("sp", "a"),
    "METIS": metis,
    "JSON list": lambda graph: (json.dumps([list(edge) for edge in graph.edges(data="weight")]), {}),
    "Python list": lambda graph: (str(list(graph.edges(data=True))), {}),
}


@st.composite
def weighted_graphs(draw: st.DrawFn) -> Weighted:
    """Graphs in one piece, their nodes counting from 0 or 1, or with gaps, or with names."""
    size = draw(st.integers(2, 6))
    edges = {(draw(st.integers(0, node - 1)), node) for node in range(1, size)}
    edges |= draw(st.sets(st.sampled_from(list(combinations(range(size), 2)))))
    named = draw(st.sampled_from(["from zero", "from one", "gaps", "names"]))
    names = {
        "from zero": [str(node) for node in range(size)],
        "from one": [str(node) for node in range(1, size + 1)],
        "gaps": [str(7 * node + 3) for node in range(size)],
        "names": ["a", "q10", "c", "Zürich", "x_1", "e-2"][:size],
    }[named]
    order = draw(st.permutations(sorted(edges)))
    weight = st.just(1) | st.sampled_from([0.5, 2, -1.5, 1e-3, 3])
    weights = draw(st.just([1] * len(order)) | st.lists(weight, min_size=len(order), max_size=len(order)))
    graph = nx.Graph()
    for (u, v), value in zip(order, weights, strict=True):
        graph.add_edge(*(names[end] for end in draw(st.permutations([u, v]))), weight=value)
    return graph


class TestWhatOthersWrite:
    @pytest.mark.parametrize("writer", WRITERS)
    @given(weighted_graphs())
    def test_is_read_as_the_same_graph(self, writer: str, graph: Weighted) -> None:
        content, meant = WRITERS[writer](graph)
        try:
            found = read(content, **{key: meant[key] for key in meant if key == "weight"})
        except ConfigError as refused:
            key, value = next((key, value) for key, value in meant.items() if key != "weight")
            assert f"problem.{key}={str(value).lower()}" in str(refused)  # noqa: PT017 - either is right
            found = read(content, **meant)
        assert same(as_networkx(found), graph)
        assert found.reference == pytest.approx(heaviest_cut(graph), abs=1e-9)

    @given(weighted_graphs(), st.data())
    def test_is_no_other_with_comments_marks_and_both_directions(
        self, graph: Weighted, data: st.DataObject
    ) -> None:
        text, meant = typed(graph)
        assert isinstance(text, str)
        lines = text.split("\n")
        if data.draw(st.booleans()):
            lines += [f"{v} {u} {w!r}" for u, v, w in graph.edges(data="weight")]
        for comment in data.draw(st.lists(st.sampled_from(["# 1 2", "% 3 4", "// 5 6", "", "  \t"]))):
            lines.insert(data.draw(st.integers(0, len(lines))), comment)
        lines = data.draw(st.permutations(lines))
        ending, encoding = data.draw(
            st.tuples(
                st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
            )
        )
        found = read(ending.join(lines).encode(encoding), **meant)
        assert same(as_networkx(found), graph)

    def test_numbers_rise_and_names_come_in_order(self) -> None:
        assert read("10 2\n2 9").edges == ((0, 1), (0, 2))  # 2, 9, 10
        assert read("b a\na c").edges == ((0, 1), (1, 2))  # b, a, c


ONE_READING = {
    "one_based": ("1 2\n2 3\n1 3\n", 2.0),
    "a gap is no node": ("0 1\n1 1000000000\n", 2.0),
    "two numbers before weights are counts": ("3 2\n1 2 1\n2 3 -1\n", 1.0),
    "counts that are no edge, as 3 is joined with 3": ("3 3\n1 2\n2 3\n3 1\n", 2.0),
    "counts, as 6 would leave out 5": ("4 6\n1 2\n1 3\n1 4\n2 3\n2 4\n3 4\n", 4.0),
    "counts, nodes from 0": ("3 3\n0 1\n1 2\n2 0\n", 2.0),
    "counts, names": ("3 3\na b\nb c\nc a\n", 2.0),
    "counts, both directions": ("3 3\n0 1\n1 0\n1 2\n2 1\n0 2\n2 0\n", 2.0),
    "MAX-CUT": ("c a comment\nMAX-CUT 3 2\n1 2 1\n2 3 1.0e1\n", 11.0),
    "an unweighted first line": ("0 1\n1 2 0.5\n2 0 2\n", 3.0),
    "an unweighted first line from 1": ("1 2\n2 3 0.5\n3 1 2\n", 3.0),
    "named columns": ("from to w\n1 2 0.5\n2 3 2\n1 3 1\n", 3.0),
    "named columns in another order": ("weight,target,source\n0.5,b,a\n2,c,b\n1,c,a\n", 3.0),
    "unknown columns before numbers": ("x;y\n1;2\n2;3\n1;3\n", 2.0),
    "names with blanks": ('"New York",Lyon\nLyon,"St. John\'s (NB)"\n', 2.0),
    "Gephi": ("Source,Target,Type,Weight\n1,2,Undirected,3\n2,3,Undirected,1\n", 4.0),
    "floats of pandas": ("0.0,1.0,0.5\n1.0,2.0,2\n", 2.5),
    "c comments": ("c made by rudy\n3 2\n1 2 1\n2 3 1\n", 2.0),
    "a node c": ("a b\nb c\nc a\n", 2.0),
    "empty attributes": ("0 1 {}\n1 2 {}\n", 2.0),
    "an adjacency list": ("0 1 2 3\n1 2\n2\n3\n", 3.0),
    "full adjacency": ("a b c\nb a c\nc a b\n", 2.0),
    "a ring for METIS": ("4 4\n2 4\n1 3\n2 4\n3 1\n", 4.0),
    "weights for METIS": ("3 2 1\n2 5\n1 5 3 7\n2 7\n", 12.0),
    "colouring, both directions": ("p edge 3 6\ne 1 2\ne 2 1\ne 2 3\ne 3 2\ne 1 3\ne 3 1\n", 2.0),
    "colouring, counted twice": ("p col 3 4\ne 1 2\ne 2 3\n", 2.0),
    "a flow": ("c x\np max 3 2\nn 1 s\nn 3 t\na 1 2 5\na 2 3 7\n", 12.0),
    "PACE": ("p tw 3 2\n1 2\n2 3\n", 2.0),
    "a dense matrix": ("%%MatrixMarket matrix array integer general\n2 2\n0\n5\n5\n0\n", 5.0),
    "one triangle": ("%%MatrixMarket matrix coordinate real general\n% c\n3 3 2\n1 2 2.5\n3 2 1\n", 3.5),
    "a directed graph of mirrored edges": (
        '{"directed": true, "links": [{"source": 0, "target": 1}, {"source": 1, "target": 0}]}',
        1.0,
    ),
    "D3 without ids": (
        '{"nodes": [{"name": "a"}, {"name": "b"}], "links": [{"source": 0, "target": 1}]}',
        1.0,
    ),
    "neighbours": ('{"a": ["b", "c"], "b": ["a"], "c": []}', 2.0),
    "neighbours with weights": ('{"a": {"b": {"weight": 3}}, "b": {"a": {"weight": 3}}}', 3.0),
    "GML without labels": ("graph [ node [ id 5 ] node [ id 7 ] edge [ source 5 target 7 weight 2 ] ]", 2.0),
    "GML as Newman has it": (
        'Creator "M. N."\ngraph\n[\n  node\n  [ id 1 label "a" ]\n  node [ id 2 label "b" ]\n'
        "  edge\n  [ source 1 target 2 ]\n]",
        1.0,
    ),
}


@pytest.mark.parametrize("case", ONE_READING)
def test_where_one_reading_is_possible_it_is_taken(case: str) -> None:
    content, cut = ONE_READING[case]
    assert read(content).reference == cut


def test_nothing_in_a_message_is_obeyed_by_a_terminal() -> None:
    name = "\x1b[2J" + "a" * 500
    for content in (f"{name} b\nc d\n", json.dumps([[name, name]]), f"a b {{'{name}': 1}}\n", f"{name}\n"):
        assert refusal(content).isprintable()
        assert len(refusal(content)) < 500


class TestTwoReadings:
    TEXT = "4 3\n0 1\n1 2\n2 3\n"

    def test_are_refused_with_the_key_that_decides(self) -> None:
        said = refusal(self.TEXT)
        assert "problem.header=false it has 5 nodes, 4 edges and the maximum cut 4" in said
        assert "problem.header=true it has 4 nodes, 3 edges and the maximum cut 3" in said
        assert "'4 3'" in said
        counted, path = read(self.TEXT, header=True), read(self.TEXT, header=False)
        assert (counted.nodes, counted.reference) == (4, 3.0)
        assert (path.nodes, path.reference) == (5, 4.0)

    def test_are_told_apart_by_an_ending_that_says_so(self) -> None:
        for name in ("graph.rud", "graph.mc", "G.GSET"):
            assert read(self.TEXT, name).nodes == 4

    def test_of_an_adjacency_list(self) -> None:
        text = "0 1 2\n1 2 0\n2 0 1\n"
        said = refusal(text)
        assert "problem.header=false" in said
        assert "problem.format=adjacency" in said
        assert read(text, format="edge_list").weights == (2.0, 1.0, 0.0)
        assert read(text, format="adjacency").weights is None

    def test_a_first_line_of_words_that_are_nodes_further_down(self) -> None:
        said = refusal("source target\ntarget a\na source\n")
        assert "problem.header=true" in said


GRAPHML = (
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    '<key id="w" for="edge" attr.name="{name}" attr.type="{kind}"/>\n<graph edgedefault="{direction}">\n'
    '<node id="a"/><node id="b"/><node id="c"/>\n'
    '<edge source="a" target="b"><data key="w">{weight}</data></edge>\n'
    '<edge source="b" target="c"><data key="w">1</data></edge>\n{more}</graph></graphml>'
)


def graphml(
    *,
    name: str = "weight",
    kind: str = "string",
    direction: str = "undirected",
    weight: str = "2",
    more: str = "",
) -> str:
    return GRAPHML.format(name=name, kind=kind, direction=direction, weight=weight, more=more)


class TestAttributes:
    def test_other_than_weight_are_chosen_or_refused_by_name(self) -> None:
        for content in (
            "0 1 {'capacity': 2.0}\n1 2 {'capacity': 5}",
            "source,target,capacity\n0,1,2\n1,2,5",
            graphml(name="capacity"),
            '{"links": [{"source": 0, "target": 1, "capacity": 2}]}',
            'graph [ node [ id 0 label "0" ] node [ id 1 label "1" ] edge [ source 0 target 1 capacity 2 ] ]',
        ):
            said = refusal(content)
            assert "the attribute capacity" in said
            assert "problem.weight=capacity or problem.weight=unit" in said
            chosen, unit = read(content, weight="capacity"), read(content, weight="unit")
            assert chosen.weights is not None
            assert max(chosen.weights) in {2.0, 5.0}
            assert unit.weights is None

    def test_of_several_all_are_named(self) -> None:
        first = "0 1 {'weight': 0.5, 'colour': 'red', 'length': 3}"
        content = first + "\n1 2 {'weight': 2, 'colour': 'blue', 'length': 4}"
        assert "the attributes weight, colour, length" in refusal(content)
        assert read(content, weight="weight").weights == (0.5, 2.0)
        assert read(content, weight="length").weights == (3.0, 4.0)
        assert "the edge 0-1 of line 1 has the colour 'red', which is no finite number" in refusal(
            content, weight="colour"
        )

    def test_that_are_not_there_are_refused(self) -> None:
        assert "problem.weight=cost is no attribute of its edges, which carry nothing" in refusal(
            "0 1\n", weight="cost"
        )
        assert "which carry the attribute weight" in refusal("0 1 2\n", weight="cost")
        assert "the edge b-c of line 2 has no cost" in refusal("a b {'cost': 1}\nb c {}", weight="cost")

    @pytest.mark.parametrize("name", ["weight", "capacity"])
    def test_that_are_missing_have_the_value_their_declaration_gives(self, name: str) -> None:
        content = graphml(name=name).replace("/>", "><default>3</default></key>", 1)
        content = content.replace("</graph>", '<edge source="a" target="c"/></graph>')
        assert read(content, weight=name).weights == (2.0, 3.0, 1.0)
        assert read(content, weight="unit").weights is None

    def test_a_missing_weight_is_one(self) -> None:
        assert read("a b {'weight': 2}\nb c {}").weights == (2.0, 1.0)

    @pytest.mark.parametrize("value", ["nan", "inf", "x", "true", "1_0", "", "1,5", "2+1j"])
    def test_are_finite_numbers(self, value: str) -> None:
        for content in (
            graphml(weight=value),
            json.dumps([[0, 1, {"weight": value}]]),
            f'source;target;weight\n0;1;"{value}"',
        ):
            assert "no finite number" in refusal(content)


REFUSED = [
    ("0 1 x\n", "line 1: '0 1 x' is not an edge: its weight 'x' is no finite number"),
    ("0 1\n0 1 2 3\n", "line 2: '0 1 2 3' is not an edge"),
    ("0\n", "line 1: '0' is not an edge"),
    ("0 1\n0 b\n", "line 2: '0 b' is not an edge like the others: some nodes are numbers"),
    ("# x\n\n0 1\n-1 2\n", "line 4: '-1 2' is not an edge"),
    ("0 1\n0.5 1\n", "line 2: '0.5 1' is not an edge"),
    ("a a\n", "the edge a-a of line 1 joins a node with itself"),
    ("a b\nb c\na b\n", "the edge a-b is given twice (lines 1 and 3)"),
    ("a b 1\nb a 2\n", "the edge b-a has the weight 1 in one direction and 2 in the other (lines 1 and 2)"),
    ("a b 2\nb a 2\na b 2\n", "the edge a-b is given twice (lines 1 and 3)"),
    ("a b\nc d\n", "falls into 2 pieces (no path joins node a with node c)"),
    ("", "the graph has no edges"),
    ("# nothing\n", "the graph has no edges"),
    ("800 19176\n1 2 1\n2 3 1\n", "line 1: '800 19176' promises 19176 edges, but 2 follow"),
    (
        "3 1\n1 2 0.5\n",
        "the edges name 2. A node without edges is no part of a cut: leave it out. If the first",
    ),
    ("0 1 {'weight': 1\n", "line 1: \"0 1 {'weight': 1\" is not an edge"),
    ("0 1 {weight}\n", "line 1: '0 1 {weight}' is not an edge: what stands in braces"),
    ("source,target,w\n0,1,0.5\n0,2\n", "line 3: '0,2' has not the 3 columns of line 1"),
    ("source,target,w,w\n0,1,1,1\n", "line 1: 'source,target,w,w' names the column 'w' twice"),
    ("source,target,weight\n0,1,\n", "the edge 0-1 of line 2 has the weight '', which is no finite number"),
    ("Source,Target,Type\n0,1,Directed\n1,2,Directed\n", "the graph is directed, and the edge 0-1 of line 2"),
    ("0 1 1 0\n1 0 x 0\n1 1 0 1\n0 0 1 0\n", "line 1: '0 1 1 0' is not an edge"),
    ("0 1 1 0\n1 1 1 0\n1 1 0 1\n0 0 1 0\n", "Read with problem.format=matrix: the edge 1-1 of line 2 joins"),
    (",a,b\na,0,1\nc,1,0\n", "other names in its first line than in its first column"),
    ("p edge 3 5\ne 1 2\n", "line 1: 'p edge 3 5' promises 5 edges, but 1 follow"),
    ("p edge 3 1\ne 1 4\n", "line 2: 'e 1 4' is not an edge: the nodes are 1 to 3"),
    ("p edge 3 2\ne 1 2\nn 1 7\n", "line 3: 'n 1 7' is not an edge"),
    ("p edge 3 1\ne 1 2\n", "falls into 2 pieces (no edge has the node 3)"),
    ("p edge 1000000000 1\ne 1 2\n", "the graph has 1000000000 nodes; 1000 are the most"),
    ("c a formula\np cnf 3 2\n1 -2 0\n", "line 2: 'p cnf 3 2' is no problem line of a graph"),
    ("1000000000 1\n0 1 1\n", "the graph has 1000000000 nodes"),
    (
        "%%MatrixMarket matrix coordinate real general\n1000000000 1000000000 1\n1 2 1\n",
        "has 1000000000 nodes",
    ),
    (
        "%%MatrixMarket matrix coordinate real general\n9 9 1000000000\n1 2 1\n",
        "line 2: '9 9 1000000000' promises 1000000000 entries, but 1 follow",
    ),
    (
        "%%MatrixMarket matrix coordinate real general\n2 3 1\n1 2 1\n",
        "line 2: '2 3 1' is no size of an adjacency matrix",
    ),
    (
        "%%MatrixMarket matrix coordinate complex general\n2 2 1\n1 2 1 0\n",
        "announces a complex general matrix",
    ),
    (
        "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 2 1\n2 1 3\n",
        "weight 1 in one direction and 3",
    ),
    ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1\n", "joins a node with itself"),
    (
        "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n2 1 x\n",
        "line 3: '2 1 x' is no entry: 'x' is no",
    ),
    (graphml(direction="directed"), "the graph is directed, and the edge a-b of line 4 leads one way"),
    (
        graphml(more='<edge source="b" target="a"/>'),
        "the edge b-a has the weight 2 in one direction and 1 in the other (lines 4 and 6)",
    ),
    (
        graphml(more='<edge source="a" target="b"><data key="w">2</data></edge>'),
        "is given twice (lines 4 and 6)",
    ),
    (graphml(more='<node id="d"/>'), "falls into 2 pieces (no edge has the node d)"),
    (graphml(more="</graph><graph>"), "line 6: a second graph begins (the first one in line 2)"),
    (graphml()[:-20], "not a GraphML file"),
    ("<html><body>404</body></html>", "line 1: the outermost element is <html>, not <graphml>"),
    ("<!DOCTYPE html>\n<html/>", "line 1: this is a file of the type html, not GraphML"),
    ("<graphml/>", "line 1: the file has no element <graph>"),
    ('<?xml version="1.0"?>\n<!DOCTYPE graphml [<!ENTITY a "b">]>\n<graphml/>', "line 2: a document type"),
    ("graph [ node [ id 0 ", "not a GML file"),
    ("{", "not a JSON file"),
    ("17", "line 1: '17' is not an edge"),
    ('{"a": 1}', "no graph that is known here"),
    ('{"nodes": ["a", "b"], "pairs": [["a", "b"]]}', "no graph that is known here"),
    ('{"links": [], "weights": [1]}', "the key weights beside `links` mean nothing here"),
    ('{"links": [[0, 1]], "edges": [[0, 1]]}', "both `links` and `edges`"),
    ('{"links": [[0, 1]], "links": [[0, 2]]}', "the key 'links' stands twice"),
    ('{"nodes": [{"id": 0}], "links": [[0, 1]]}', "edge 1: 0-1 names the node 1, which `nodes` has not"),
    ("[[0, 1, 2, 3]]", "edge 1: [0, 1, 2, 3] is not an edge"),
    ("[[0, 1], [true, 1]]", "edge 2: True is no node"),
    (b"\x1f\x8b\x08", "the file cannot be read: it is packed (gzip)"),
    (b"0 1\0", "holds zero bytes"),
    (b"\xe9 1\n", "cannot be read as text"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED, ids=lambda case: repr(case)[:40])
def test_what_is_no_graph_is_refused_with_its_line(content: str | bytes, message: str) -> None:
    assert message in refusal(content)


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (nx.write_pajek, "Pajek"),
        (nx.write_gexf, "GEXF"),
        (nx.write_graph6, "graph6"),
        (nx.write_sparse6, "sparse6"),
    ],
)
def test_a_known_format_that_is_not_read_is_named_with_a_way_that_works(
    write: Callable[..., None], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weighted = name in {"Pajek", "GEXF"}
    graph = nx.Graph([(0, 1, {"weight": 2.0}), (1, 2, {"weight": 0.5}), (0, 2, {"weight": 1.0})])
    write(graph, "FILE")
    said = refusal(Path("FILE").read_bytes())
    assert f"this is a {name} file, which is not read" in said
    exec(said.partition("Make GraphML of it: ")[2].partition(" with networkx")[0], {"nx": nx})
    found = read(Path("graph.graphml").read_bytes())
    assert found.nodes == 3
    assert found.reference == (3.0 if weighted else 2)


def test_what_is_recognised_is_so_at_once() -> None:
    for piece in ("% a\n\n", "c a\n\n", " \n", "< ", "graph "):
        with pytest.raises(ConfigError):
            read(piece * 900)


def test_a_drawing_and_a_qubo_are_named_too() -> None:
    for text in ("graph {\n a -- b\n}", "strict digraph G {\n a -> b\n}"):
        assert "this is a DOT file" in refusal(text)
    assert "this is a QUBO" in refusal("c made by hand\np qubo 0 2 2 1\n0 0 -1\n1 1 -1\n0 1 2\n")
    assert read("graph b\nb c\n").nodes == 3


def test_an_ending_that_the_content_belies_is_a_damaged_file() -> None:
    assert "not a GraphML file" in refusal("no xml", "g.graphml")
    assert "not a MatrixMarket file" in refusal("3 3 1\n1 2 1\n", "g.mtx")
    assert "not a JSON file" in refusal("0 1\n", "g.json")
    assert read("0 1\n", "g.json", format="edge_list").nodes == 2


def test_the_keys_of_edge_lists_are_refused_elsewhere() -> None:
    assert "problem.header=true is for edge lists, but this file is read as dimacs" in refusal(
        "p edge 2 1\ne 1 2\n", header=True
    )


def test_the_ends_of_a_gset_file_are_one_to_its_number_of_nodes() -> None:
    assert read("3 2\n1 2\n2 3\n", format="gset").nodes == 3
    assert "the nodes of a G-set file are 1 to 3" in refusal("3 2\n0 1 1\n1 2 1\n", format="gset")


def test_every_format_can_be_named() -> None:
    from typing import get_args, get_type_hints

    assert set(get_args(get_type_hints(GraphFile)["format"])) == set(FORMATS)


class TestFiles:
    def test_a_file_is_understood_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("g.txt").write_text("0 1\n")
        before = read_graph.cache_info()
        graphs = [GraphFile(path="g.txt").instance() for _ in range(5)]
        after = read_graph.cache_info()
        assert (after.misses - before.misses, after.hits - before.hits) == (1, 4)
        Path("g.txt").write_text("0 1\n1 2\n")
        assert graphs[0] != GraphFile(path="g.txt").instance()

    def test_what_is_no_regular_file_is_refused_at_once(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), tmp_path / "nowhere", Path("a\0b")):
            with pytest.raises(ConfigError, match=r"^problem\.path=.*: the graph file cannot be read"):
                GraphFile(path=str(path)).instance()

    def test_a_file_beyond_the_limit_is_refused(self, tmp_path: Path) -> None:
        with (tmp_path / "huge").open("wb") as file:
            file.truncate(LARGEST_FILE + 1)
        with pytest.raises(ConfigError, match="is larger than 32 MiB"):
            GraphFile(path=str(tmp_path / "huge")).instance()

    def test_a_file_of_the_gset_is_read_in_seconds(self) -> None:
        graph = nx.gnm_random_graph(800, 19176, seed=1)
        lines = [f"{u + 1} {v + 1} 1" for u, v in graph.edges]
        began = time.monotonic()
        found = read("\n".join(["800 19176", *lines]), best_known=11624.0)
        assert (found.nodes, len(found.edges), found.reference) == (800, 19176, 11624.0)
        assert time.monotonic() - began < 30


LAUGHS = (
    "<!DOCTYPE graphml ["
    + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha"}">' for i in range(20))
    + "]><graphml><graph><node id='&a19;'/></graph></graphml>"
)
SEEDS = [content for content, _ in ONE_READING.values()] + [
    graphml(),
    LAUGHS,
    "[" * 100_000,
    '{"a":' * 50_000,
]


class TestNothingIsATraceback:
    @pytest.mark.parametrize(
        "bomb",
        [
            LAUGHS,
            "[" * 10**6,
            '{"a":' * 10**5,
            "graph [" * 10**4,
            "<a>" * 10**5,
            "0 1 " + "{" * 10**4 + "}",
            "9" * 10**5 + " 1",
            "0 1 " + "{" * 10**6,
            "0 1" + " " * 10**6 + "!",
            "0 1\n" * 10**4,
            "0 1\n" * (MOST_PIECES + 1),
            "[" + "[0,1]," * 10**6 + "[0,1]]",
            "a" * 10**6 + " " + "b" * 10**6,
        ],
    )
    def test_of_a_bomb(self, bomb: str) -> None:
        refusal(bomb)

    @given(st.data())
    def test_of_damaged_files(self, data: st.DataObject) -> None:
        seed = data.draw(st.sampled_from(SEEDS[:-3])).encode()
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(seed))] * 2)))
        content = seed[:start] + data.draw(st.binary(max_size=6)) + seed[end:]
        with np.errstate(all="ignore"), refusing():
            read(content)

    @given(
        st.binary(max_size=40) | st.text("012 \n,;\t{}[]'\":-.enacp%#", max_size=60).map(str.encode),
        st.sampled_from(FORMATS),
    )
    def test_of_anything_else(self, content: bytes, name: str) -> None:
        with refusing():
            read(content, format=name)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "nodes",
                            "links",
                            "edges",
                            "source",
                            "target",
                            "id",
                            "adjacency",
                            "elements",
                            "data",
                            "a",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_of_any_json(self, content: Any) -> None:
        with refusing():
            read(json.dumps(content))


class refusing:  # noqa: N801 - read like pytest's own
    """Either it works or it is a `ConfigError` that begins with a key."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, ConfigError):
            assert str(error).startswith("problem.")
        return isinstance(error, ConfigError)
