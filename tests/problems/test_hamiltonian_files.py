"""Hamiltonian files: each format's own order of qubits, and what is refused with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from braket.circuits import Circuit, Observable
from braket.devices import LocalSimulator
from hypothesis import given
from hypothesis import strategies as st

from algorithms.pauli import parse_hamiltonian
from sweeper.errors import ConfigError
from sweeper.problems import Hamiltonian
from sweeper.problems.given_file import MOST_PIECES
from sweeper.problems.hamiltonian_formats import read_hamiltonian
from sweeper.problems.pauli import Pauli

Terms = tuple[tuple[float, str], ...]
"""(coefficient, string), the leftmost letter on qubit 0."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hamiltonians")


@pytest.fixture
def read(folder: Path) -> Callable[..., Hamiltonian]:
    def reading(content: str | bytes, **keys: Any) -> Hamiltonian:
        return of(folder, content, **keys)

    return reading


def of(folder: Path, content: str | bytes, **keys: Any) -> Hamiltonian:
    (folder / "h").write_bytes(content.encode() if isinstance(content, str) else content)
    made = Pauli(path=str(folder / "h"), **keys).instance()
    assert isinstance(made, Hamiltonian)
    return made


# ---- The same asymmetric operator, Z0 + 0.25 Z1 - 0.5 X0 Y2 + 2, as each writes it. ----

OPERATOR = {"ZII": 1.0, "IZI": 0.25, "XIY": -0.5, "III": 2.0}
WRITTEN = {
    "ours": "- {coefficient: 1, string: ZII}\n- {coefficient: .25, string: IZI}\n"
    "- {coefficient: -5e-1, string: XIY}\n- {coefficient: 2, string: III}",
    "ours with terms": "# H\nterms:\n- {string: ZII, coefficient: 1.0}\n- {string: IZI, coefficient: 0.25}\n"
    "- {string: XIY, coefficient: '-0.5'}\n- {string: III, coefficient: 2}",
    "labels": "ZII: 1\nIZI: 2.5e-1\nXIY: -0.5\nIII: 2",
    "labels as JSON": '{"ZII": 1, "IZI": 0.25, "XIY": -0.5, "III": 2}',
    "JSON with tabs": '{\n\t"terms": [\n\t\t[1, "ZII"], [0.25, "IZI"], [-0.5, "XIY"], [2, "III"]\n\t]\n}',
    "numbered qubits": 'Z0: 1\nZ1: 0.25\nX0 Y2: -0.5\n"": 2',
    "numbered qubits in a list": "- [1, Z0]\n- [0.25, Z1]\n- [-0.5, X0*Y2]\n- [2, I]",
    "lines": "# coefficient, string\n1.0 ZII\n+ 0.25 * IZI\n- 0.5 XIY\n2 III\n",
    "a hyperparameter": "1.0 ZII, 0.25 IZI, -0.5 XIY, 2.0 III",
    "a sum": "1.0*ZII + 0.25 IZI - .5 XIY + 2 III",
    "lines with numbered qubits": "1 Z0\n0.25 Z1\n-0.5 X0 Y2\n2 I\n",
    "strings first": "ZII 1.0\nIZI 0.25\nXIY -0.5\nIII 2.0\n",
    # Qiskit 2.6.2: to_list as JSON, with complex coefficients as pairs or texts, and what it prints.
    "Qiskit's to_list": '[["IIZ", 1.0], ["IZI", 0.25], ["YIX", -0.5], ["III", 2.0]]',
    "Qiskit's to_list, pairs": '[["IIZ", [1, 0]], ["IZI", [0.25, 0]], ["YIX", [-0.5, 0]], ["III", [2, 0]]]',
    "Qiskit's to_list, texts": '[["IIZ", "(1+0j)"], ["IZI", "0.25"], ["YIX", "(-0.5+0j)"], ["III", "2"]]',
    "Qiskit's to_list, printed": "[('IIZ', (1+0j)), "
    "('IZI', (0.25+0j)), ('YIX', (-0.5+0j)), ('III', (2+0j))]\n",
    "Qiskit's to_sparse_list": "[('Z', [0], np.complex128(1+0j)), ('Z', [1], np.complex128(0.25+0j)), "
    "('XY', [0, 2], np.complex128(-0.5+0j)), ('', [], np.complex128(2+0j))]",
    "Qiskit's SparsePauliOp": "SparsePauliOp(['IIZ', 'IZI', 'YIX', 'III'],\n"
    "              coeffs=[ 1.  +0.j,  0.25+0.j, -0.5 +0.j,\n  2.  +0.j])\n",
    "Qiskit Aqua's dictionary": json.dumps(
        {
            "paulis": [
                {"label": label, "coeff": {"real": number, "imag": 0.0}}
                for label, number in (("IIZ", 1.0), ("IZI", 0.25), ("YIX", -0.5), ("III", 2.0))
            ]
        }
    ),
    # OpenFermion 1.7: str, and save_operator(plain_text=True).
    "OpenFermion's str": "2.0 [] +\n(-0.5+0j) [X0 Y2] +\n(1+0j) [Z0] +\n0.25 [Z1]",
    "OpenFermion's file": "QubitOperator:\n2.0 [] +\n-0.5 [X0 Y2] +\n1.0 [Z0] +\n0.25 [Z1]\n",
    # PennyLane 0.45.1: str and repr of a Hamiltonian, str of its Pauli representation; 0.35: str.
    "PennyLane's str": "1.0 * Z(0) + 0.25 * Z(1) + -0.5 * (X(0) @ Y(2)) + 2.0 * I([0, 1, 2])",
    "PennyLane's str of a sum": "Z(0) + 0.25 * Z(1) - 0.5 * (X(0) @ Y(2)) + 2 * I()",
    "PennyLane's complex str": "(1+0j) * Z(0) + (0.25+0j) * Z(1) + (-0.5-0j) * (X(0) @ Y(2)) + (2+0j) * I(0)",
    "PennyLane's repr": "(\n    1.0 * Z(0)\n  + 0.25 * Z(1)\n  + -5e-1 * (X(0) @ Y(2))\n  + 2 * I(0)\n)",
    "PennyLane's Pauli sentence": "1.0 * Z(0)\n+ 0.25 * Z(1)\n+ -0.5 * X(0) @ Y(2)\n+ 2.0 * I",
    "PennyLane's old names": "1.0 * PauliZ(wires=[0]) + 0.25 * PauliZ(1) "
    "+ -0.5 * (PauliX(0) @ PauliY(wires=2)) + 2.0 * Identity(wires=[0])",
    "PennyLane's old str": "  (-0.5) [X0 Y2]\n+ (0.25) [Z1]\n+ (1.0) [Z0]\n+ (2.0) [I0]",
}


def energy_of_one_on_qubit_0(hamiltonian: Hamiltonian) -> float:
    """What the job's own reader makes of it, measured on |100⟩ by Braket's simulator."""
    terms = parse_hamiltonian(str(hamiltonian.hyperparameters()["hamiltonian"])).terms
    energy = 0.0
    for term in terms:
        if not term.support:
            energy += term.coefficient
            continue
        circuit = Circuit().x(0).i(range(len(hamiltonian.terms[0][1])))
        observable = getattr(Observable, term.paulis[term.support[0]])()
        for qubit in term.support[1:]:
            observable = observable @ getattr(Observable, term.paulis[qubit])()
        circuit.expectation(observable, term.support)
        energy += term.coefficient * LocalSimulator().run(circuit, shots=0).result().values[0]
    return energy


class TestEachFormat:
    @pytest.mark.parametrize("name", WRITTEN)
    def test_keeps_its_own_order_of_qubits(self, name: str, read: Callable[..., Hamiltonian]) -> None:
        found = read(WRITTEN[name])
        assert {string: coefficient for coefficient, string in found.terms} == OPERATOR

    @pytest.mark.parametrize("name", ["ours", "Qiskit's to_list", "OpenFermion's str", "PennyLane's str"])
    def test_acts_in_a_circuit_where_it_should(self, name: str, read: Callable[..., Hamiltonian]) -> None:
        """<100| Z0 + Z1/4 - X0 Y2 / 2 + 2 |100> = -1 + 1/4 + 2; the other way round it would be 3.25."""
        assert energy_of_one_on_qubit_0(read(WRITTEN[name])) == pytest.approx(1.25, abs=1e-12)

    def test_is_read_in_the_other_order_on_demand(self, read: Callable[..., Hamiltonian]) -> None:
        qiskit, ours = WRITTEN["Qiskit's to_list"], WRITTEN["ours"]
        assert read(qiskit, qubit_order="little") == read(qiskit)
        assert read(qiskit, qubit_order="big").terms[0] == (1.0, "IIZ")
        assert read(ours, qubit_order="little").terms[0] == (1.0, "IIZ")
        with pytest.raises(
            ConfigError, match=r"problem\.qubit_order=big is not possible: .* number their qubits"
        ):
            read(WRITTEN["OpenFermion's str"], qubit_order="big")

    @pytest.mark.parametrize("term", ["0.5 {}", "{} 0.5", "0.5 * {}"])
    @pytest.mark.parametrize(
        "operators", [("ZZI", "XII"), ("Z0 Z1", "X0"), ("Z(0)", "X(1)"), ("[Z0]", "[X1]")]
    )
    def test_a_dash_before_every_line_is_no_silent_minus(
        self, term: str, operators: tuple[str, str], read: Callable[..., Hamiltonian]
    ) -> None:
        try:
            terms = read("\n".join(term.format(each) for each in operators)).terms
        except ConfigError:
            terms = ()  # Some formats have the number in front alone, or are no sum without a plus.
        for lines in (operators, operators[:1]):
            with pytest.raises(ConfigError):
                read("\n".join(f"- {term.format(each)}" for each in lines))
        if terms:
            with pytest.raises(ConfigError, match=r"line 1: '- .*' has two readings"):
                read("\n".join(f"- {term.format(each)}" for each in operators))

    def test_a_dash_among_other_signs_is_a_minus(self, read: Callable[..., Hamiltonian]) -> None:
        for text in ("- 0.5 ZZ\n+ 0.25 XI", "- 0.5 ZZ + 0.25 XI", "0.25 XI\n- 0.5 ZZ"):
            assert {string: number for number, string in read(text).terms} == {"ZZ": -0.5, "XI": 0.25}

    def test_is_understood_once(self, read: Callable[..., Hamiltonian]) -> None:
        before = read_hamiltonian.cache_info()
        for _ in range(4):
            read("ZXZXZ: 0.123")
        after = read_hamiltonian.cache_info()
        assert (after.misses - before.misses, after.hits - before.hits) == (1, 3)


numbers = st.floats(-9, 9) | st.sampled_from([1e-3, -1e-12, 1e5, 3.0])


def dense(draw: st.DrawFn) -> Terms:
    qubits = draw(st.integers(1, 4))
    strings = draw(
        st.lists(st.text("IXYZ", min_size=qubits, max_size=qubits), min_size=1, unique=True, max_size=6)
    )
    return tuple((draw(numbers), string) for string in strings)


hamiltonians = st.composite(dense)()


def numbered(string: str) -> list[tuple[int, str]]:
    return [(qubit, letter) for qubit, letter in enumerate(string) if letter != "I"]


def openfermion(terms: Terms, *, as_complex: bool = False) -> str:
    return " +\n".join(
        f"{complex(number) if as_complex else number} [{' '.join(f'{p}{q}' for q, p in numbered(string))}]"
        for number, string in terms
    )


def pennylane(terms: Terms) -> str:
    def word(string: str) -> str:
        letters = [f"{letter}({qubit})" for qubit, letter in numbered(string)]
        return "I()" if not letters else letters[0] if len(letters) == 1 else f"({' @ '.join(letters)})"

    return " + ".join(f"{number} * {word(string)}" for number, string in terms)


WRITERS: dict[str, Callable[[Terms], str]] = {
    "YAML": lambda terms: yaml.safe_dump([{"coefficient": c, "string": s} for c, s in terms]),
    "YAML labels": lambda terms: yaml.safe_dump({s: c for c, s in terms}, sort_keys=False),
    "JSON": lambda terms: json.dumps({"terms": [{"coefficient": c, "string": s} for c, s in terms]}),
    "Qiskit's JSON": lambda terms: json.dumps([[s[::-1], c] for c, s in terms]),
    "Qiskit's list": lambda terms: str([(s[::-1], complex(c)) for c, s in terms]),
    "OpenFermion": openfermion,
    "OpenFermion, complex": lambda terms: openfermion(terms, as_complex=True),
    "PennyLane": pennylane,
    "lines": lambda terms: "\n".join(f"{c} {s}" for c, s in terms),
}


class TestWhatIsWritten:
    @pytest.mark.parametrize("writer", WRITERS)
    @given(hamiltonians)
    def test_is_read_bit_for_bit(self, folder: Path, writer: str, terms: Terms) -> None:
        used = 1 + max((qubit for _, string in terms for qubit, _ in numbered(string)), default=-1)
        if writer.startswith(("OpenFermion", "PennyLane")):
            # They have no qubits but those that a term acts on.
            terms = tuple((coefficient, string[:used]) for coefficient, string in terms)
        if not terms[0][1]:
            with pytest.raises(ConfigError, match="acts on no qubit"):
                of(folder, WRITERS[writer](terms))
        else:
            assert of(folder, WRITERS[writer](terms)).terms == terms


class TestWhatStandsBeside:
    def test_a_constant_and_a_reference_are_used(self, read: Callable[..., Hamiltonian]) -> None:
        text = "constant: 7e-1\nterms:\n- {coefficient: -1.0, string: ZZ}\n- {coefficient: -0.5, string: XI}"
        found = read(text)
        assert found.nuclear_repulsion == 0.7
        assert found.reference == pytest.approx(0.7 - 1.25**0.5)
        assert read("ZZ: -1\nXI: -0.5\nconstant: 0.7") == found
        large = json.dumps({"terms": [["Z" * 15, 1.0]], "reference": -1.0, "constant": None})
        assert read(large).reference == -1.0

    def test_what_is_given_twice_is_refused(self, read: Callable[..., Hamiltonian]) -> None:
        with pytest.raises(
            ConfigError, match=r"problem\.constant=0\.5 is given, and .* says constant: 0\.7 too"
        ):
            read("ZZ: 1\nconstant: 0.7", constant=0.5)
        with pytest.raises(ConfigError, match="not the exact ground-state energy"):
            read("ZZ: 1\nreference: -3")

    def test_equal_strings_are_added_up(self, read: Callable[..., Hamiltonian]) -> None:
        assert read("- [0.5, ZZ]\n- [1, XI]\n- [0.25, ZZ]").terms == ((0.75, "ZZ"), (1.0, "XI"))
        assert read("0.5 [Z0 Z1] + 0.25 [Z1 Z0]").terms == ((0.75, "ZZ"),)

    def test_an_imaginary_part_of_rounding_is_none(self, read: Callable[..., Hamiltonian]) -> None:
        assert read("(0.39+1e-17j) [Z0]").terms == ((0.39, "Z"),)

    def test_the_reference_is_exact_up_to_fourteen_qubits(self, read: Callable[..., Hamiltonian]) -> None:
        assert read(f"{'Z' * 14}: 1").reference == pytest.approx(-1.0)
        assert read(f"{'Z' * 15}: 1").reference is None


REFUSED = [
    ("", "expected a list of {coefficient: …, string: …}"),
    ("# nothing\n", "expected a list"),
    ("[]", "expected a list"),
    ("{}", "has no terms"),
    ("42", "expected a list"),
    ("terms:\n", "expected a list"),
    ("shift: 1\nterms:\n- [1, Z]\n", "line 1: the key 'shift' means nothing here: .* constant and reference"),
    ("ZZ: 1\nshift: 2\n", "line 2: 'shift' is not a Pauli string"),
    ("ZZ: 1\nterms: [[1, ZZ]]\n", "under `terms` and beside it"),
    ("ZZ: 1\nXI: 2\nZZ: 3\n", "line 3: the key 'ZZ' stands twice"),
    ('{"ZZ": 1,\t"ZZ": 2}', "the key 'ZZ' stands twice"),
    ("- {coefficient: one, string: Z}", "line 1: the coefficient one of 'Z' is no finite number"),
    ("- {coefficient: 1.0, strings: Z}", "line 1: {coefficient: 1.0, strings: Z} is not a term such as"),
    ("- {coefficient: 1.0, string: Z, note: x}", "line 1: .* is not a term such as"),
    ("- [1, ZZ]\n\n- [2, Z]\n", "line 3: 'Z' acts on 1 qubits, but 'ZZ' on 2"),
    ("ZZ: 1\nzz: 2\n", "line 2: 'zz' is not a Pauli string: .*in capital letters"),
    ("ZZ: .nan", "line 1: the coefficient .nan of 'ZZ' is no finite number"),
    ("ZZ: 1e999", "no finite number"),
    ("ZZ: -.inf", "no finite number"),
    ("ZZ: true", "no finite number"),
    ("ZZ: 1_000", "no finite number"),
    ("ZZ: [1, 2]", "line 1: the coefficient .*2j.* of 'ZZ' has an imaginary part"),
    ('[["ZZ", "1+0.5j"]]', r"line 1: the coefficient \(1\+0\.5j\) of 'ZZ' has an imaginary part"),
    ("- [1, ZZ]\n- [ZZ, 1]", "line 2: .* written in another way than the terms before"),
    ("Z0: 1\nZZ: 1", "line 2: 'ZZ' has a letter for each qubit, but other terms number"),
    ("Z0 X0: 1", "line 1: 'Z0 X0' acts twice on qubit 0"),
    ("Z999999999: 1", "acts on 1000000000 qubits; 1000 are the most"),
    ("Z" * 1001 + ": 1", "acts on 1001 qubits"),
    ('"": 1', "acts on no qubit"),
    ("a: &a [1, Z]\nb: *a", "line 2: aliases"),
    ("ZZ: 1\n XI: 2", "cannot be read .*line 2"),
    ("{", "cannot be read"),
    ("--- {ZZ: 1}\n--- {ZZ: 2}", "cannot be read"),
    ("1.0 [Z0] +\n0.5 [Z0 +\n", "line 2: .* is not a term such as"),
    ("1.0 [Z0]\n0.5 [Z1]", "line 2: .* with \\+ before the next one"),
    ("1.0 [Z0] +\n", "is not a term such as"),
    ("1.0 [0^ 1]", "line 1: an operator of fermions"),
    ("FermionOperator:\n1.0 [0^ 1]", "line 1: an operator of fermions"),
    ("1.0 [Q0]", r"line 1: '\[Q0\]' are no operators"),
    ("0.5j [Z0]", "line 1: the coefficient 0.5j of 'Z0' has an imaginary part"),
    ("0.5 * Z(0) +\n0.5 * Z('a')", "line 2: .* a wire is a number"),
    ("0.5 * (Z(0) + X(1))", r"line 1: .* simplify\(\)"),
    ("0.5 * Z(0) + H(1)", "line 1: 'H.*H is no Pauli operator"),
    ("0.5 * Z(0) @ X(0)", "line 1: .* acts twice on qubit 0"),
    ("0.5 * Z(0) + ", "line 1: '' is not a term"),
    ("0.5 * Z(0) + __import__('os').getcwd()", "no product of a number and Pauli operators"),
    ("0.5j * Z(0)", "has an imaginary part"),
    ("SparsePauliOp(['ZZ', 'XX'],\n coeffs=[1.+0.j, ..., 2.+0.j])", "not complete"),
    ("SparsePauliOp(['ZZ', 'XX'],\n coeffs=[1.+0.j])", "2 labels have 1 coefficients"),
    ("[('ZZ', f(1))]", "no finite number"),
    ("[('ZZ', 1", "cannot be read as a list"),
    ("1.0 ZZ\nXX\n", "line 2: 'XX' is not a term"),
    ("[[ZZ, [0], 1]]", "line 1: .* not one number of a qubit for each letter"),
    (b"\xff\xfe\x00", "the Hamiltonian cannot be read as text"),
]


class TestNothingIsATraceback:
    @pytest.mark.parametrize(("content", "message"), REFUSED, ids=lambda case: repr(case)[:40])
    def test_of_what_is_no_hamiltonian(
        self, content: str | bytes, message: str, read: Callable[..., Hamiltonian]
    ) -> None:
        with pytest.raises(ConfigError, match=message) as refused:
            read(content)
        assert str(refused.value).startswith("problem.")

    @pytest.mark.parametrize(
        "bomb",
        [
            "[" * 10**5,
            "- " * 10**4,
            '{"a":' * 10**4 + "\t",
            "[(" * 10**4,
            "(" * 10**5 + "Z(0)",
            "-" * 10**5 + "Z(0)",
            "a: &a [x, x]\n"
            + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)),
            "&a [*a]",
            "9" * 10**5 + " ZZ",
            "1 [" + "Z0 " * 10**5,
            "1 [Z0] +" * 10**4,
            "1" + " " * 10**6 + "[Z0",
            "1 X" + " " * 10**6 + "!",
            "X0" + " " * 10**6 + "!: 1",
            "(" * 10**6 + " ZZ",
            "1 * Z(0) + " * 10**4,
            "- [1, Z]\n" * MOST_PIECES,
            '{"a": [' + '{"ZZ": 1},' * 10**4 + "\t1]}",
        ],
        ids=lambda bomb: bomb[:8],
    )
    def test_of_a_bomb(self, bomb: str, read: Callable[..., Hamiltonian]) -> None:
        with pytest.raises(ConfigError, match=r"^problem\.path="):
            read(bomb)

    def test_of_a_path_that_leads_nowhere(self) -> None:
        with pytest.raises(ConfigError, match="the Hamiltonian cannot be read"):
            Pauli(path="nowhere.yaml").instance()

    @given(st.data())
    def test_of_damaged_files(self, folder: Path, data: st.DataObject) -> None:
        seed = data.draw(st.sampled_from(list(WRITTEN.values()))).encode()
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(seed))] * 2)))
        works_or_is_refused(folder, seed[:start] + data.draw(st.binary(max_size=6)) + seed[end:])

    @given(st.binary(max_size=40) | st.text("0.1e-+j*@()[]{},:'\" \nIXYZ", max_size=40).map(str.encode))
    def test_of_anything_else(self, folder: Path, content: bytes) -> None:
        works_or_is_refused(folder, content)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text("IXYZ0 ", max_size=3),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["terms", "constant", "reference", "coefficient", "string", "ZZ", "Z0"]),
                    inner,
                )
            ),
            max_leaves=12,
        )
    )
    def test_of_any_yaml_or_json(self, folder: Path, content: Any) -> None:
        works_or_is_refused(folder, json.dumps(content).encode())
        works_or_is_refused(folder, yaml.safe_dump(content).encode())


def works_or_is_refused(folder: Path, content: bytes) -> None:
    try:
        of(folder, content)
    except ConfigError as error:
        assert str(error).startswith("problem.")  # noqa: PT017 - both are right
