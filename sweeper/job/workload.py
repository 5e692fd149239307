"""What a job will ask of its devices, as its own source says before anything is paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, Self

from sweeper.config.algorithm import Algorithm, Script
from sweeper.config.root import SweepConfig
from sweeper.contract.hyperparameters import Encoded
from sweeper.contract.modules import find_function, read_module
from sweeper.errors import ConfigError
from sweeper.job.source import Source

FUNCTION = "braket_workload"
"""The function of an entry point's module that says what a job will ask for."""

Answer = Mapping[str, Any]
"""What it says: a JSON object (docs/contract.md)."""


@dataclass(frozen=True)
class Question:
    """What a job with these hyperparameters will ask of its devices.

    Attributes:
        source: The job's source.
        function: `module:function` of it that says so.
        hyperparameters: Whole texts, of those that travel as files as well.
    """

    source: Source
    function: str
    hyperparameters: Mapping[str, str]


class Ask(Protocol):
    """Asks sources."""

    def expect(self, question: Question) -> None:
        """Tell of a question that will be asked: those of one sweep are asked together."""

    def __call__(self, question: Question) -> Answer:
        """The source's answer.

        Raises:
            ConfigError: There is none.
        """


@dataclass(frozen=True)
class Workload:
    """The most a job may ask of its devices.

    Attributes:
        tasks: Quantum tasks on the job's own device, or on its fallback.
        shots_per_task: Shots of each on average.
        qubits: Of a circuit; none if unknown.
        warmup_tasks: Quantum tasks on the warm-up device.
        warmup_shots_per_task: Shots of each.
        enforced: Whether the job itself stops before what was billed could exceed its bound.
    """

    tasks: int
    shots_per_task: int
    qubits: int | None
    warmup_tasks: int = 0
    warmup_shots_per_task: int = 0
    enforced: bool = False

    @classmethod
    def said(cls, answer: Answer, question: Question, *, enforced: bool) -> Self:
        """What a source answers.

        Raises:
            ConfigError: A number is missing, or is none.
        """
        try:
            return cls(
                tasks=_whole(answer["tasks"], 0),
                shots_per_task=_whole(answer["shots_per_task"], 0),
                qubits=None if answer.get("qubits") is None else _whole(answer["qubits"], 1),
                warmup_tasks=_whole(answer.get("warmup_tasks", 0), 0),
                warmup_shots_per_task=_whole(answer.get("warmup_shots_per_task", 0), 0),
                enforced=enforced,
            )
        except (KeyError, ValueError):
            raise ConfigError(
                f"{question.function} of {question.source.path} says {dict(answer)}: tasks and "
                "shots_per_task must be whole numbers of 0 or more, and qubits of 1 or more if it is known."
            ) from None


def _whole(number: object, least: int) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(number)
    return number


def question_of(algorithm: Algorithm, source: Source, encoded: Encoded) -> Question | None:
    """What is asked about a job; none if its source has nobody to ask.

    Raises:
        ConfigError: It has to have.
    """
    module, _, _ = algorithm.entry_point.partition(":")
    if _answers(source, module):
        return Question(source, f"{module}:{FUNCTION}", encoded.whole)
    if algorithm.reads_prices:
        raise ConfigError(
            f"algorithm.source_module={source.path}: {module} has no function {FUNCTION}, so that nobody "
            "can say what its jobs will ask of a device: take it over from the shipped algorithms."
        )
    return None


def workload_of(config: SweepConfig, question: Question | None, ask: Ask) -> Workload | None:
    """The most that a job may ask for: as the person promises, or else as its source says.

    Returns:
        None if nobody says.

    Raises:
        ConfigError: The source refuses these hyperparameters or says what makes no sense, or the device has
            too few qubits.
    """
    algorithm: Algorithm = config.algorithm
    said = None
    if question is not None:
        answer = ask(question)
        if refused := answer.get("refused"):
            raise ConfigError(algorithm.in_config_keys(str(refused)))
        if "tasks" in answer:
            said = Workload.said(answer, question, enforced=algorithm.reads_prices)
    workload = _promised(algorithm, said)
    device = config.device
    if workload and workload.qubits and device.qubits is not None and workload.qubits > device.qubits:
        what = algorithm.entry_point if config.problem is None else f"problem={config.problem.name}"
        raise ConfigError(f"{what} needs {workload.qubits} qubits, but {device.arn} has {device.qubits}.")
    return workload


def _promised(algorithm: Algorithm, said: Workload | None) -> Workload | None:
    """What a person says of a script's jobs, and what the script says where the person does not."""
    if not isinstance(algorithm, Script):
        return said
    tasks, shots, qubits = algorithm.max_tasks, algorithm.max_shots_per_task, algorithm.max_qubits
    if said is None:
        return None if tasks is None or shots is None else Workload(tasks, shots, qubits)
    return replace(
        said,
        tasks=said.tasks if tasks is None else tasks,
        shots_per_task=said.shots_per_task if shots is None else shots,
        qubits=said.qubits if qubits is None else qubits,
    )


@lru_cache(256)
def _answers(source: Source, module: str) -> bool:
    """Whether a module of a source has the function; the source is read, not run."""
    found = read_module(source.path, module)
    return found is not None and find_function(source.path, found, FUNCTION) is not None
