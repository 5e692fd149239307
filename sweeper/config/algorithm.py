"""The algorithms: which hybrid-job script runs, and what it is told."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sweeper.config.check import require
from sweeper.config.described import FromSource, described, sent, with_options
from sweeper.config.shipped import shipped
from sweeper.contract.hyperparameters import Encoded, as_sdk_strings, encode_all
from sweeper.errors import ConfigError
from sweeper.problems import Graph, Hamiltonian, Instance, options_making

if TYPE_CHECKING:
    from sweeper.config.root import SweepConfig

_SAID = re.compile(r"(?<![\w.])[A-Za-z_][\w.]*(?==)")
"""A name that a value is said of."""


@dataclass
class Algorithm(ABC):
    """A hybrid-job script.

    Attributes:
        entry_point: `module` or `module:function`, as Braket's CreateJob takes it.
        source_module: A Python file or a folder; None means the algorithms that come with the sweeper.
        objective: What a Hydra sweeper is told: a key of the job's result, or else the last value of one of
            its metrics; None if there is nothing to optimise.
        direction: Which way the objective is better; a Hydra sweeper's own direction has to be the same.
    """

    name: ClassVar[str]
    reads_prices: ClassVar[bool] = False
    """Whether its jobs take `price.…` and stop before what was billed could exceed `price.bound_usd`."""

    entry_point: str
    source_module: str | None = None
    objective: str | None = "objective"
    direction: Literal["minimize", "maximize"] = "minimize"

    @abstractmethod
    def check(self, sweep: SweepConfig) -> None:
        """Refuse what this algorithm cannot do with the rest of the config.

        Raises:
            ConfigError: Names the keys that do not fit and what would.
        """

    @abstractmethod
    def encode(self, sweep: SweepConfig) -> Encoded:
        """What travels to the job: strings, and files for what is too long for Braket's limits.

        Raises:
            ConfigError: A value that no hyperparameter can carry.
        """

    @abstractmethod
    def config_key(self, hyperparameter: str) -> str | None:
        """The config key that says a hyperparameter; None if it has the same name, or none of its own."""

    def in_config_keys(self, text: str) -> str:
        """What a source says of its hyperparameters, as `name=value`, said of the config keys."""
        return _SAID.sub(lambda said: self.config_key(said[0]) or said[0], text)


@dataclass
class Variational(FromSource, Algorithm):
    """A variational algorithm of ours: its own fields travel beside the shots, optimizer and problem."""

    solves: ClassVar[type[Instance]]
    reads_prices: ClassVar[bool] = True

    def check(self, sweep: SweepConfig) -> None:
        """Refuse a problem of another kind, and what the device cannot take."""
        if sweep.problem is None or not issubclass(sweep.problem.makes, self.solves):
            chosen = "no problem" if sweep.problem is None else f"problem={sweep.problem.name}"
            raise ConfigError(
                f"algorithm={self.name} cannot solve {chosen}: it needs {self.solves.words}, "
                f"such as problem={' or '.join(options_making(self.solves))}."
            )
        device = sweep.device
        device.check_shots(sweep.shots)
        if sweep.shots_schedule.kind != "constant":
            require(sweep.shots > 0, "shots", sweep.shots, "1 or more if shots_schedule.kind is not constant")
            device.check_shots(sweep.shots_schedule.first)
        if sweep.tasks.execution == "batch" and device.embedded:
            raise ConfigError(
                "tasks.execution=batch is for devices on AWS: an embedded simulator would draw the same "
                "shots for every circuit of a batch. Leave tasks.execution=tasks."
            )
        if sweep.tasks.execution == "program_set" and sweep.shots == 0:
            raise ConfigError("tasks.execution=program_set needs shots: a program set cannot be exact.")

    def encode(self, sweep: SweepConfig) -> Encoded:
        """Everything the job's reader expects, and nothing it would not read."""
        return encode_all(
            {
                "shots": sweep.shots,
                "seed": sweep.seed,
                "max_iterations": sweep.max_iterations,
                **sent(self.described, self.values()),
                **sweep.optimizer.hyperparameters(),
                **sweep.problem.instance().hyperparameters(),
                **sweep.stop.hyperparameters(),
                **sweep.shots_schedule.hyperparameters(),
                **sweep.tasks.of_job(sweep.device.embedded),
                **sweep.warmup.hyperparameters(),
                **sweep.device.noise.hyperparameters(),
            }
        )

    def config_key(self, hyperparameter: str) -> str | None:
        """The algorithm's own options are below `algorithm`."""
        return (
            f"algorithm.{hyperparameter}" if hyperparameter in sent(self.described, self.values()) else None
        )


@with_options("algorithm.", described(shipped("algorithms"), "vqe"))
class Vqe(Variational):
    """Variational quantum eigensolver: the ground-state energy of a Hamiltonian, such as a molecule's."""

    name: ClassVar[str] = "vqe"
    solves: ClassVar[type[Instance]] = Hamiltonian
    entry_point: str = "algorithms.vqe:main"


@with_options("algorithm.", described(shipped("algorithms"), "qaoa_maxcut"))
class QaoaMaxcut(Variational):
    """Quantum approximate optimisation of MaxCut with `depth` layers (p in the literature)."""

    name: ClassVar[str] = "qaoa_maxcut"
    solves: ClassVar[type[Instance]] = Graph
    entry_point: str = "algorithms.qaoa_maxcut:main"


@dataclass
class Script(Algorithm):
    """Anybody's hybrid-job script, unmodified.

    It receives `hyperparameters` and nothing else, made strings as the SDK makes them
    (`AwsQuantumJob.create`: `str(value)`), and knows the device from `AMZN_BRAKET_DEVICE_ARN`.

    Attributes:
        hyperparameters: What the script reads.
        max_tasks: Most quantum tasks it runs; bounds the bill on a paid device.
        max_shots_per_task: Most shots of one of them.
        problem_keys: Hyperparameters that say which problem is solved (a molecule, a data set): their values
            are never ranked, and everything else is compared within each.
        max_qubits: Most qubits of a circuit, from which follows how long a simulator takes; None means as
            many as the device has. It is the script's promise, and nobody checks it.
    """

    name: ClassVar[str] = "script"
    entry_point: str = ""
    objective: str | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    max_tasks: int | None = None
    max_shots_per_task: int | None = None
    problem_keys: list[str] = field(default_factory=list)
    max_qubits: int | None = None

    def __post_init__(self) -> None:
        for key, least in (("max_tasks", 0), ("max_shots_per_task", 0), ("max_qubits", 1)):
            value = getattr(self, key)
            require(value is None or value >= least, f"algorithm.{key}", value, f"{least} or more")

    def check(self, sweep: SweepConfig) -> None:
        """Refuse a script that is not said, problem keys it does not get, and too many qubits."""
        if not self.source_module or not self.entry_point:
            raise ConfigError(
                "algorithm=script needs algorithm.source_module (a Python file or a folder) and "
                "algorithm.entry_point (module:function), for example "
                "algorithm.source_module=my_job.py algorithm.entry_point=my_job:main."
            )
        for name in self.problem_keys:
            if name not in self.hyperparameters:
                raise ConfigError(
                    f"algorithm.problem_keys names {name!r}, which is none of algorithm.hyperparameters "
                    f"({', '.join(self.hyperparameters) or 'there are none'})."
                )
        qubits, device = self.max_qubits, sweep.device
        if qubits is not None and device.qubits is not None and qubits > device.qubits:
            raise ConfigError(
                f"algorithm.max_qubits={qubits} is not possible: {device.arn} has {device.qubits} qubits."
            )

    def encode(self, sweep: SweepConfig) -> Encoded:  # noqa: ARG002 - see the class
        """The script's own hyperparameters only."""
        return Encoded(as_sdk_strings(self.hyperparameters), {})

    def config_key(self, hyperparameter: str) -> str | None:
        """Below `algorithm.hyperparameters`."""
        named = hyperparameter in self.hyperparameters
        return f"algorithm.hyperparameters.{hyperparameter}" if named else None


ALGORITHMS: dict[str, type[Algorithm]] = {each.name: each for each in (Vqe, QaoaMaxcut, Script)}
"""Every algorithm by its name."""
