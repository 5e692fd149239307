"""Noise on the density-matrix simulator against what each channel does by definition."""

from __future__ import annotations

import numpy as np
import pytest
from braket.circuits import Circuit

from algorithms.devices import open_device
from algorithms.executable import Executable
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.measurement import QuantumTasks
from algorithms.noise import Noise
from algorithms.options import read

from .test_optimizers import NO_CHANNEL


def share_of_ones(circuit: Circuit, noise: Noise, shots: int = 0, qubit: int = 0) -> tuple[float, float]:
    device = open_device("local:braket/braket_dm", np.random.default_rng(0)).device
    [outcome] = QuantumTasks(device, shots, prepare=noise.applied).run([Executable(circuit)])
    share = outcome.mean(outcome.bits[qubit].astype(float))
    return share.value, share.stderr


@pytest.mark.parametrize(
    ("noise", "ones"),
    [
        (Noise(0.3, 0.0, 0.0), 1 - 2 * 0.3 / 3),  # X and Y of three Pauli errors flip
        (Noise(0.0, 0.2, 0.0), 0.8),
        (Noise(0.0, 0.0, 0.1), 0.9),
        (Noise(0.0, 0.2, 0.1), 0.8 * 0.9 + 0.2 * 0.1),
    ],
)
def test_of_one_gate(noise: Noise, ones: float) -> None:
    assert share_of_ones(Circuit().x(0), noise)[0] == pytest.approx(ones, abs=1e-9)
    value, stderr = share_of_ones(Circuit().x(0), noise, shots=4000)
    assert abs(value - ones) < 4.5 * stderr  # fails for one fresh seed in 150 000


def test_acts_after_every_gate() -> None:
    value, _ = share_of_ones(Circuit().x(0).i(0).i(0), Noise(0.0, 0.2, 0.0))
    assert value == pytest.approx(0.8**3, abs=1e-9)


def test_of_a_two_qubit_gate_is_one_of_fifteen_errors() -> None:
    # Eight of the fifteen flip a given qubit.
    value, _ = share_of_ones(Circuit().cnot(0, 1), Noise(0.3, 0.0, 0.0), qubit=1)
    assert value == pytest.approx(0.3 * 8 / 15, abs=1e-9)


def test_probabilities_beyond_the_channels_are_refused() -> None:
    given = {"noise.depolarizing": "0.8", "noise.amplitude_damping": "0", "noise.readout": "0"}
    with pytest.raises(HyperparameterError, match=r'noise.depolarizing" is .0.8.: expected .* 0 to 0.75'):
        read(Noise, Hyperparameters(given, NO_CHANNEL).prefixed("noise."))
