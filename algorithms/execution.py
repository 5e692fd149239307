"""How circuits become quantum tasks: one each, one batch, or one program set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from braket.devices import Device
from braket.program_sets import CircuitBinding, ProgramSet

from algorithms.executable import Executable

Created = Callable[[Any, int, list[tuple[int, int | None]]], None]
"""Told of each task as soon as it exists: its shots, and for each of its circuits the place in the sequence
and the index of its result (None if the task has but one)."""


@dataclass(frozen=True)
class Part:
    """A task, and which of its results belongs to a circuit: None if it has but one."""

    task: Any
    index: int | None = None

    def result(self) -> Any:
        """The circuit's own result; None if the task has none."""
        result = self.task.result()
        return result if result is None or self.index is None else result[self.index][0]


Parts = Iterator[tuple[int, Part]]
"""The place of each circuit in its sequence, with its part; those that were created before an error count."""


Executables = Sequence[Executable]
"""Without inputs, except for a device that rebinds."""


def one_by_one(device: Device, executables: Executables, shots: Sequence[int], created: Created) -> Parts:
    """A task for each circuit, all created before the first is waited for."""
    for place, (executable, count) in enumerate(zip(executables, shots, strict=True)):
        options = {"inputs": executable.inputs} if executable.inputs else {}
        task = device.run(executable.circuit, shots=count, **options)
        created(task, count, [(place, None)])
        yield place, Part(task)


def batch(device: Device, executables: Executables, shots: Sequence[int], created: Created) -> Parts:
    """A task for each circuit, created in parallel by `run_batch`."""
    inputs = [executable.inputs for executable in executables]
    options = {"inputs": inputs} if any(inputs) else {}
    circuits = [executable.circuit for executable in executables]
    tasks = device.run_batch(circuits, shots=list(shots), **options).tasks
    for place, (task, count) in enumerate(zip(tasks, shots, strict=True)):
        created(task, count, [(place, None)])
        yield place, Part(task)


def program_set(device: Device, executables: Executables, shots: Sequence[int], created: Created) -> Parts:
    """One task, and so one task fee, for all circuits with the same number of shots.

    No observables are attached (those of program sets are unreliable in the SDK's 1.127): measurements only.
    """
    for count in dict.fromkeys(shots):
        members = [place for place, own in enumerate(shots) if own == count]
        programs = [_program(executables[place]) for place in members]
        total = count * len(members)
        task = device.run(ProgramSet(programs, shots_per_executable=count), shots=total)
        created(task, total, [(place, position) for position, place in enumerate(members)])
        for position, place in enumerate(members):
            yield place, Part(task, position)


def _program(executable: Executable) -> Any:
    if not executable.inputs:
        return executable.circuit
    return CircuitBinding(executable.circuit, input_sets=[dict(executable.inputs)])


EXECUTIONS: dict[str, Callable[..., Parts]] = {
    "tasks": one_by_one,
    "batch": batch,
    "program_set": program_set,
}
"""Every way by the name of the hyperparameter `execution`."""
