"""Device strings, and shots that depend on the seed alone."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from braket.circuits import Circuit
from braket.default_simulator import StateVectorSimulation, StateVectorSimulator

from algorithms.devices import open_device
from algorithms.executable import Executable
from algorithms.hyperparameters import HyperparameterError
from algorithms.measurement import QuantumTaskError, QuantumTasks

DEFAULT = "qulacs" if find_spec("qulacs") else "braket_sv"
UNIFORM = Executable(Circuit().h(range(3)))


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("local:braket/default", DEFAULT),
        ("local:braket/braket_sv", "braket_sv"),
        ("local:braket/braket_dm", "braket_dm"),
        ("local:none/none", DEFAULT),
    ],
)
class TestLocalSimulators:
    def test_are_found_by_their_device_string(self, device: str, name: str) -> None:
        assert open_device(device, np.random.default_rng(0)).name == name

    @pytest.mark.filterwarnings("ignore:You are running a noise-free circuit on the density matrix")
    def test_draw_shots_from_the_seed(self, device: str, name: str) -> None:  # noqa: ARG002
        def two_runs(seed: int) -> list[list[float]]:
            tasks = QuantumTasks(open_device(device, np.random.default_rng(seed)).device, shots=500)
            return [outcomes.frequencies.tolist() for outcomes in tasks.run([UNIFORM, UNIFORM])]

        assert two_runs(1) == two_runs(1)
        assert two_runs(1) != two_runs(2)
        first, second = two_runs(1)
        assert first != second


@pytest.mark.parametrize("device", ["local:braket/sv1", "local:braket/braket_ahs", "local:braket", "local:"])
def test_an_unknown_local_simulator_is_refused_with_those_there_are(device: str) -> None:
    with pytest.raises(
        HyperparameterError, match=f"'{device}'.*local:braket/braket_dm, local:braket/braket_sv"
    ):
        open_device(device, np.random.default_rng(0))


def test_a_simulator_that_cannot_be_seeded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Renamed(StateVectorSimulation):  # type: ignore[misc]
        def __init__(self, *args: object) -> None:
            super().__init__(*args)
            del self._rng_generator

    monkeypatch.setattr(
        StateVectorSimulator, "initialize_simulation", lambda _, **kwargs: Renamed(3, kwargs["shots"], 1)
    )
    device = open_device("local:braket/braket_sv", np.random.default_rng(0)).device
    with pytest.raises(RuntimeError, match="_rng_generator"):
        device.run(UNIFORM.circuit, shots=10)


class TestOutcomes:
    def test_have_qubit_zero_first(self) -> None:
        circuit = Circuit().x(0).i(1).x(2).i(3)
        for shots in (0, 20):
            tasks = QuantumTasks(open_device("local:braket/default", np.random.default_rng(0)).device, shots)
            [outcomes] = tasks.run([Executable(circuit)])
            assert outcomes.bits[:, np.argmax(outcomes.frequencies)].tolist() == [1, 0, 1, 0]
            assert outcomes.frequencies.sum() == pytest.approx(1.0)

    def test_follow_the_order_of_the_measured_qubits(self) -> None:
        class Result:
            measurements = np.array([[1, 0], [1, 0], [1, 1]])
            measured_qubits = (1, 0)

        [outcomes] = QuantumTasks(FakeDevice(Result()), shots=3).run([UNIFORM])
        assert outcomes.bits.T.tolist() == [[0, 1], [1, 1]]
        assert outcomes.frequencies == pytest.approx([2 / 3, 1 / 3])

    def test_a_task_that_failed_is_an_error(self) -> None:
        with pytest.raises(QuantumTaskError, match="task-1 ended as FAILED"):
            QuantumTasks(FakeDevice(None), shots=3).run([UNIFORM])


class FakeDevice:
    """Returns one given result, None as the SDK does for a task that failed."""

    id = "task-1"

    def __init__(self, result: object) -> None:
        self._result = result

    def run(self, circuit: Circuit, shots: int) -> FakeDevice:  # noqa: ARG002
        return self

    def result(self) -> object:
        return self._result

    def state(self) -> str:
        return "FAILED"
