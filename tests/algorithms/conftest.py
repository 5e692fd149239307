"""Instances and devices that several tests of the algorithms use."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from algorithms.devices import open_device
from algorithms.measurement import QuantumTasks

H2_AT_EQUILIBRIUM = "-1.05237325 II, 0.39793742 IZ, -0.39793742 ZI, -0.01128010 ZZ, 0.18093120 XX"
"""H2 in STO-3G at 0.735 Å, parity mapping with two-qubit reduction; electronic, Ha."""


@pytest.fixture
def h2_text() -> str:
    return H2_AT_EQUILIBRIUM


@pytest.fixture
def tasks_with() -> Callable[..., QuantumTasks]:
    """Makes the local simulator ready to run circuits with these shots and seed."""

    def make(shots: int, seed: int = 0) -> QuantumTasks:
        return QuantumTasks(open_device("local:braket/default", np.random.default_rng(seed)).device, shots)

    return make


@pytest.fixture
def exact(tasks_with: Callable[..., QuantumTasks]) -> QuantumTasks:
    return tasks_with(0)
