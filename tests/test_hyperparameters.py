"""What the sweeper encodes, a job reads back: both sides of the string between them."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import make_dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.graph import parse_graph
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.options import Option
from algorithms.options import read as read_options
from algorithms.pauli import PauliTerm, parse_hamiltonian
from sweeper.contract.hyperparameters import (
    FORBIDDEN_CHARACTERS,
    MAX_PAIRS,
    MAX_VALUE_CHARACTERS,
    as_sdk_strings,
    encode,
    encode_all,
    format_edges,
    format_pauli_terms,
)
from sweeper.errors import ConfigError

ANY_TEXT = st.text(alphabet=st.characters())  # surrogates included
TRICKY_TEXT = st.one_of(
    ANY_TEXT,
    st.text(alphabet='"@$()&`\\\n\r\t ,:-0a{}[]é\ud800\u2028', max_size=12),
    st.sampled_from(["", "null", "true", "1000", "NaN", "@hyperparameters/key", '"quoted"', " padded "]),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TRICKY_TEXT)
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TRICKY_TEXT, inner, max_size=4),
    max_leaves=12,
)
NO_CHANNEL = Path("/nonexistent")


def reader(**strings: str) -> Hyperparameters:
    return Hyperparameters(strings, NO_CHANNEL)


def read_back(value: object, read: Callable[[Hyperparameters], Any], folder: Path | None = None) -> Any:
    """Send one value as `key`, files as an executor places them, and read it on the other side."""
    encoded = encode_all({"key": value})
    if folder is not None:
        for name, text in encoded.files.items():
            (folder / name).write_bytes(text.encode())
    hyperparameters = Hyperparameters(encoded.strings, folder or NO_CHANNEL)
    result = read(hyperparameters)
    hyperparameters.finish()
    return result


def same_bits(a: float, b: float) -> bool:
    """Equal, where -0.0 is not 0.0 and nan is nan."""
    return (math.isnan(a) and math.isnan(b)) or struct.pack("d", a) == struct.pack("d", b)


def same(a: object, b: object) -> bool:
    """Deep equality of values and types, floats by their bits."""
    if isinstance(a, float) and isinstance(b, float):
        return same_bits(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


class TestRoundTrip:
    @given(st.integers())
    def test_integers(self, value: int) -> None:
        assert read_back(value, lambda h: h.integer("key")) == value

    @given(st.floats())
    def test_floats_to_the_bit(self, value: float) -> None:
        assert same_bits(read_back(value, lambda h: h.number("key")), value)

    @given(st.integers(-(2**53), 2**53))
    def test_an_integer_reads_as_a_number(self, value: int) -> None:
        assert read_back(value, lambda h: h.number("key")) == value

    @given(st.booleans())
    def test_flags(self, value: bool) -> None:
        assert read_back(value, lambda h: h.flag("key")) is value

    @given(TRICKY_TEXT)
    def test_texts(self, value: str) -> None:
        assert read_back(value, lambda h: h.text("key")) == value

    @given(st.none() | TRICKY_TEXT)
    def test_optional_texts(self, value: str | None) -> None:
        assert read_back(value, lambda h: None if h.says("key", "null") else h.text("key")) == value

    @given(st.none() | st.floats(allow_nan=False))
    def test_optional_numbers(self, value: float | None) -> None:
        assert read_back(value, lambda h: None if h.says("key", "null") else h.number("key")) == value

    @given(st.lists(st.floats()))
    def test_lists_of_numbers(self, values: list[float]) -> None:
        assert same(read_back(values[:80], lambda h: h.numbers("key")), values[:80])

    @given(st.lists(NESTED, max_size=4) | st.dictionaries(TRICKY_TEXT, NESTED, max_size=4))
    def test_nested_values(self, value: object) -> None:
        text = encode(value)
        assert same(reader(key=text).json("key"), value)

    def test_a_tuple_arrives_as_a_list(self) -> None:
        assert read_back((1, (2.5, None)), lambda h: h.json("key")) == [1, [2.5, None]]

    def test_subclasses_travel_as_what_they_are(self) -> None:
        class Name(str, Enum):  # noqa: UP042 (str() of a StrEnum would not show the difference)
            X = "pauli x"

        class Count(IntEnum):
            THREE = 3

        assert encode(np.float64(0.1)) == "0.1"
        assert encode(Name.X) == "pauli x"
        assert encode(Count.THREE) == "3"


@given(NESTED)
def test_an_encoded_text_is_one_braket_takes(value: object) -> None:
    text = encode(value)
    assert text
    assert not set(text) & set(FORBIDDEN_CHARACTERS)
    assert text.splitlines() == [text]
    text.encode()  # no lone surrogate


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1000, "1000"),
        (0.1, "0.1"),
        (True, "true"),
        (None, "null"),
        ("cobyla", "cobyla"),
        ("1000", "1000"),
        ("null", '"null"'),
        ("", '""'),
        ("@home", '"@home"'),
        ("f(x)", '"f\\u0028x\\u0029"'),
        ([1, 0.5, "a"], '[1, 0.5, "a"]'),
        ({"a": [True, None]}, '{"a": [true, null]}'),
    ],
)
def test_texts_stay_readable(value: object, text: str) -> None:
    assert encode(value) == text


class TestLongValues:
    @given(st.text(alphabet='abc"é\n', min_size=MAX_VALUE_CHARACTERS + 1, max_size=MAX_VALUE_CHARACTERS + 9))
    def test_travel_through_a_file(self, tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
        channel = tmp_path_factory.mktemp("input") / "hyperparameters"
        channel.mkdir()
        assert encode_all({"key": value}).strings == {"key": "@hyperparameters/key"}
        assert read_back(value, lambda h: h.text("key"), channel) == value

    def test_of_every_type(self, tmp_path: Path) -> None:
        values = [0.1 * i for i in range(1000)]
        assert read_back(values, lambda h: h.numbers("key"), tmp_path) == values

    def test_the_limit_itself_still_fits(self) -> None:
        assert not encode_all({"key": "x" * MAX_VALUE_CHARACTERS}).files
        assert encode_all({"key": "x" * (MAX_VALUE_CHARACTERS + 1)}).files

    def test_need_a_key_that_can_name_a_file(self) -> None:
        with pytest.raises(ConfigError, match="'a/b' is 2501 characters long"):
            encode_all({"a/b": "x" * 2501})
        with pytest.raises(ConfigError, match=r"'\.\.'"):
            encode_all({"..": "x" * 2501})
        encode_all({"a/b": "short"})

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        given = Hyperparameters({"key": "@hyperparameters/key"}, tmp_path)
        with pytest.raises(HyperparameterError, match=f'"key".*{tmp_path}/key.*No such file'):
            given.text("key")

    @pytest.mark.parametrize(
        "reference",
        ["@hyperparameters/../secret", "@hyperparameters/..", "@other/key", "@", "@hyperparameters/"],
    )
    def test_a_reference_stays_inside_the_channel(self, tmp_path: Path, reference: str) -> None:
        (tmp_path / "secret").write_text("1")
        channel = tmp_path / "hyperparameters"
        channel.mkdir()
        with pytest.raises(HyperparameterError, match='"key" is '):
            Hyperparameters({"key": reference}, channel).text("key")

    def test_a_link_out_of_the_channel_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("1")
        channel = tmp_path / "hyperparameters"
        channel.mkdir()
        (channel / "key").symlink_to(tmp_path / "secret")
        with pytest.raises(HyperparameterError, match="a file inside"):
            Hyperparameters({"key": "@hyperparameters/key"}, channel).integer("key")


class TestRefusals:
    def test_more_pairs_than_braket_takes(self) -> None:
        encode_all({f"k{i}": i for i in range(MAX_PAIRS)})
        with pytest.raises(ConfigError, match="101 hyperparameters are too many"):
            encode_all({f"k{i}": i for i in range(MAX_PAIRS + 1)})

    @pytest.mark.parametrize("key", ["", "x" * 257, "a\nb", "a\ud800"])
    def test_impossible_keys(self, key: str) -> None:
        with pytest.raises(ConfigError, match="key"):
            encode_all({key: 1})

    @pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", 1j, [{"deep": {3}}]])
    def test_types_without_a_text(self, value: object) -> None:
        with pytest.raises(ConfigError, match=r"'key'.*possible are int"):
            encode_all({"key": value})

    def test_dictionary_keys_that_json_would_turn_into_strings(self) -> None:
        with pytest.raises(ConfigError, match=r"'key'.*dictionary key 1 is not a string"):
            encode_all({"key": {1: "a"}})


class TestSdkStrings:
    def test_are_what_the_sdk_makes(self) -> None:
        values = {"flag": True, "none": None, "shots": 10, "rate": 0.1, "layers": [1, 2]}
        assert as_sdk_strings(values) == {
            "flag": "True",
            "none": "None",
            "shots": "10",
            "rate": "0.1",
            "layers": "[1, 2]",
        }

    @pytest.mark.parametrize(
        ("value", "reason"), [("", "Braket rejects empty"), ("x" * 2501, "2501"), ("a\nb", "newline")]
    )
    def test_are_within_braket_limits(self, value: str, reason: str) -> None:
        with pytest.raises(ConfigError, match=f"'key'.*{reason}"):
            as_sdk_strings({"key": value})

    def test_are_at_most_a_hundred(self) -> None:
        with pytest.raises(ConfigError, match="101"):
            as_sdk_strings({f"k{i}": i for i in range(101)})


def bounded(given: Hyperparameters, kind: type, **bounds: float) -> Any:
    """The key as an option with these bounds."""
    options = make_dataclass("Options", [("key", Annotated[kind, Option("", **bounds)])])  # type: ignore[arg-type]
    return read_options(options, given)


class TestReader:
    @pytest.mark.parametrize(
        ("read", "text", "expected"),
        [
            (lambda h: h.integer("key"), "1.5", "an integer"),
            (lambda h: h.integer("key"), "1_000", "an integer"),
            (lambda h: bounded(h, int, at_least=0), "-1", "an integer of 0 or more"),
            (lambda h: h.number("key"), "abc", "a number"),
            (lambda h: h.number("key"), "1_0.0", "a number"),
            (lambda h: h.number("key"), "null", "a number"),
            (lambda h: bounded(h, float, above=0.0), "0", "greater than 0"),
            (lambda h: bounded(h, float, above=0.0), "nan", "greater than 0"),
            (lambda h: bounded(h, float, at_least=0.0), "inf", "0 or more"),
            (lambda h: h.flag("key"), "True", "true or false"),
            (lambda h: h.text("key"), '"unclosed', "JSON"),
            (lambda h: h.text("key"), "null", "a text"),
            (lambda h: h.choice("key", ("b", "a")), "c", "one of a, b"),
            (lambda h: h.numbers("key"), '[1, "2"]', "a JSON list of numbers"),
            (lambda h: h.numbers("key"), "[true]", "a JSON list of numbers"),
            (lambda h: h.json("key"), "{", "JSON"),
        ],
    )
    def test_names_a_malformed_value(
        self, read: Callable[[Hyperparameters], Any], text: str, expected: str
    ) -> None:
        with pytest.raises(HyperparameterError) as caught:
            read(reader(key=text))
        assert '"key"' in str(caught.value)
        assert repr(text) in str(caught.value)
        assert expected in str(caught.value)

    def test_names_a_missing_key(self) -> None:
        with pytest.raises(HyperparameterError, match=r'"shots" is missing. Given: seed, shoots'):
            reader(seed="1", shoots="10").integer("shots")

    def test_names_keys_that_nobody_read(self) -> None:
        given = reader(shots="10", shoots="10", sead="1")
        given.integer("shots")
        with pytest.raises(HyperparameterError, match=r"Unknown hyperparameters: sead, shoots\. .* shots"):
            given.finish()

    def test_a_prefixed_view_reads_for_the_whole(self) -> None:
        given = Hyperparameters({"optimizer.tol": "0.5", "optimizer.rhobeg": "1"}, NO_CHANNEL)
        options = given.prefixed("optimizer.")
        assert options.number("tol") == 0.5
        with pytest.raises(HyperparameterError, match=r"optimizer\.rhobeg"):
            given.finish()
        with pytest.raises(HyperparameterError, match=r'"optimizer\.a" is missing'):
            options.number("a")

    def test_shortens_a_long_text(self) -> None:
        with pytest.raises(HyperparameterError) as caught:
            reader(key="x" * 2500).integer("key")
        assert len(str(caught.value)) < 300


COEFFICIENTS = st.floats(allow_nan=False, allow_infinity=False)


class TestProblems:
    @given(st.data())
    def test_graphs_round_trip(self, data: st.DataObject) -> None:
        nodes = data.draw(st.integers(2, 8))
        pairs = [(u, v) for u in range(nodes) for v in range(u + 1, nodes)]
        edges = data.draw(st.lists(st.sampled_from(pairs), unique=True))
        weights = data.draw(st.none() | st.lists(COEFFICIENTS, min_size=len(edges), max_size=len(edges)))
        text = read_back(format_edges(edges, weights), lambda h: h.text("key"))
        graph = parse_graph(text, nodes)
        assert (graph.nodes, list(graph.edges)) == (nodes, edges)
        assert same(list(graph.weights), [1.0] * len(edges) if weights is None else weights)

    @given(st.integers(1, 4), st.data())
    def test_hamiltonians_round_trip(self, qubits: int, data: st.DataObject) -> None:
        term = st.tuples(COEFFICIENTS, st.text("IXYZ", min_size=qubits, max_size=qubits))
        terms = data.draw(st.lists(term, min_size=1, max_size=10))
        text = read_back(format_pauli_terms(terms), lambda h: h.text("key"))
        assert parse_hamiltonian(text).terms == tuple(PauliTerm(*term) for term in terms)

    def test_are_written_as_people_write_them(self) -> None:
        assert format_edges([(0, 1), (1, 2)]) == "0-1,1-2"
        assert format_edges([(0, 1), (1, 2)], [0.5, 2]) == "0-1:0.5,1-2:2.0"
        assert format_pauli_terms([(-1.05, "II"), (0.4, "IZ")]) == "-1.05 II, 0.4 IZ"

    def test_weights_must_match_the_edges(self) -> None:
        with pytest.raises(ConfigError, match="2 edges need as many weights, not 1"):
            format_edges([(0, 1), (1, 2)], [0.5])

    @pytest.mark.parametrize(
        ("edges", "piece"),
        [
            ("0-1,x-2", "'x-2'"),
            ("0-1,1-2:", "'1-2:'"),
            ("0-1,1-2:heavy", "'1-2:heavy'"),
            ("0-1,1-2:nan", "'1-2:nan'"),
            ("0-1,,1-2", "''"),
            ("0-1,1-4", "'1-4' has a node beyond 3"),
            ("0-1,2-2", "'2-2' joins a node to itself"),
            ("0-1,1-0", "'1-0' joins two nodes that are joined already"),
        ],
    )
    def test_a_wrong_edge_is_named(self, edges: str, piece: str) -> None:
        with pytest.raises(HyperparameterError, match=piece):
            parse_graph(edges, nodes=4)

    @pytest.mark.parametrize(
        ("text", "piece"),
        [
            ("1.0 II, 0.5", "'0.5'"),
            ("1.0 II, x ZZ", "'x ZZ'"),
            ("1.0 II, inf ZZ", "'inf ZZ'"),
            ("1.0 II, 0.5 ZA", "'0.5 ZA'"),
            ("1.0 II, 0.5 ZZZ", "'ZZZ' acts on 3 qubits"),
            ("", "''"),
        ],
    )
    def test_a_wrong_term_is_named(self, text: str, piece: str) -> None:
        with pytest.raises(HyperparameterError, match=piece):
            parse_hamiltonian(text)
