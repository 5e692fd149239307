"""What a job then asks for and is billed never exceeds what was planned, whatever the config."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import EndpointConnectionError
from braket.program_sets import CircuitBinding, ProgramSet
from hypothesis import assume, given
from hypothesis import strategies as st

from algorithms.failures import BoundReachedError, QuantumTaskError
from algorithms.pauli import parse_hamiltonian
from algorithms.results import get_results_dir
from sweeper.config.algorithm import QaoaMaxcut, Vqe
from sweeper.config.device import Device
from sweeper.config.execution import ShotsSchedule, Stop, Tasks, Warmup
from sweeper.config.optimizer import OPTIMIZERS
from sweeper.config.root import SweepConfig
from sweeper.errors import ConfigError
from sweeper.job.cost import Cost, cost_of, fees, task_seconds
from sweeper.problems import PROBLEMS
from sweeper.problems.pauli import Pauli, Term
from tests.samples import share

from .algorithms.fakes import service_error
from .asked import Here, asked_of, workload
from .test_cost import CHEAP, DEAR, DEVICES, DM1, INSTANCE, LOCAL, QPU, SV1

HAMILTONIANS = st.integers(1, 3).flatmap(
    lambda qubits: st.dictionaries(
        st.text("IXYZ", min_size=qubits, max_size=qubits),
        st.sampled_from([-0.61, -0.31, -0.13, 0.0, 0.13, 0.35, 0.61]) | st.floats(-1, 1),
        min_size=1,
        max_size=12,
    )
)


def planned(terms: dict[str, float], grouping: str) -> tuple[int, str]:
    """Circuits of an evaluation by the plan, and the Hamiltonian as it travels."""
    config = SweepConfig(
        algorithm=Vqe(grouping=grouping),  # type: ignore[arg-type]
        problem=Pauli([Term(coefficient, string) for string, coefficient in terms.items()]),
        device=LOCAL,
        optimizer=OPTIMIZERS["cobyla"](),
        instance=INSTANCE,
        max_iterations=4,
    )
    asked = workload(config)
    assert asked is not None
    assert asked.tasks % 5 == 0
    return asked.tasks // 5, config.algorithm.encode(config).whole["hamiltonian"]


class TestCircuits:
    @given(HAMILTONIANS, st.sampled_from(["qubit_wise", "separate"]))
    def test_are_those_that_the_job_runs(self, terms: dict[str, float], grouping: str) -> None:
        circuits, travelling = planned(terms, grouping)
        groups = parse_hamiltonian(travelling).measurement_groups(grouping)
        assert circuits == len(groups)
        # Each term is measured once, in a circuit whose basis has its letters.
        measured = [term for group in groups for term in group.terms]
        assert sorted(term.paulis for term in measured) == sorted(p for p in terms if set(p) != {"I"})
        assert all(
            letter in ("I", of_basis)
            for group in groups
            for term in group.terms
            for letter, of_basis in zip(term.paulis, group.basis, strict=True)
        )

    def test_of_a_hamiltonian_whose_order_of_terms_matters(self) -> None:
        terms = {"YY": -0.31, "YX": -0.59, "IX": 0.35, "XZ": -0.13, "XI": -0.61}
        # By falling weight: XI; YX; IX with XI; YY alone; XZ alone (its Z meets IX's X). In their own order
        # three would do, which the job does not do.
        circuits, travelling = planned(terms, "qubit_wise")
        assert circuits == len(parse_hamiltonian(travelling).measurement_groups()) == 4


@dataclass
class Bill:
    """What a service has run: each task as (device string, shots, seconds)."""

    tasks: list[tuple[str, int, float]] = field(default_factory=list)

    def usd(self) -> float:
        return sum(
            price.per_task
            + shots * price.per_shot
            + price.per_minute * max(seconds, price.minimum_seconds) / 60
            for device, shots, seconds in self.tasks
            for price in [DEVICES[device].price]
        )


@dataclass
class Service:
    """Takes the place of Braket behind the SDK's `AwsDevice`: random outcomes, and troubles by chance.

    Attributes:
        trouble: Probability of each thing that can go wrong with a task.
        slow: How much longer than planned a simulator's task may take.
    """

    seed: int
    trouble: float = 0.0
    slow: float = 1.0
    bill: Bill = field(default_factory=Bill)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def device(self, arn: str) -> SimpleNamespace:
        def run(program: Any, shots: int) -> Any:
            return self.run(arn, program, shots)

        def run_batch(programs: list[Any], shots: list[int]) -> SimpleNamespace:
            return SimpleNamespace(tasks=[self.run(arn, *each) for each in zip(programs, shots, strict=True)])

        return SimpleNamespace(run=run, run_batch=run_batch, status="ONLINE")

    def run(self, arn: str, program: Any, shots: int) -> Any:
        event = self.rng.choice(
            ["fine", "throttled", "failed", "lost"], p=[1 - self.trouble, *[self.trouble / 3] * 3]
        )
        if event == "throttled":
            raise service_error("ThrottlingException")
        of_plan = task_seconds(DEVICES[arn], _qubits(program))
        seconds = float(self.rng.uniform(0, self.slow * of_plan)) if DEVICES[arn].price.per_minute else 0.0
        if event != "failed":  # which nobody pays for
            self.bill.tasks.append((arn, shots, seconds))
        if event == "lost":  # the task exists, and runs; its creator never learns of it
            raise EndpointConnectionError(endpoint_url="https://braket")
        result = self.result(program, shots, seconds)
        state = "FAILED" if event == "failed" else "COMPLETED"
        return SimpleNamespace(
            id=f"arn:aws:braket:us-east-1:000000000000:quantum-task/{self.rng.integers(2**62)}",
            state=lambda: state,
            result=lambda: result if state == "COMPLETED" else None,
            metadata=dict,
        )

    def result(self, program: Any, shots: int, seconds: float) -> Any:
        if isinstance(program, ProgramSet):
            each = shots // len(list(program))
            return [[self.result(one, each, seconds)] for one in program]
        qubits = _qubits(program)
        metadata = SimpleNamespace(simulatorMetadata=SimpleNamespace(executionDuration=1000.0 * seconds))
        if shots == 0:
            return SimpleNamespace(
                values=[self.rng.dirichlet(np.ones(2**qubits))], additional_metadata=metadata
            )
        bits = self.rng.integers(0, 2, (shots, qubits))
        return SimpleNamespace(measurements=bits, additional_metadata=metadata)


def _qubits(program: Any) -> int:
    if isinstance(program, ProgramSet):
        return max(_qubits(one) for one in program)
    circuit = program.circuit if isinstance(program, CircuitBinding) else program
    return int(circuit.qubit_count)


def run_job(config: SweepConfig, cost: Cost, service: Service) -> dict[str, Any]:
    """Run the job of a config in this process: what it saved as its result."""
    told = fees(config, workload(config), cost, DEVICES.get)
    strings = config.algorithm.encode(config).with_more(told).strings
    module = import_module(config.algorithm.entry_point.partition(":")[0])
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        folder = Path(scratch)
        (folder / "hyperparameters.json").write_text(json.dumps({**strings, "retry.first_pause": "0"}))
        for name, value in {
            "HP_FILE": folder / "hyperparameters.json",
            "DEVICE_ARN": config.device.arn,
            "JOB_RESULTS_DIR": folder,
            "INPUT_DIR": folder,
            "JOB_NAME": "job",
        }.items():
            patch.setenv(f"AMZN_BRAKET_{name}", str(value))
        patch.delenv("AMZN_BRAKET_CHECKPOINT_DIR", raising=False)
        patch.setattr("braket.aws.AwsDevice", service.device)
        with contextlib.redirect_stdout(io.StringIO()):
            module.main()
        assert Path(get_results_dir()) == folder
        return dict(json.loads((folder / "results.json").read_text())["dataDictionary"])


def optimizers() -> st.SearchStrategy[Any]:
    plain: list[Any] = [kind() for name, kind in OPTIMIZERS.items() if name != "grid"]
    differences = [type(each)(gradient="finite_differences") for each in plain if hasattr(each, "gradient")]
    return st.sampled_from([*plain, *differences, OPTIMIZERS["grid"](points=2, span=1.0)])


@st.composite
def configs(draw: st.DrawFn) -> SweepConfig:
    """Configs that are not refused."""
    if draw(st.booleans()):
        algorithm: Any = Vqe(
            ansatz=draw(st.sampled_from(["ry_cnot_ry", "ucc", "hardware_efficient"])),
            initial_point=draw(st.sampled_from(["random", "hartree_fock"])),
            layers=draw(st.integers(1, 2)),
            entangler=draw(st.sampled_from(["linear", "ring", "full"])),
            rotations=draw(st.sampled_from(["ry", "ry_rz"])),
            grouping=draw(st.sampled_from(["qubit_wise", "separate"])),
            allocation=draw(st.sampled_from(["uniform", "weighted"])),
        )
        terms = draw(HAMILTONIANS)
        problem: Any = Pauli([Term(coefficient, string) for string, coefficient in terms.items()])
    else:
        algorithm = QaoaMaxcut(
            depth=draw(st.integers(1, 2)),
            initial_point=draw(st.sampled_from(["tutorial", "random", "ramp", "fixed", "interp"])),
            angles=draw(st.sampled_from(["standard", "multi"])),
            aggregation=draw(st.sampled_from(["mean", "cvar", "gibbs"])),
        )
        kind = PROBLEMS[draw(st.sampled_from(["ring", "complete"]))]
        problem = kind(n=draw(st.integers(3, 4)), weights=draw(st.sampled_from(["unit", "uniform"])))
    device: Device = draw(st.sampled_from([QPU, QPU, SV1, DM1]))
    others = st.sampled_from([DEAR, CHEAP, SV1, LOCAL])
    schedule = draw(st.sampled_from(["constant", "constant", "linear", "geometric"]))
    try:
        return SweepConfig(
            algorithm=algorithm,
            problem=problem,
            device=device,
            optimizer=draw(optimizers()),
            instance=INSTANCE,
            shots=draw(st.integers(0 if device.exact else 1, 60)),
            seed=draw(st.integers(0, 5)),
            max_iterations=draw(st.integers(1, 14)),
            stop=Stop(patience=draw(st.sampled_from([None, None, 3]))),
            shots_schedule=ShotsSchedule(schedule, first=draw(st.integers(1, 80))),
            tasks=Tasks(
                execution=draw(st.sampled_from(["tasks", "batch", "program_set"])),
                attempts=draw(st.integers(1, 3)),
                fallback_device=draw(st.none() | others.map(lambda one: one.arn)),
            ),
            warmup=Warmup(draw(st.sampled_from([0, 0, 2, 99])), draw(others).arn, draw(st.integers(1, 90))),
        )
    except ConfigError:
        assume(False)
        raise


RANDOM = share(0.5)


@contextlib.contextmanager
def planned_cost(config: SweepConfig) -> Iterator[Cost]:
    try:
        cost = cost_of(config, workload(config), DEVICES.get)
    except ConfigError:
        assume(False)
        raise
    assume(cost.tasks > 0)  # a Hamiltonian of identities alone has nothing to measure
    yield cost


class TestTheAnswer:
    @RANDOM
    @given(configs(), st.data())
    def test_does_not_depend_on_what_it_says_it_does_not(
        self, config: SweepConfig, data: st.DataObject
    ) -> None:
        ask = Here()
        question = asked_of(config)
        answer = ask(question)
        assume(not answer["refused"])
        others = {
            "seed": ["3"],
            "reference": ["null", "-1.5"],
            "stop.patience": ["9"],
            "stop.tolerance": ["0.5"],
            "retry.attempts": ["7"],
            "retry.first_pause": ["0.1"],
            "nuclear_repulsion": ["2.5"],
            "initial_point": ["random", "hartree_fock"],
            "allocation": ["uniform", "weighted"],
            "cvar_alpha": ["0.9"],
            "gibbs_eta": ["2.0"],
            "optimizer.implementation": ["scipy"],
            "optimizer.a": ["0.3", "null"],
            "optimizer.beta1": ["0.5"],
            "optimizer.beta2": ["0.5"],
            "execution": ["tasks", "batch", "program_set"],
            "warmup.device": ["local:braket/braket_sv"],
            "fallback_device": ["local:braket/braket_sv"],
        }
        free = [name for name in question.hyperparameters if name in answer["regardless_of"]]
        changed = {name: data.draw(st.sampled_from(others.get(name, ["0.07"]))) for name in free}
        assert ask(replace(question, hyperparameters={**question.hyperparameters, **changed})) == answer

    @pytest.mark.parametrize("ansatz", ["ry_cnot_ry", "ucc", "hardware_efficient"])
    def test_takes_no_state_of_all_qubits(self, ansatz: Any) -> None:
        """Whether a device has enough qubits is seen here; 2^60 basis states are more than anybody has."""
        config = SweepConfig(
            algorithm=Vqe(ansatz=ansatz, initial_point="hartree_fock"),
            problem=Pauli([Term(1.0, "Z" * 60), Term(0.5, "X" * 60)]),
            device=LOCAL,
            optimizer=OPTIMIZERS["cobyla"](),
            instance=INSTANCE,
        )
        answer = Here()(asked_of(config))
        assert (answer["qubits"], answer["circuits"]) == (60, 2)


class TestAJob:
    @RANDOM
    @given(configs(), st.integers(0, 10**6))
    def test_asks_for_no_more_than_was_planned(self, config: SweepConfig, seed: int) -> None:
        service = Service(seed)
        with planned_cost(config) as cost:
            result = run_job(config, cost, service)
        assert result["tasks"] <= cost.tasks
        assert result["shots_total"] <= cost.shots
        assert service.bill.usd() <= cost.tasks_usd * (1 + 1e-9)
        if result.get("quantum_cost_usd") is not None:
            assert result["quantum_cost_usd"] == pytest.approx(service.bill.usd())

    @RANDOM
    @given(configs(), st.integers(0, 10**6), st.sampled_from([0.1, 0.4]))
    def test_is_billed_no_more_whatever_goes_wrong(
        self, config: SweepConfig, seed: int, trouble: float
    ) -> None:
        """Tasks that fail, calls that are throttled, and lost answers, after which a task runs twice."""
        service = Service(seed, trouble)
        with planned_cost(config) as cost, contextlib.suppress(QuantumTaskError, BoundReachedError):
            run_job(config, cost, service)
        assert service.bill.usd() <= cost.tasks_usd * (1 + 1e-9)

    def test_stops_before_its_bound_with_the_best_so_far(self) -> None:
        """A simulator that takes three times as long as planned."""
        config = SweepConfig(
            algorithm=Vqe(),
            problem=PROBLEMS["h2"](),
            device=SV1,
            optimizer=OPTIMIZERS["spsa"](),  # SPSA uses all evaluations that there are
            instance=INSTANCE,
            shots=10,
            max_iterations=30,
        )
        cost, service = cost_of(config, workload(config), DEVICES.get), Service(1, slow=3.0)
        result = run_job(config, cost, service)
        assert "Stopped at the bound of the bill" in result["message"]
        assert 2 < result["evaluations"] < 31
        # The tasks that ran when it became clear how long they take are all that could pass the bound.
        assert service.bill.usd() <= cost.tasks_usd
        assert result["quantum_cost_usd"] == pytest.approx(service.bill.usd())

    def test_that_cannot_afford_a_single_evaluation_says_so(self) -> None:
        config = SweepConfig(
            algorithm=Vqe(),
            problem=PROBLEMS["h2"](),
            device=QPU,
            optimizer=OPTIMIZERS["cobyla"](),
            instance=INSTANCE,
        )
        cost = Cost(tasks=122, shots=0, tasks_usd=1.0, instance_usd=0.0)
        with pytest.raises(BoundReachedError, match=r"the bound is 1\.0000 USD"):
            run_job(config, cost, Service(0))
