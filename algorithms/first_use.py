"""What is slow the first time, done once before jobs are forked: a small job of either kind.

No job imports this module; a process that imports all of the source's modules before it forks jobs does, and
those find filled what Python and Braket's SDK remember of a first use (caches of abstract classes, regular
expressions, specialised bytecode). Nothing else is left behind: no output, no file, no thread, no environment
variable, and no random number of a global generator.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from algorithms import qaoa_maxcut, vqe

_COMMON = {
    "shots": 10,
    "max_iterations": 20,  # more than the calls after which Python specialises a function's bytecode
    "optimizer": "cobyla",
    "optimizer.rhobeg": 0.5,
    "optimizer.tol": 1e-3,
    "seed": 0,
    "reference": -1.0,
}
_VQE = {
    "hamiltonian": "-1.0 II, 0.5 ZZ, 0.2 XX",
    "nuclear_repulsion": 0.7,
    "ansatz": "ry_cnot_ry",
    "initial_point": "random",
}
_QAOA = {"edges": "0-1,1-2,2-0", "nodes": 3, "depth": 1, "initial_point": "ramp"}


def _run(job: Callable[[], None], hyperparameters: Mapping[str, object]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "hyperparameters.json"
        file.write_text(json.dumps({key: str(value) for key, value in hyperparameters.items()}))
        places = ("JOB_RESULTS_DIR", "CHECKPOINT_DIR", "INPUT_DIR")
        variables = {
            **{f"AMZN_BRAKET_{name}": folder for name in places},
            "AMZN_BRAKET_HP_FILE": str(file),
            "AMZN_BRAKET_JOB_NAME": "first-use",
            "AMZN_BRAKET_DEVICE_ARN": "local:braket/default",
        }
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            job()
        finally:
            for name, value in before.items():
                del os.environ[name]
                if value is not None:
                    os.environ[name] = value


if find_spec("qulacs"):  # Braket's own simulator would take longer than all jobs save by it
    with contextlib.redirect_stdout(io.StringIO()):
        _run(vqe.main, {**_COMMON, **_VQE})
        # SciPy imports its COBYLA at the first minimisation.
        _run(qaoa_maxcut.main, {**_COMMON, **_QAOA, "optimizer.implementation": "scipy"})
