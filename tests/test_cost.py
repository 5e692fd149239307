"""Every term of what a job may cost, against amounts worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sweeper.config.algorithm import QaoaMaxcut, Script, Vqe
from sweeper.config.device import Device, Price
from sweeper.config.execution import ShotsSchedule, Tasks, Warmup
from sweeper.config.instance import Instance
from sweeper.config.optimizer import Cobyla
from sweeper.config.root import JobLimits, SweepConfig
from sweeper.errors import ConfigError
from sweeper.job.cost import Cost, cost_of, fees, task_seconds
from sweeper.job.known import Known
from sweeper.job.tasks_seen import TasksSeen
from sweeper.problems import PROBLEMS

from .asked import workload

# Figures that occur nowhere else, so that no term can stand in for another.
QPU = Device(
    "arn:aws:braket:us-east-1::device/qpu/fake/One",
    max_shots=10_000,
    qubits=20,
    price=Price(per_task=0.5, per_shot=0.01, as_of="2026-03-01"),
)
DEAR = replace(
    QPU,
    arn="arn:aws:braket:us-east-1::device/qpu/fake/Dear",
    price=Price(per_task=0.7, per_shot=0.02, source="x"),
)
CHEAP = replace(
    QPU,
    arn="arn:aws:braket:us-east-1::device/qpu/fake/Cheap",
    price=Price(per_task=0.1, per_shot=0.001, source="x"),
)
SV1 = Device(
    "arn:aws:braket:::device/quantum-simulator/fake/sv",
    exact=True,
    qubits=34,
    max_task_seconds=21_600,
    price=Price(per_minute=0.6, minimum_seconds=3.0, as_of="2026-02-01"),
)
DM1 = replace(SV1, arn="arn:aws:braket:::device/quantum-simulator/fake/dm", qubits=17, density_matrix=True)
LOCAL = Device("local:braket/default", exact=True)
INSTANCE = Instance("ml.m5.large", 2, 8.0, usd_per_hour=3.6, volume_gib=72, volume_usd_per_gb_month=0.0)
DEVICES = {one.arn: one for one in (QPU, DEAR, CHEAP, SV1, DM1)}


def config(**changes: Any) -> SweepConfig:
    """VQE of H2, 2 circuits an evaluation; 10 evaluations and the final one; 100 shots; 1000 s."""
    chosen: dict[str, Any] = {
        "algorithm": Vqe(),
        "problem": PROBLEMS["h2"](),
        "device": QPU,
        "optimizer": Cobyla(),
        "instance": INSTANCE,
        "shots": 100,
        "max_iterations": 10,
        "job": JobLimits(max_runtime_seconds=1000),
    }
    return SweepConfig(**{**chosen, **changes})


def script(device: Device = QPU, **changes: Any) -> SweepConfig:
    algorithm = Script(
        "theirs:main", source_module="theirs.py", **{"max_tasks": 7, "max_shots_per_task": 40, **changes}
    )
    return config(algorithm=algorithm, problem=None, device=device)


def of(made: SweepConfig) -> Cost:
    return cost_of(made, workload(made), DEVICES.get)


def told(made: SweepConfig) -> dict[str, object]:
    return fees(made, workload(made), of(made), DEVICES.get)


def test_tasks_and_shots_of_a_qpu() -> None:
    cost = of(config())
    # (10 + 1) evaluations × 2 circuits = 22 tasks; × 100 shots = 2200 shots.
    assert (cost.tasks, cost.shots) == (22, 2200)
    # 22 × 0.50 USD + 2200 × 0.01 USD = 11 + 22.
    assert cost.tasks_usd == pytest.approx(33.0)


def test_the_instance_for_its_longest_runtime() -> None:
    # 3.60 USD/h × 1000 s / 3600 s/h = 1.00 USD.
    assert of(config()).instance_usd == pytest.approx(1.0)
    assert of(config()).usd == pytest.approx(34.0)


def test_storage() -> None:
    volume = replace(INSTANCE, usd_per_hour=0.0, volume_usd_per_gb_month=0.36)
    # 72 GB × 0.36 USD/GB-month / 720 h = 0.036 USD/h; × 1000/3600 h = 0.01 USD.
    assert of(config(instance=volume)).instance_usd == pytest.approx(0.01)
    # With SageMaker's 0.14 USD where nobody has said: 72 × 0.14 / 720 × 1000/3600 = 0.00388… USD.
    unsaid = replace(volume, volume_usd_per_gb_month=None)
    assert of(config(instance=unsaid)).instance_usd == pytest.approx(0.0038888888888888888)


def test_shots_of_a_schedule_count_at_their_most() -> None:
    # 22 tasks × 300 shots × 0.01 USD + 22 × 0.50 USD = 66 + 11.
    schedule = ShotsSchedule("linear", first=300)
    assert of(config(shots_schedule=schedule)).tasks_usd == pytest.approx(77.0)


@pytest.mark.parametrize(
    ("device", "qubits", "seconds"),
    [
        (SV1, 2, 3.0),  # the least that is billed
        (SV1, 22, 3.0),
        (SV1, 23, 6.0),  # every further qubit doubles it
        (SV1, 30, 768.0),  # 3 s × 2^8
        (SV1, 34, 12_288.0),  # 3 s × 2^12
        (replace(SV1, max_task_seconds=1000), 34, 1000.0),  # no longer than the device lets it
        (SV1, None, 12_288.0),  # all 34 of the device
        (DM1, 11, 3.0),  # as a state vector of 22
        (DM1, 12, 12.0),  # 3 s × 2^(24 - 22): a qubit more doubles it twice
        (DM1, 16, 3072.0),  # 3 s × 2^(32 - 22)
        (replace(SV1, price=Price(per_minute=0.6, minimum_seconds=5.0)), 24, 20.0),  # 5 s × 2^2
    ],
)
def test_seconds_of_a_simulator(device: Device, qubits: int | None, seconds: float) -> None:
    assert task_seconds(device, qubits) == seconds


def test_minutes_of_a_simulator() -> None:
    # 22 tasks × 3 s × 0.60 USD/min / 60 s/min = 0.66 USD.
    assert of(config(device=SV1)).tasks_usd == pytest.approx(0.66)
    # MaxCut of 16 nodes on the density matrix: 11 tasks × 3072 s × 0.01 USD/s = 337.92 USD.
    regular = PROBLEMS["regular"](n=16)
    made = config(algorithm=QaoaMaxcut(), problem=regular, device=DM1)
    assert of(made).tasks_usd == pytest.approx(337.92)


def test_the_warm_up_runs_elsewhere_with_its_own_shots() -> None:
    cost = of(config(warmup=Warmup(iterations=4, device=DEAR.arn, shots=1000)))
    # 4 evaluations × 2 circuits there, the other 6 and the final one × 2 circuits here.
    assert cost.tasks == 8 + 14
    # 8 × 1000 + 14 × 100.
    assert cost.shots == 9400
    # There 8 × 0.70 + 8000 × 0.02 = 165.60 USD; here 14 × 0.50 + 1400 × 0.01 = 21 USD.
    assert cost.tasks_usd == pytest.approx(186.6)


def test_a_warm_up_inside_the_job_is_free() -> None:
    cost = of(config(warmup=Warmup(iterations=4)))
    assert cost.tasks_usd == pytest.approx(21.0)  # 14 × 0.50 + 1400 × 0.01


def test_a_warm_up_longer_than_the_search_leaves_the_final_evaluation() -> None:
    cost = of(config(warmup=Warmup(iterations=99, device=CHEAP.arn, shots=100)))
    # There 20 × 0.10 + 2000 × 0.001 = 4 USD; here 2 × 0.50 + 200 × 0.01 = 3 USD.
    assert cost.tasks_usd == pytest.approx(7.0)
    assert cost.tasks == 22


@pytest.mark.parametrize(("fallback", "usd"), [(DEAR, 22 * 0.7 + 2200 * 0.02), (CHEAP, 33.0)])
def test_of_a_device_and_its_fallback_the_dearer_counts(fallback: Device, usd: float) -> None:
    # On the dear one 15.40 + 44 = 59.40 USD; the cheap one can only make it less than 33 USD.
    assert of(config(tasks=Tasks(fallback_device=fallback.arn))).tasks_usd == pytest.approx(usd)


def test_a_fallback_inside_the_job_is_free() -> None:
    assert of(config(tasks=Tasks(fallback_device="local:braket/default"))).tasks_usd == pytest.approx(33.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"tasks": Tasks(fallback_device="arn:aws:braket:::device/qpu/x/Unknown")},
            "tasks.fallback_device=arn",
        ),
        ({"warmup": Warmup(1, "arn:aws:braket:::device/qpu/x/Unknown")}, "warmup.device=arn"),
        ({"warmup": Warmup(1, DEAR.arn, shots=20_000)}, "warmup.shots=20000 is not possible"),
        ({"device": LOCAL, "shots": 0, "tasks": Tasks(fallback_device=DEAR.arn)}, "shots=0 asks for exact"),
        (
            {
                "algorithm": QaoaMaxcut(),
                "problem": PROBLEMS["ring"](n=21),
                "device": LOCAL,
                "tasks": Tasks(fallback_device=DEAR.arn),
            },
            "has 20 qubits, but problem=ring needs 21",
        ),
    ],
)
def test_other_devices_are_held_to_their_own_price_and_caps(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        of(config(**changes))


def test_a_script_says_what_it_asks_for() -> None:
    cost = of(script())
    # 7 × 0.50 + 7 × 40 × 0.01 = 3.50 + 2.80.
    assert (cost.tasks, cost.shots, cost.tasks_usd) == (7, 280, pytest.approx(6.3))
    assert cost.counted
    with pytest.raises(ConfigError, match=r"set algorithm\.max_tasks"):
        of(script(max_tasks=None))


def test_a_script_says_how_many_qubits_it_uses() -> None:
    # 7 tasks × 3 s × 0.01 USD/s; with all 34 qubits of the device 7 × 12 288 s × 0.01 USD/s.
    assert of(script(SV1, max_qubits=1)).tasks_usd == pytest.approx(0.21)
    assert of(script(SV1)).tasks_usd == pytest.approx(860.16)
    with pytest.raises(ConfigError, match=r"algorithm\.max_qubits=35 is not possible"):
        script(SV1, max_qubits=35)


class TestWhatIsNoBound:
    def test_seconds_that_nobody_enforces(self) -> None:
        assert of(script(SV1)).estimates == ("the simulator's seconds",)
        assert of(config(device=SV1)).estimates == ()  # our own jobs stop before their bound
        assert of(config()).estimates == of(script()).estimates == ()

    def test_an_instance_without_a_price(self) -> None:
        cost = of(config(instance=Instance("ml.p2.xlarge", 4, 61.0)))
        assert cost.unbounded is not None
        assert "instance.usd_per_hour" in cost.unbounded
        assert "accept_estimate" not in cost.unbounded  # there is none to accept
        assert cost.instance_usd == 0.0
        impossible = of(config(instance=Instance("ml.p2.xlarge", 4, 61.0, accept_estimate=True)))
        assert impossible.unbounded == cost.unbounded

    def test_another_services_price_until_it_is_accepted(self) -> None:
        instance = Instance(
            "ml.x", 2, 8.0, estimate_usd_per_hour=7.2, estimate_source="SageMaker", volume_gib=1
        )
        cost = of(config(instance=instance))
        # 7.20 USD/h × 1000/3600 h, and 1 GB × 0.14 / 720 × 1000/3600 for the volume.
        assert cost.instance_usd == pytest.approx(2.0 + 0.000054012345679)
        assert "instance.accept_estimate=true" in str(cost.unbounded)
        accepted = of(config(instance=replace(instance, accept_estimate=True)))
        assert accepted.unbounded is None
        assert accepted.estimates == ("the instance's price",)

    def test_the_oldest_price_dates_it(self) -> None:
        dated = replace(INSTANCE, as_of="2026-04-01")
        assert of(config(instance=dated)).priced_on == "2026-03-01"
        assert of(config(instance=dated, tasks=Tasks(fallback_device=SV1.arn))).priced_on == "2026-02-01"
        assert of(config(instance=dated, device=LOCAL)).priced_on == "2026-04-01"


def test_a_job_of_ours_is_told_all_prices_and_its_bound() -> None:
    made = config(device=SV1, tasks=Tasks(fallback_device=DEAR.arn), warmup=Warmup(1, CHEAP.arn, shots=100))
    values = told(made)
    assert values["price.per_minute"] == 0.6
    assert values["price.task_seconds"] == 3.0
    assert values["price.fallback.per_shot"] == 0.02
    assert values["price.warmup.per_task"] == 0.1
    # 20 tasks here or on the fallback: 20 × 0.70 + 2000 × 0.02 = 54; 2 on the warm-up: 0.20 + 0.20.
    assert values["price.bound_usd"] == pytest.approx(54.4)
    assert told(config(device=LOCAL)) == {}
    assert told(script()) == {}


class TestWhatItCostInTheEnd:
    COST = of(script())
    SEEN = TasksSeen(tasks=3, shots=120, seconds=(1.0, 2.0, 3.0))

    def test_the_jobs_own_tracker_counts(self) -> None:
        for key in ("quantum_cost_usd", "braket_tasks_cost", "estimated cost"):
            assert self.COST.of_tasks({key: 1.25, "tasks": 1}) == (1.25, Known.MEASURED)

    @pytest.mark.parametrize("said", ["1.25", True, -1.0, float("nan"), float("inf"), None])
    def test_but_no_nonsense(self, said: object) -> None:
        assert self.COST.of_tasks({"quantum_cost_usd": said}) == (pytest.approx(6.3), Known.AT_MOST)

    def test_what_the_service_counted_counts(self) -> None:
        # 3 × 0.50 + 120 × 0.01 USD.
        assert self.COST.of_tasks({}, self.SEEN) == (pytest.approx(2.7), Known.MEASURED)
        assert self.COST.of_tasks({}, TasksSeen()) == (0.0, Known.MEASURED)
        # Two jobs that share the hybrid job pay half of it each.
        assert self.COST.of_tasks({}, replace(self.SEEN, sharers=2)) == (pytest.approx(1.35), Known.MEASURED)

    def test_a_tracker_that_missed_tasks_is_not_believed(self) -> None:
        assert self.COST.of_tasks({"quantum_cost_usd": 1.0}, self.SEEN) == (
            pytest.approx(2.7),
            Known.MEASURED,
        )

    def test_a_simulators_time_is_no_more_than_from_creation_to_end(self) -> None:
        seen = replace(self.SEEN, seconds=(1.0, 2.0, 60.0))
        # 3 s at least: (3 + 3 + 60) s × 0.01 USD/s.
        assert of(script(SV1)).of_tasks({}, seen) == (pytest.approx(0.66), Known.AT_MOST)

    def test_tasks_on_another_device_have_no_price_here(self) -> None:
        assert self.COST.of_tasks({}, replace(self.SEEN, elsewhere=("arn",))) == (
            pytest.approx(6.3),
            Known.UNPRICED,
        )
        free = of(script(LOCAL))
        assert free.counted
        assert free.of_tasks({}, replace(self.SEEN, elsewhere=("arn",))) == (0.0, Known.UNPRICED)

    def test_the_jobs_own_count_bounds_it(self) -> None:
        # 2 of 7 tasks, each of the dearest kind: 2 × (0.50 + 0.40).
        assert self.COST.of_tasks({"tasks": 2}) == (pytest.approx(1.8), Known.AT_MOST)

    def test_without_any_word_it_is_the_most(self) -> None:
        assert self.COST.of_tasks({}) == (pytest.approx(6.3), Known.AT_MOST)

    def test_tasks_that_are_free_are_known_to_be(self) -> None:
        assert of(config(device=LOCAL)).of_tasks({}) == (0.0, Known.MEASURED)

    def test_a_sum_is_known_as_well_as_its_worst_part(self) -> None:
        assert Known.MEASURED.and_(Known.ESTIMATE) is Known.ESTIMATE
        assert Known.AT_MOST.and_(Known.ESTIMATE) is Known.AT_MOST


class TestWhatBreaksAPromise:
    def test_more_tasks_or_shots_than_said_or_another_device(self) -> None:
        seen = TasksSeen(tasks=7, shots=280)
        assert seen.excess(7, 280) is None
        assert "algorithm.max_tasks allows 6" in str(seen.excess(6, 280))
        assert "allow 279" in str(seen.excess(7, 279))
        assert "arn:other" in str(replace(seen, elsewhere=("arn:other",)).excess(7, 280))


def test_an_older_versions_cost_is_read() -> None:
    old = {"tasks": 1, "shots": 2, "tasks_usd": 3.0, "instance_usd": 4.0}
    assert Cost.from_json(old) == Cost(1, 2, 3.0, 4.0)
