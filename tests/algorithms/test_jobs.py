"""Both hybrid jobs end to end, in the environment Braket gives them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from braket.devices import LocalSimulator
from braket.jobs import load_job_result

from algorithms import results
from algorithms.hyperparameters import HyperparameterError

CHECKOUT = Path(__file__).parents[2]
COMMON = {"shots": "100", "seed": "7", "max_iterations": "12"}
VQE = {
    **COMMON,
    "optimizer": "cobyla",
    "optimizer.rhobeg": "0.5",
    "optimizer.tol": "0.0001",
    "hamiltonian": "-1.05237325 II, 0.39793742 IZ, -0.39793742 ZI, -0.0112801 ZZ, 0.1809312 XX",
    "nuclear_repulsion": "0.71996899",
    "reference": "-1.13730604",
    "ansatz": "ry_cnot_ry",
    "initial_point": "random",
}
QAOA = {
    **COMMON,
    "optimizer": "spsa",
    "optimizer.a": "0.2",
    "optimizer.c": "0.1",
    "optimizer.alpha": "0.602",
    "optimizer.gamma": "0.101",
    "optimizer.stability": "0.0",
    "edges": "0-1,1-2,2-3,3-0",
    "nodes": "4",
    "depth": "2",
    "reference": "4.0",
    "initial_point": "random",
}
JOBS = {"vqe": VQE, "qaoa_maxcut": QAOA}


DEVICES = {"vqe": "local:braket/braket_sv", "qaoa_maxcut": "local:braket/default"}
SIMULATOR = "qulacs" if find_spec("qulacs") else "braket_sv"
"""What `local:braket/default` is here."""


def environment(folder: Path, hyperparameters: dict[str, str], job: str) -> dict[str, str]:
    """The AMZN_BRAKET_* variables of a job that works in `folder`."""
    for name in ("results", "checkpoints", "input"):
        (folder / name).mkdir(parents=True)
    (folder / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    return {
        "AMZN_BRAKET_HP_FILE": str(folder / "hyperparameters.json"),
        "AMZN_BRAKET_DEVICE_ARN": DEVICES[job],
        "AMZN_BRAKET_JOB_RESULTS_DIR": str(folder / "results"),
        "AMZN_BRAKET_CHECKPOINT_DIR": str(folder / "checkpoints"),
        "AMZN_BRAKET_INPUT_DIR": str(folder / "input"),
        "AMZN_BRAKET_JOB_NAME": "test",
    }


def run_process(
    folder: Path, job: str, hyperparameters: dict[str, str], before: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"{before}\nfrom algorithms.{job} import main; main()"],
        cwd=CHECKOUT,
        env={**os.environ, **environment(folder, hyperparameters, job), "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )


def run_here(
    folder: Path, job: str, hyperparameters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    for name, value in environment(folder, hyperparameters, job).items():
        monkeypatch.setenv(name, value)
    import_module(f"algorithms.{job}").main()
    return read_result(folder)


def read_result(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = load_job_result(folder / "results" / "results.json")
    return result


@pytest.mark.parametrize("job", JOBS)
def test_a_job_is_the_same_for_the_same_seed(tmp_path: Path, job: str) -> None:
    processes = [run_process(tmp_path / run, job, JOBS[job]) for run in ("one", "two")]
    assert [process.returncode for process in processes] == [0, 0], processes[0].stderr
    for name in ("results.json", "metadata.json", "parameter_trajectory.npy", "objective_trajectory.npy"):
        one, two = ((tmp_path / run / "results" / name).read_bytes() for run in ("one", "two"))
        assert one == two
    assert sorted(p.name for p in (tmp_path / "one" / "results").iterdir()) == [
        "metadata.json",
        "objective_trajectory.npy",
        "parameter_trajectory.npy",
        "results.json",
    ]

    metric = {"vqe": "energy", "qaoa_maxcut": "expected_cut"}[job]
    lines = [line for line in processes[0].stdout.splitlines() if line.startswith("Metrics - ")]
    assert sum(f" {metric}=" in line for line in lines) == 12
    assert lines[0].endswith("iteration_number=0;")


def test_the_vqe_job_reports_its_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_here(tmp_path, "vqe", VQE, monkeypatch)
    assert list(result) == [
        *["objective", "value", "stderr", "reference", "error", "evaluations", "tasks", "shots_total"],
        *["optimizer_best", "parameters", "message", "simulator"],
    ]
    assert result["objective"] == result["value"]
    assert result["error"] == result["value"] + 1.13730604
    assert (result["evaluations"], result["tasks"], result["shots_total"]) == (13, 26, 2600)
    assert result["stderr"] > 0
    assert result["simulator"] == "braket_sv"
    points = np.load(tmp_path / "results" / "parameter_trajectory.npy")
    values = np.load(tmp_path / "results" / "objective_trajectory.npy")
    assert (points.shape, values.shape) == ((12, 4), (12,))
    assert result["optimizer_best"] == values.min()
    metadata = json.loads((tmp_path / "results" / "metadata.json").read_text())
    library = "nlopt" if find_spec("nlopt") else "scipy"
    assert metadata["optimizer_options"] == {"rhobeg": 0.5, "tol": 0.0001, "implementation": library}
    assert metadata["hamiltonian"] == VQE["hamiltonian"]


def test_the_qaoa_job_reports_its_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_here(tmp_path, "qaoa_maxcut", QAOA, monkeypatch)
    assert result["objective"] == -result["value"]
    assert result["ratio"] == result["value"] / 4.0
    assert result["error"] == result["value"] - 4.0
    assert result["optimizer_best"] == -np.load(tmp_path / "results" / "objective_trajectory.npy").min()
    assert result["best_cut"] == 4.0
    assert result["best_bitstring"] in {"0101", "1010"}
    assert (result["evaluations"], result["tasks"], result["shots_total"]) == (13, 13, 1300)
    assert len(result["parameters"]) == 4
    assert result["simulator"] == SIMULATOR


def test_exact_evaluations_reach_chemical_accuracy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = {**VQE, "shots": "0", "max_iterations": "80", "initial_point": "hartree_fock"}
    result = run_here(tmp_path, "vqe", exact, monkeypatch)
    assert abs(result["error"]) < 1.6e-3
    assert (result["stderr"], result["shots_total"]) == (0.0, 0)
    assert result["value"] == pytest.approx(result["optimizer_best"], abs=1e-12)


def test_another_seed_gives_another_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run_here(tmp_path / "one", "vqe", VQE, monkeypatch)
    two = run_here(tmp_path / "two", "vqe", {**VQE, "seed": "8"}, monkeypatch)
    assert one["parameters"] != two["parameters"]
    assert one["value"] != two["value"]


def test_without_qulacs_the_job_runs_on_brakets_simulator_and_says_so(tmp_path: Path) -> None:
    process = run_process(tmp_path, "qaoa_maxcut", QAOA, "import sys; sys.modules['qulacs'] = None")
    assert process.returncode == 0, process.stderr
    assert "qulacs cannot be imported" in process.stdout
    assert "circuits run on Braket's own simulator" in process.stdout
    assert read_result(tmp_path)["simulator"] == "braket_sv"


def test_what_is_unknown_or_undefined_is_null(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one_shot = {**QAOA, "shots": "1", "reference": "null", "max_iterations": "1"}
    result = run_here(tmp_path, "qaoa_maxcut", one_shot, monkeypatch)
    assert result["stderr"] is result["reference"] is result["error"] is result["ratio"] is None
    # One evaluation is not enough for a step of SPSA: the start point is all there is to evaluate.
    assert (result["evaluations"], result["optimizer_best"]) == (1, None)


@pytest.mark.parametrize(
    ("job", "change", "message"),
    [
        ("vqe", {"shoots": "10"}, "Unknown hyperparameters: shoots"),
        ("vqe", {"optimizer.a": "0.2"}, "Unknown hyperparameters: optimizer.a"),
        ("vqe", {"optimizer.tol": None}, '"optimizer.tol" is missing'),
        (
            "vqe",
            {"optimizer": "gradient"},
            '"optimizer" is .*one of adam, cobyla, gradient_descent, grid, l_bfgs_b, ',
        ),
        ("vqe", {"shots": "many"}, '"shots" is .many.: expected an integer'),
        ("vqe", {"shots": "-1"}, '"shots" is .-1.'),
        ("vqe", {"max_iterations": "0"}, '"max_iterations" is .0.'),
        ("vqe", {"hamiltonian": "1 II, XX"}, "hamiltonian: 'XX'"),
        ("vqe", {"ansatz": "uccsd"}, "expected one of hardware_efficient, ry_cnot_ry, ucc"),
        ("qaoa_maxcut", {"nodes": None}, '"nodes" is missing'),
        ("qaoa_maxcut", {"nodes": "3"}, "edges: '2-3' has a node beyond 2"),
        ("qaoa_maxcut", {"depth": "0"}, '"depth" is .0.'),
        ("qaoa_maxcut", {"initial_point": "lucky"}, "expected one of fixed, interp, ramp, random, tutorial"),
        ("qaoa_maxcut", {"ansatz": "ry_cnot_ry"}, "Unknown hyperparameters: ansatz"),
    ],
)
def test_a_mistake_costs_no_circuit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str, change: dict[str, str | None], message: str
) -> None:
    def run_circuit(*args: object, **kwargs: object) -> None:
        raise AssertionError("a circuit ran")

    monkeypatch.setattr(LocalSimulator, "run", run_circuit)
    monkeypatch.setitem(DEVICES, job, "local:braket/braket_sv")
    changed = {**JOBS[job], **change}
    given = {key: text for key, text in changed.items() if text is not None}
    with pytest.raises(HyperparameterError, match=message):
        run_here(tmp_path, job, given, monkeypatch)
    assert not list((tmp_path / "results").iterdir())


def test_a_mistake_fails_the_process(tmp_path: Path) -> None:
    process = run_process(tmp_path, "vqe", {**VQE, "shoots": "10"})
    assert process.returncode != 0
    assert "Unknown hyperparameters: shoots" in process.stderr
    assert "Metrics" not in process.stdout


class TestResultFile:
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AMZN_BRAKET_JOB_RESULTS_DIR", str(tmp_path))

    def test_is_read_by_braket_and_by_strict_parsers(self, tmp_path: Path) -> None:
        results.save_result({"value": np.float64(0.1), "stderr": float("nan"), "list": [float("inf"), 1]})
        assert load_job_result() == {"value": 0.1, "stderr": None, "list": [None, 1]}
        strict = json.loads((tmp_path / "results.json").read_text(), parse_constant=pytest.fail)
        assert strict["dataFormat"] == "plaintext"

    def test_survives_a_result_that_is_not_json(self, tmp_path: Path) -> None:
        results.save_result({"value": 1.0})
        with pytest.raises(TypeError):
            results.save_result({"value": object()})
        assert load_job_result() == {"value": 1.0}
        assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
