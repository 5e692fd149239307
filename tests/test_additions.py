"""Each thing that people add is one file, with one YAML where a person writes it; nothing else is touched.

Done in a copy of the tree, from which the generated files are made anew, and used from the command line.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

OPTIMIZER = '''
"""Random search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from algorithms.optimizers._interface import Optimum
from algorithms.options import Option


@dataclass(frozen=True)
class Optimizer:
    """Points drawn at random around the start."""

    radius: Annotated[float, Option("How far from the start", unit="rad", above=0)] = 0.5

    def minimize(self, objective, start, max_evaluations, rng):
        points = start + self.radius * rng.uniform(-1, 1, (max_evaluations, len(start)))
        return Optimum(points[int(np.argmin(objective.batch(points)))], "All points were evaluated.")
'''

ANSATZ = '''
"""A product of single qubits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from braket.circuits import Circuit, FreeParameter

from algorithms.ansatz._interface import parameter_name
from algorithms.options import Option


@dataclass(frozen=True)
class Product:
    qubits: int
    tilt: float

    @property
    def parameters(self):
        return self.qubits

    def circuit(self):
        circuit = Circuit()
        for qubit in range(self.qubits):
            circuit.ry(qubit, FreeParameter(parameter_name(qubit))).rz(qubit, self.tilt)
        return circuit

    def basis_state(self, bits):
        return np.pi * bits


@dataclass(frozen=True)
class Options:
    """RY on every qubit, and a fixed RZ."""

    tilt: Annotated[float, Option("Angle of RZ", unit="rad", at_least=0, at_most=6.3)] = 0.0

    def on(self, hamiltonian):
        return Product(hamiltonian.qubits, self.tilt)
'''

START = '''
"""The same angle everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from algorithms.options import Option


@dataclass(frozen=True)
class Start:
    """One angle for every layer."""

    angle: Annotated[float, Option("Of every layer", unit="rad", above=0)] = 0.3

    def __call__(self, graph, depth, rng):
        return np.full(2 * depth, self.angle)
'''

PROBLEM = '''
"""Stars."""

from dataclasses import dataclass
from typing import ClassVar

from sweeper.problems.graph_families import Family


@dataclass
class Star(Family):
    """A centre with `leaves` around it."""

    name: ClassVar[str] = "star"
    leaves: int = 3

    def __post_init__(self):
        self._require(1 <= self.leaves <= 20, f"problem.leaves={self.leaves}", "a star needs 1 to 20 leaves")

    def networkx_graph(self):
        import networkx as nx

        return nx.star_graph(self.leaves)
'''

PICTURE = '''
"""The values of all jobs."""

import plotly.graph_objects as go

from sweeper.report.pictures import Picture

PLACE = 80


def draw(part):
    """One histogram."""
    figure = go.Figure(go.Histogram(x=list(range(len(part.rows)))))
    return Picture("added", "A picture that was added", "All jobs.", {"": figure})
'''

EXPORT = '''
"""One line of JSON for each job."""

from pathlib import Path

DESTINATION = "{folder}"


def export(sweep, destination):
    """Write it."""
    path = Path(destination) / "jobs.jsonl"
    path.write_text(sweep.results.to_json(orient="records", lines=True))
    return f"Written: {path}"
'''

OPTION = "defaults:\n  - /schema_{schema}@_here_\n  - _self_\n"

ADDED = {
    "algorithms/optimizers/random_search.py": OPTIMIZER,
    "conf/optimizer/random_search.yaml": OPTION.format(schema="optimizer_random_search"),
    "algorithms/ansatz/product.py": ANSATZ,
    "algorithms/start_points/equal.py": START,
    "sweeper/problems/star.py": PROBLEM,
    "conf/problem/star.yaml": OPTION.format(schema="problem_star"),
    "conf/device/my_simulator.yaml": OPTION.format(schema="device") + "arn: local:braket/braket_sv\n",
    "sweeper/report/pictures/added.py": PICTURE,
    "sweeper/export/jsonl.py": EXPORT,
}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a module in the copy of the tree."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("algorithms", "conf", "sweeper", "scripts"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "algorithms.md", tree / "docs")
    for name, text in ADDED.items():
        assert not (tree / name).exists()
        (tree / name).write_text(text)

    def in_tree(module: str, *words: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=tree,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        done.stdout += done.stderr
        assert done.returncode == expect or (expect is None and done.returncode), done.stdout
        return done

    in_tree("algorithms.describe")
    in_tree("scripts.option_documents")
    return in_tree


def test_what_was_added_runs_and_is_drawn_and_exported(run: Run) -> None:
    few = ("max_iterations=4", "shots=20", "device=my_simulator", "optimizer=random_search")
    run(
        *("sweeper", "-m", *few, "optimizer.radius=0.5,1", "algorithm.ansatz=product", "algorithm.tilt=0.1"),
        "hydra.sweep.dir=vqe",
    )
    said = run("sweeper", "export", "vqe", "--to", "jsonl").stdout
    written = Path(said.partition("Written: ")[2].strip())
    assert [line.count('"COMPLETED"') for line in written.read_text().splitlines()] == [1, 1]
    assert "A picture that was added" in (written.parent / "report.html").read_text()
    run(
        *("sweeper", *few, "algorithm=qaoa_maxcut", "problem=star", "problem.leaves=4"),
        *("algorithm.initial_point=equal", "algorithm.angle=0.2", "hydra.sweep.dir=qaoa"),
    )
    assert "COMPLETED" in run("sweeper", "status", "qaoa").stdout.upper()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["optimizer=random_search", "optimizer.radius=0"], "optimizer.radius must be greater than 0"),
        (["algorithm.ansatz=product", "algorithm.tilt=7"], "algorithm.tilt must be 0 to 6.3"),
        (["algorithm=qaoa_maxcut", "algorithm.angle=0"], "algorithm.angle must be greater than 0"),
        (["algorithm=qaoa_maxcut", "problem=star", "problem.leaves=0"], "a star needs 1 to 20 leaves"),
        (["optimizer=random_search", "optimizer.radus=1"], "optimizer.radius"),
        (["algorithm.ansatz=produkt"], "product"),
    ],
)
def test_what_was_added_has_bounds_and_names_that_are_known(run: Run, words: list[str], message: str) -> None:
    assert message in " ".join(run("sweeper", *words, expect=None).stdout.split())


def test_what_was_added_is_planned_and_shown(run: Run) -> None:
    words = ("optimizer=random_search", "algorithm.ansatz=product", "device=my_simulator")
    planned = run("sweeper", "plan", *words, "hydra.sweep.dir=planned").stdout
    assert "1 job" in planned
    shown = run("sweeper", "--help").stdout
    assert all(name in shown for name in ("random_search", "star", "my_simulator"))
    assert "jsonl" in run("sweeper", "help", "export").stdout
    assert "radius: 0.5" in run("sweeper", *words, "--cfg", "job").stdout
