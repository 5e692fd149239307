"""The algorithms: which hybrid-job script runs, and what it is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sweeper.errors import ConfigError
from sweeper.hyperparameters import Encoded, as_sdk_strings, encode_all
from sweeper.problems import Graph, Hamiltonian, Instance, options_making
from sweeper.schema.check import require

if TYPE_CHECKING:
    from sweeper.schema.root import SweepConfig


@dataclass(frozen=True)
class Workload:
    """The most a job may ask of its device; `qubits` is none if unknown."""

    tasks: int
    shots_per_task: int
    qubits: int | None


@dataclass
class Algorithm(ABC):
    """A hybrid-job script.

    Attributes:
        entry_point: `module` or `module:function`, as Braket's CreateJob takes it.
        source_module: A Python file or a folder; none for the algorithms that come with the sweeper.
        objective: What a Hydra sweeper minimises: a key of the job's result, or else the last value of
            one of its metrics; none if there is nothing to minimise.
    """

    name: ClassVar[str]

    entry_point: str
    source_module: str | None = None
    objective: str | None = "objective"

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
    def workload(self, sweep: SweepConfig) -> Workload | None:
        """Upper bound of the quantum tasks; none if nothing bounds them."""


@dataclass
class Variational(Algorithm):
    """A variational algorithm of ours: its own fields travel beside the shots, optimizer and problem."""

    solves: ClassVar[type[Instance]]

    def check(self, sweep: SweepConfig) -> None:
        """Refuse a problem of another kind, and shots that the device cannot take."""
        if sweep.problem is None or not issubclass(sweep.problem.makes, self.solves):
            chosen = "no problem" if sweep.problem is None else f"problem={sweep.problem.name}"
            raise ConfigError(
                f"algorithm={self.name} cannot solve {chosen}: it needs {self.solves.words}, "
                f"such as problem={' or '.join(options_making(self.solves))}."
            )
        sweep.device.check_shots(sweep.shots)

    def encode(self, sweep: SweepConfig) -> Encoded:
        """Everything the job's reader expects, and nothing it would not read."""
        shared = {field.name for field in fields(Algorithm)}
        return encode_all(
            {
                "shots": sweep.shots,
                "seed": sweep.seed,
                "max_iterations": sweep.max_iterations,
                **{
                    field.name: getattr(self, field.name)
                    for field in fields(self)
                    if field.name not in shared
                },
                **sweep.optimizer.hyperparameters(),
                **sweep.problem.instance().hyperparameters(),
            }
        )

    def workload(self, sweep: SweepConfig) -> Workload:
        """Every evaluation of the optimizer and the final one, each with one task for each circuit."""
        instance = sweep.problem.instance()
        return Workload((sweep.max_iterations + 1) * instance.circuits, sweep.shots, instance.qubits)


@dataclass
class VqeH2(Variational):
    """Variational quantum eigensolver for a molecule's electronic Hamiltonian."""

    name: ClassVar[str] = "vqe_h2"
    solves: ClassVar[type[Instance]] = Hamiltonian
    entry_point: str = "algorithms.vqe_h2:main"
    ansatz: Literal["ry_cnot_ry"] = "ry_cnot_ry"
    initial_point: Literal["random", "hartree_fock"] = "random"


@dataclass
class QaoaMaxcut(Variational):
    """Quantum approximate optimisation of MaxCut with `depth` layers (p in the literature)."""

    name: ClassVar[str] = "qaoa_maxcut"
    solves: ClassVar[type[Instance]] = Graph
    entry_point: str = "algorithms.qaoa_maxcut:main"
    depth: int = 1
    initial_point: Literal["tutorial", "random", "ramp"] = "ramp"

    def __post_init__(self) -> None:
        require(self.depth >= 1, "algorithm.depth", self.depth, "1 or more")


@dataclass
class Script(Algorithm):
    """Anybody's hybrid-job script, unmodified.

    It receives `hyperparameters` and nothing else, made strings as the SDK makes them
    (`AwsQuantumJob.create`: `str(value)`), and knows the device from `AMZN_BRAKET_DEVICE_ARN`.

    Attributes:
        hyperparameters: What the script reads.
        max_tasks: Most quantum tasks it runs; bounds the bill on a paid device.
        max_shots_per_task: Most shots of one of them.
    """

    name: ClassVar[str] = "script"
    entry_point: str = ""
    objective: str | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    max_tasks: int | None = None
    max_shots_per_task: int | None = None

    def check(self, sweep: SweepConfig) -> None:  # noqa: ARG002 - the script alone knows what it can do
        """Refuse a script that is not said."""
        if not self.source_module or not self.entry_point:
            raise ConfigError(
                "algorithm=script needs algorithm.source_module (a Python file or a folder) and "
                "algorithm.entry_point (module:function), for example "
                "algorithm.source_module=my_job.py algorithm.entry_point=my_job:main."
            )

    def encode(self, sweep: SweepConfig) -> Encoded:  # noqa: ARG002 - see the class
        """The script's own hyperparameters only."""
        return Encoded(as_sdk_strings(self.hyperparameters), {})

    def workload(self, sweep: SweepConfig) -> Workload | None:  # noqa: ARG002 - see the class
        """As the user says."""
        if self.max_tasks is None or self.max_shots_per_task is None:
            return None
        return Workload(self.max_tasks, self.max_shots_per_task, None)
