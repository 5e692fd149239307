"""Runs a quantum task's program on Braket's local simulator and words the result as the service does."""

from __future__ import annotations

import json
import time
from typing import Any

from .devices import Device


class BadProgramError(Exception):
    """The program cannot be run; the text is the task's failure reason."""


def simulate(action: dict[str, Any], device: Device, shots: int, task_arn: str) -> str:
    """Run a program or program set.

    Hardware is simulated without noise.

    Args:
        action: As CreateQuantumTask got it.
        device: Where it is said to run.
        shots: Of the whole task; 0 for exact results.
        task_arn: For the result's metadata.

    Returns:
        The content of results.json.

    Raises:
        BadProgramError: The simulator refuses the program.
    """
    # Imported here, as it takes seconds, and most tests have no quantum tasks outside jobs.
    from braket.default_simulator import DensityMatrixSimulator, StateVectorSimulator
    from braket.ir.openqasm import Program, ProgramSet

    simulator = DensityMatrixSimulator() if device.noisy else StateVectorSimulator()
    begun = time.perf_counter()
    is_set = action["braketSchemaHeader"]["name"] == "braket.ir.openqasm.program_set"
    try:
        program = (ProgramSet if is_set else Program).parse_obj(action)
        result = simulator.run(program, shots=shots)
    except Exception as error:
        # Whatever the simulator raises is about the program.
        raise BadProgramError(f"{type(error).__name__}: {error}") from error
    result.taskMetadata.id = task_arn
    result.taskMetadata.deviceId = device.arn
    if not is_set:
        # The schema knows no empty list of measurements.
        result.measurements = result.measurements or None
        _compute_values(result)
        if not device.is_qpu:
            result.additionalMetadata.simulatorMetadata = _simulator_metadata(time.perf_counter() - begun)
    text: str = result.json()
    return text


def _compute_values(result: Any) -> None:
    """Put values to the result types of a sampled run, which the local simulator leaves to its caller."""
    from braket.tasks import GateModelQuantumTaskResult

    if result.taskMetadata.shots == 0 or not result.resultTypes:
        return
    computed = GateModelQuantumTaskResult.from_object(result).result_types
    result.resultTypes = [
        type(item).parse_raw(json.dumps(item.dict(), default=lambda array: array.tolist()))
        for item in computed
    ]


def _simulator_metadata(seconds: float) -> Any:
    from braket.task_result.simulator_metadata_v1 import SimulatorMetadata

    return SimulatorMetadata(executionDuration=max(1, round(seconds * 1000)))
