"""The algorithms: which hybrid-job script runs, and what it is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sweeper.config.asked import circuits_of_energy
from sweeper.config.check import require
from sweeper.config.described import FromSource, described, sent, with_options
from sweeper.config.optimizer import Search
from sweeper.config.shipped import shipped
from sweeper.contract.hyperparameters import Encoded, as_sdk_strings, encode_all
from sweeper.errors import ConfigError
from sweeper.problems import Graph, Hamiltonian, Instance, options_making

if TYPE_CHECKING:
    from sweeper.config.root import SweepConfig


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


@dataclass
class Algorithm(ABC):
    """A hybrid-job script.

    Attributes:
        entry_point: `module` or `module:function`, as Braket's CreateJob takes it.
        source_module: A Python file or a folder; none for the algorithms that come with the sweeper.
        objective: What a Hydra sweeper is told: a key of the job's result, or else the last value of one of
            its metrics; none if there is nothing to optimise.
        direction: Which way the objective is better; a Hydra sweeper's own direction has to be the same.
    """

    name: ClassVar[str]

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
    def encode(self, sweep: SweepConfig, fees: Mapping[str, object]) -> Encoded:
        """What travels to the job: strings, and files for what is too long for Braket's limits.

        Args:
            sweep: The config.
            fees: What a job that bounds its own bill has to know (`sweeper.job.cost.fees`).

        Raises:
            ConfigError: A value that no hyperparameter can carry.
        """

    @abstractmethod
    def workload(self, sweep: SweepConfig) -> Workload | None:
        """Upper bound of the quantum tasks; none if nothing bounds them."""


@dataclass
class Variational(FromSource, Algorithm):
    """A variational algorithm of ours: its own fields travel beside the shots, optimizer and problem."""

    solves: ClassVar[type[Instance]]

    @abstractmethod
    def search(self, instance: Any, max_iterations: int) -> Search:
        """What the optimizer will work on.

        Raises:
            ConfigError: The algorithm's options do not fit the instance.
        """

    def check(self, sweep: SweepConfig) -> None:
        """Refuse a problem of another kind, options that do not fit it, and what the device cannot take."""
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
        instance = sweep.problem.instance()
        if device.qubits is not None and instance.qubits > device.qubits:
            raise ConfigError(
                f"problem={sweep.problem.name} needs {instance.qubits} qubits, but {device.arn} has "
                f"{device.qubits}."
            )
        if sweep.tasks.execution == "batch" and device.embedded:
            raise ConfigError(
                "tasks.execution=batch is for devices on AWS: an embedded simulator would draw the same "
                "shots for every circuit of a batch. Leave tasks.execution=tasks."
            )
        if sweep.tasks.execution == "program_set" and sweep.shots == 0:
            raise ConfigError("tasks.execution=program_set needs shots: a program set cannot be exact.")
        sweep.optimizer.check(self.search(instance, sweep.max_iterations))

    def encode(self, sweep: SweepConfig, fees: Mapping[str, object] = MappingProxyType({})) -> Encoded:
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
                **fees,
            }
        )

    def workload(self, sweep: SweepConfig) -> Workload:
        """Every evaluation of the optimizer and the final one, each with one task for each circuit.

        A quantum task that failed is not billed (`braket.tracking` counts it as nothing), so that trying it
        again adds nothing. Where an answer was lost, and so two tasks may be billed for one circuit, the job
        counts both, and ends before the bound: so the bound holds whatever is tried again.
        """
        instance = sweep.problem.instance()
        schedule = sweep.shots_schedule
        shots = sweep.shots if schedule.kind == "constant" else max(sweep.shots, schedule.first)
        circuits = self.circuits(instance)
        warmup = min(sweep.warmup.iterations, sweep.max_iterations)
        return Workload(
            (sweep.max_iterations - warmup + 1) * circuits,
            shots,
            instance.qubits,
            warmup_tasks=warmup * circuits,
            warmup_shots_per_task=sweep.warmup.shots if warmup else 0,
            enforced=True,
        )

    @abstractmethod
    def circuits(self, instance: Any) -> int:
        """Circuits of one evaluation of the objective."""


@with_options("algorithm.", described(shipped("algorithms"), "vqe"))
class Vqe(Variational):
    """Variational quantum eigensolver for a molecule's electronic Hamiltonian."""

    name: ClassVar[str] = "vqe"
    solves: ClassVar[type[Instance]] = Hamiltonian
    entry_point: str = "algorithms.vqe:main"

    def circuits(self, instance: Any) -> int:
        """One for each group of terms that are measured together."""
        source = Path(self.source_module) if self.source_module else shipped("algorithms")
        return circuits_of_energy(source, instance.terms, self.grouping)

    def search(self, instance: Any, max_iterations: int) -> Search:
        """Every parameter is the angle of one Pauli rotation."""
        rotations = len(self.rotations.split("_"))
        parameters = {
            "ry_cnot_ry": 2 * instance.qubits,
            "ucc": 1,
            "hardware_efficient": (self.layers + 1) * rotations * instance.qubits,
        }
        # Of another ansatz the job alone knows, and refuses what does not fit.
        count = parameters.get(self.ansatz, 0)
        return Search(count, max_iterations, 2 * count, inexact=None, aperiodic=False)


@with_options("algorithm.", described(shipped("algorithms"), "qaoa_maxcut"))
class QaoaMaxcut(Variational):
    """Quantum approximate optimisation of MaxCut with `depth` layers (p in the literature)."""

    name: ClassVar[str] = "qaoa_maxcut"
    solves: ClassVar[type[Instance]] = Graph
    entry_point: str = "algorithms.qaoa_maxcut:main"

    def circuits(self, instance: Any) -> int:
        """All edges are measured in one basis."""
        del instance
        return 1

    def search(self, instance: Any, max_iterations: int) -> Search:
        """Refuses start points that the graph does not have; says where gradients are exact."""
        if self.initial_point == "interp" and (self.angles == "multi" or max_iterations < self.depth):
            raise ConfigError(
                "algorithm.initial_point=interp needs algorithm.angles=standard, and max_iterations of "
                f"algorithm.depth={self.depth} or more."
            )
        if self.initial_point == "fixed":
            self._check_fixed(instance)
        uneven = self.angles == "standard" and len({abs(w) for w in instance.weights or (1.0,)}) > 1
        inexact = "edges of different weights share an angle" if uneven else None
        if self.aggregation != "mean":
            inexact = f"algorithm.aggregation={self.aggregation} is no expectation value"
        per_layer = len(instance.edges) + instance.nodes if self.angles == "multi" else 2
        parameters = self.depth * per_layer
        # As in ExpectedCut.spectra: the order of each polynomial.
        nodes, edges = instance.nodes, len(instance.edges)
        orders = self.depth * edges + (self.depth - 1) * nodes + min(2, nodes)
        shifts = 2 * (parameters if self.angles == "multi" else orders)
        return Search(parameters, max_iterations, shifts, inexact, aperiodic=uneven)

    def _check_fixed(self, graph: Graph) -> None:
        degrees = {sum(node in edge for edge in graph.edges) for node in range(graph.nodes)}
        possible = self.depth == 1 or (degrees == {3} and self.depth <= 5)
        if len(degrees) > 1 or graph.weights is not None or not possible:
            raise ConfigError(
                "algorithm.initial_point=fixed has angles for unweighted regular graphs only: any degree at "
                "algorithm.depth=1, degree 3 up to depth 5."
            )


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
        max_qubits: Most qubits of a circuit, from which follows how long a simulator takes; none for as many
            as the device has. It is the script's promise, and nobody checks it.
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

    def encode(self, sweep: SweepConfig, fees: Mapping[str, object]) -> Encoded:  # noqa: ARG002 - see the class
        """The script's own hyperparameters only."""
        return Encoded(as_sdk_strings(self.hyperparameters), {})

    def workload(self, sweep: SweepConfig) -> Workload | None:  # noqa: ARG002 - see the class
        """As the user says."""
        if self.max_tasks is None or self.max_shots_per_task is None:
            return None
        return Workload(self.max_tasks, self.max_shots_per_task, self.max_qubits)
