"""What a config of our algorithms may say: refused before a job starts, or carried to the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sweeper.config.algorithm import QaoaMaxcut, Vqe
from sweeper.config.device import Device, Noise
from sweeper.config.execution import ShotsSchedule, Stop, Tasks, Warmup
from sweeper.config.instance import Instance
from sweeper.config.optimizer import OPTIMIZERS
from sweeper.config.root import SweepConfig
from sweeper.errors import ConfigError
from sweeper.problems import PROBLEMS

from .asked import workload
from .conftest import Command

LOCAL = "local:braket/default"
QPU = "arn:aws:braket:::device/qpu/fake"
H2, RING, REGULAR = PROBLEMS["h2"], PROBLEMS["ring"], PROBLEMS["regular"]


def config(**changes: Any) -> SweepConfig:
    instance = Instance(
        type="ml.m5.large", vcpus=2, memory_gib=8.0, usd_per_hour=0.1, as_of="2026-11-21", source="test"
    )
    chosen: dict[str, Any] = {
        "algorithm": Vqe(),
        "problem": H2(),
        "device": Device(LOCAL, exact=True),
        "optimizer": OPTIMIZERS["cobyla"](),
        "instance": instance,
    }
    return SweepConfig(**{**chosen, **changes})


def asked(made: SweepConfig) -> None:
    """Let the job's world look at it."""
    workload(made)


def qaoa(problem: Any = None, **changes: Any) -> SweepConfig:
    return config(**{"algorithm": QaoaMaxcut(), "problem": problem or RING(), **changes})


def sent(made: SweepConfig) -> dict[str, str]:
    return dict(made.algorithm.encode(made).strings)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no layers": (lambda: Vqe(layers=0), "algorithm.layers must be 1 or more"),
    "p=0": (lambda: QaoaMaxcut(depth=0), "algorithm.depth must be 1 or more"),
    "alpha": (lambda: QaoaMaxcut(cvar_alpha=1.5), "algorithm.cvar_alpha must be above 0, 1 at most"),
    "eta": (lambda: QaoaMaxcut(gibbs_eta=0.0), "algorithm.gibbs_eta must be greater than 0"),
    "patience": (lambda: Stop(patience=0), "stop.patience must be 1 or more"),
    "tolerance": (lambda: Stop(tolerance=-1.0), "stop.tolerance must be 0 or more"),
    "first shots": (lambda: ShotsSchedule(first=0), "shots_schedule.first must be 1 or more"),
    "attempts": (lambda: Tasks(attempts=0), "tasks.attempts must be 1 to 20"),
    "fallback": (lambda: Tasks(fallback_device="sv1"), "tasks.fallback_device must be a device ARN"),
    "warm-up": (lambda: Warmup(device="sv1"), "warmup.device must be a device ARN"),
    "noise": (lambda: Noise(readout=0.6), "device.noise.readout must be 0 to 0.5"),
    "noise elsewhere": (
        lambda: Device(LOCAL, noise=Noise(readout=0.1)),
        "device.noise is not possible on local:braket/default",
    ),
    "beta": (lambda: OPTIMIZERS["adam"](beta1=1.0), "optimizer.beta1 must be 0 or more, below 1"),
    "step": (lambda: OPTIMIZERS["slsqp"](step=0.0), "optimizer.step must be greater than 0"),
    "points": (lambda: OPTIMIZERS["grid"](points=1), "optimizer.points must be 2 or more"),
    "grid too large": (
        lambda: asked(config(optimizer=OPTIMIZERS["grid"](points=8), max_iterations=100)),
        r"8\^4 points are more than max_iterations=100",
    ),
    "no whole gradient": (
        lambda: asked(config(optimizer=OPTIMIZERS["adam"](), max_iterations=7)),
        "max_iterations must be 8 or more, which one gradient takes",
    ),
    "no whole gradient of a graph": (
        lambda: asked(
            qaoa(algorithm=QaoaMaxcut(depth=2), optimizer=OPTIMIZERS["slsqp"](), max_iterations=20)
        ),
        "max_iterations must be 28 or more",
    ),
    "grid of an uneven graph": (
        lambda: asked(qaoa(RING(weights="uniform"), optimizer=OPTIMIZERS["grid"](points=2))),
        "needs optimizer.span",
    ),
    "shift of cvar": (
        lambda: asked(qaoa(algorithm=QaoaMaxcut(aggregation="cvar"), optimizer=OPTIMIZERS["l_bfgs_b"]())),
        "parameter_shift is not exact: algorithm.aggregation=cvar",
    ),
    "shift of an uneven graph": (
        lambda: asked(qaoa(RING(weights="uniform"), optimizer=OPTIMIZERS["gradient_descent"]())),
        "edges of different weights share an angle",
    ),
    "fixed": (
        lambda: asked(qaoa(RING(), algorithm=QaoaMaxcut(initial_point="fixed", depth=2))),
        "algorithm.initial_point=fixed has angles for unweighted regular graphs",
    ),
    "interp": (
        lambda: asked(qaoa(algorithm=QaoaMaxcut(initial_point="interp", depth=3), max_iterations=2)),
        "algorithm.initial_point=interp needs",
    ),
    "schedule of nothing": (
        lambda: config(shots=0, shots_schedule=ShotsSchedule("linear")),
        "shots must be 1 or more if shots_schedule.kind is not constant",
    ),
    "schedule beyond the device": (
        lambda: config(
            device=Device(QPU, max_shots=1000), shots=100, shots_schedule=ShotsSchedule("linear", 5000)
        ),
        "shots must be 1 to 1000",
    ),
    "qubits": (
        lambda: asked(qaoa(RING(n=30), device=Device(LOCAL, exact=True, qubits=26))),
        "needs 30 qubits, but local:braket/default has 26",
    ),
    "local batch": (lambda: config(tasks=Tasks("batch")), "tasks.execution=batch is for devices on AWS"),
    "exact set": (lambda: config(tasks=Tasks("program_set"), shots=0), "a program set cannot be exact"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused(name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(ConfigError, match=message):
        make()


class TestWhatTravels:
    def test_is_little_while_features_are_off(self) -> None:
        assert set(sent(config())) == {
            *("shots", "seed", "max_iterations", "optimizer"),
            *("optimizer.rhobeg", "optimizer.tol", "optimizer.implementation"),
            *("ansatz", "initial_point", "grouping", "allocation"),
            *("hamiltonian", "nuclear_repulsion", "reference"),
        }

    @pytest.mark.parametrize(
        ("change", "keys"),
        [
            ({"stop": Stop(patience=5)}, {"stop.patience", "stop.tolerance"}),
            (
                {"shots_schedule": ShotsSchedule("linear")},
                {"shots_schedule.kind", "shots_schedule.first"},
            ),
            ({"warmup": Warmup(iterations=5)}, {"warmup.iterations", "warmup.device", "warmup.shots"}),
            ({"tasks": Tasks("program_set")}, {"execution"}),
            ({"tasks": Tasks(fallback_device=LOCAL)}, {"fallback_device"}),
            ({"device": Device(QPU)}, {"retry.attempts", "retry.first_pause"}),
            (
                {"device": Device("local:braket/braket_dm", noise=Noise(readout=0.1))},
                {"noise.depolarizing", "noise.amplitude_damping", "noise.readout"},
            ),
            (
                {"algorithm": Vqe(ansatz="hardware_efficient")},
                {"layers", "entangler", "rotations"},
            ),
        ],
    )
    def test_is_what_is_on(self, change: dict[str, Any], keys: set[str]) -> None:
        assert set(sent(config(**change))) - set(sent(config())) == keys

    def test_of_an_aggregation_is_its_option(self) -> None:
        assert "cvar_alpha" not in sent(qaoa())
        cvar = sent(qaoa(algorithm=QaoaMaxcut(aggregation="cvar")))
        assert (cvar["cvar_alpha"], "gibbs_eta" in cvar) == ("0.25", False)

    @pytest.mark.parametrize("method", OPTIMIZERS)
    def test_of_every_optimizer_is_what_its_job_reads(self, method: str, tmp_path: Any) -> None:
        from algorithms import optimizers
        from algorithms.hyperparameters import Hyperparameters
        from algorithms.options import read

        strings = OPTIMIZERS[method]().hyperparameters()
        name = strings.pop("optimizer")
        assert name == method
        texts = {key: "null" if value is None else str(value) for key, value in strings.items()}
        given = Hyperparameters(texts, tmp_path)
        read(optimizers.OPTIMIZERS[name], given.prefixed("optimizer."))
        given.finish()


def test_every_feature_runs_from_the_command_line(sweeper: Command, tmp_path: Any) -> None:
    from sweeper import load_sweep

    quick = ("max_iterations=8", "shots=50", "stop.patience=6", "shots_schedule.kind=geometric")
    sweeper(
        *("-m", "device=braket_dm", "device.noise.readout=0,0.1", "algorithm.ansatz=hardware_efficient"),
        *("optimizer=spsa", "warmup.iterations=2", "warmup.shots=0", "hydra.sweep.dir=vqe", "report=false"),
        *("tasks.fallback_device=local:braket/braket_sv", "algorithm.allocation=weighted", *quick),
    )
    results = load_sweep(tmp_path / "vqe").results
    assert results.columns[2] == "device.noise.readout"
    assert list(results["status"]) == ["COMPLETED"] * 2
    assert (results["result.fallback_tasks"] == 0).all()
    assert (results["result.warmup_tasks"] == 4).all()
    sweeper(
        *(
            "-m",
            "algorithm=qaoa_maxcut",
            "problem=regular",
            "algorithm.depth=2",
            "algorithm.aggregation=gibbs",
        ),
        *("algorithm.initial_point=interp,fixed", "hydra.sweep.dir=qaoa", "report=false", *quick),
    )
    assert list(load_sweep(tmp_path / "qaoa").results["status"]) == ["COMPLETED"] * 2
