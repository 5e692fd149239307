"""What a job has measured, kept such that a restarted job measures none of it again.

The optimizers are deterministic functions of what they are told, so a restart runs the optimizer from its
beginning and answers from the record until that ends; from there on circuits run again, a local simulator's
shots drawn on from where they stood. The result is that of an uninterrupted run, to the bit.

The file is Braket's own: `<job name>_evaluations.json`, which `load_job_checkpoint` reads. A new hybrid job
started with `copy_checkpoints_from_job` finds the old job's file, whose name it need not know.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from braket.jobs import get_checkpoint_dir, get_job_name
from braket.jobs_data import PersistedJobData, PersistedJobDataFormat
from numpy.typing import NDArray

from algorithms.execution import Part
from algorithms.expectation import Expectation
from algorithms.measurement import Estimate, QuantumTasks
from algorithms.objective import Evaluation
from algorithms.results import write_whole

SUFFIX = "evaluations"
_FRAME = json.loads(PersistedJobData(dataDictionary={}, dataFormat=PersistedJobDataFormat.PLAINTEXT).json())
"""Braket's format around the data; its own class would copy and check all of them each time."""
_SHARE = 0.1
"""Of the time, at most, goes into checkpoints of evaluations that cost nothing to repeat."""
_FIRST_AFTER = 0.2
"""Seconds of such evaluations that are sooner repeated than another process is started for them."""


class Checkpoint:
    """The record of a job's evaluations, in a file.

    Args:
        digest: Of all that decides the outcome; other jobs' files are passed over.
        devices: All that run circuits, sharing their accounts; the first is the job's own.
        expectation: Its memory is kept.
        shot_rng: A local simulator's random numbers, whose state is kept.
        load_task: Loads a quantum task by its ARN; `AwsQuantumTask` by default.
    """

    def __init__(
        self,
        digest: str,
        devices: Sequence[QuantumTasks],
        expectation: Expectation,
        shot_rng: np.random.Generator,
        load_task: Callable[[str], Any] | None = None,
    ) -> None:
        self._digest = digest
        self._devices = devices
        self._accounts = devices[0].accounts
        self._expectation = expectation
        self._shot_rng = shot_rng
        self._load_task = load_task or _aws_task
        self._evaluations: list[Evaluation] = []
        self._written: list[dict[str, Any]] = []
        self._replayed = 0
        self._pending: list[list[Any]] = []
        self._not_before = time.monotonic() + _FIRST_AFTER
        folder = Path(get_checkpoint_dir())
        self._path = folder / f"{get_job_name()}_{SUFFIX}.json"
        # Outside a hybrid job there is no folder for checkpoints.
        self._enabled = "AMZN_BRAKET_CHECKPOINT_DIR" in os.environ and folder.is_dir()
        for device in devices:
            device.on_created = self._note_task_of(device)
        if self._enabled and (found := _longest(folder, digest)):
            self._restore(found)

    def replay(self, point: NDArray[np.float64]) -> Evaluation | None:
        """The next evaluation of an earlier process, if it was at this point."""
        if self._replayed == len(self._evaluations):
            return None
        known = self._evaluations[self._replayed]
        if known.point != tuple(point.tolist()):
            print(
                f"The checkpoint's evaluation {self._replayed} was elsewhere, as after an update of numpy or "
                "scipy: the search goes on from here without the rest."
            )
            del self._evaluations[self._replayed :]
            del self._written[self._replayed :]
            self._drop_pending()
            return None
        self._replayed += 1
        return known

    def add(self, evaluations: list[Evaluation]) -> None:
        """Keep new evaluations, in the file at once if their repetition would cost something."""
        self._evaluations += evaluations
        self._replayed = len(self._evaluations)
        self._pending = []
        costly = any(record.arn for record in self._accounts.records)
        if costly or time.monotonic() >= self._not_before:
            self.save()

    def save(self) -> None:
        """Write the file."""
        if not self._enabled:
            return
        begun = time.monotonic()
        self._written += [_as_json(evaluation) for evaluation in self._evaluations[len(self._written) :]]
        data = {
            "digest": self._digest,
            "evaluations": self._written,
            "memory": self._expectation.memory(),
            "accounts": self._accounts.state(),
            "shots_rng": self._shot_rng.bit_generator.state,
            "fallen_back": [device.fallen_back for device in self._devices],
            "pending": self._pending,
        }
        write_whole(self._path, json.dumps({**_FRAME, "dataDictionary": data}).encode())
        ended = time.monotonic()
        self._not_before = ended + (ended - begun) / _SHARE

    def _restore(self, state: dict[str, Any]) -> None:
        self._evaluations = [_from_json(evaluation) for evaluation in state["evaluations"]]
        self._expectation.remember(state["memory"])
        self._accounts.restore(state["accounts"])
        self._shot_rng.bit_generator.state = state["shots_rng"]
        for device, fallen_back in zip(self._devices, state["fallen_back"], strict=True):
            device.fallen_back = fallen_back
        self._pending = state["pending"]
        for index, arn, place, position in self._pending:
            self._devices[index].reloadable[place] = Part(self._load_task(arn), position)
        self.save()  # under this job's name, for whoever copies its checkpoints next
        print(f"Going on after {len(self._evaluations)} evaluations of the checkpoint.")

    def _drop_pending(self) -> None:
        self._pending = []
        for device in self._devices:
            device.reloadable = {}

    def _note_task_of(self, device: QuantumTasks) -> Callable[[str, int, int | None], None]:
        index = list(self._devices).index(device)

        def note(arn: str, place: int, position: int | None) -> None:
            self._pending = [entry for entry in self._pending if (entry[0], entry[2]) != (index, place)]
            self._pending.append([index, arn, place, position])
            self.save()

        return note


def _aws_task(arn: str) -> Any:
    from braket.aws import AwsQuantumTask

    return AwsQuantumTask(arn)


def _longest(folder: Path, digest: str) -> dict[str, Any] | None:
    """The farthest of the checkpoints of this very job in the folder, whatever the job was called."""
    found: dict[str, Any] | None = None
    for path in sorted(folder.glob(f"*_{SUFFIX}.json")):
        try:
            data = json.loads(path.read_bytes())["dataDictionary"]
            if data["digest"] == digest and (not found or _progress(data) > _progress(found)):
                found = data
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"The checkpoint {path.name} cannot be read and is left alone ({error!r}).")
    return found


def _progress(data: dict[str, Any]) -> tuple[int, int]:
    return len(data["evaluations"]), data["accounts"]["tasks"]


def _as_json(evaluation: Evaluation) -> dict[str, Any]:
    estimate = evaluation.estimate
    return {
        "point": evaluation.point,
        # Strict JSON has no nan; of a target null means that there is none.
        "estimate": {
            "value": estimate.value,
            "stderr": None if math.isnan(estimate.stderr) else estimate.stderr,
            "target": estimate.target,
        },
        "timestamp": evaluation.timestamp,
        "fallback": evaluation.fallback,
    }


def _from_json(plain: dict[str, Any]) -> Evaluation:
    estimate = plain["estimate"]
    stderr = math.nan if estimate["stderr"] is None else estimate["stderr"]
    return Evaluation(
        tuple(plain["point"]),
        Estimate(estimate["value"], stderr, estimate["target"]),
        plain["timestamp"],
        plain["fallback"],
    )
