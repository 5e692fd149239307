"""Running circuits on devices that fail, go offline, cost money or take program sets."""

from __future__ import annotations

import numpy as np
import pytest
from botocore.exceptions import EndpointConnectionError
from braket.circuits import Circuit
from braket.tracking import Tracker, pricing
from braket.tracking.tracking_events import _TaskCompletionEvent, _TaskCreationEvent

from algorithms.accounting import Accounts, Allowance, Price
from algorithms.devices import open_device
from algorithms.executable import Executable
from algorithms.execution import EXECUTIONS
from algorithms.failures import BoundReachedError, DeviceOfflineError, QuantumTaskError, TransientTaskError
from algorithms.measurement import QuantumTasks, Retry

from .fakes import ARN, FakeDevice, service_error

QPU = "arn:aws:braket:::device/qpu/fake"
OTHER = "arn:aws:braket:::device/quantum-simulator/fake"
AT_ONCE = Retry(attempts=3, first_pause=0.0)
FLIPPED = Executable(Circuit().x(0).i(1))
PLAIN = Executable(Circuit().i(0).i(1))


def on(device: FakeDevice, shots: int = 10, **options: object) -> QuantumTasks:
    return QuantumTasks(device, shots, name=QPU, retry=AT_ONCE, **options)  # type: ignore[arg-type]


def bits(outcomes: list[object]) -> list[list[int]]:
    return [outcome.bits.ravel().tolist() for outcome in outcomes]  # type: ignore[attr-defined]


class TestRetry:
    @pytest.mark.parametrize(
        "event",
        [
            "FAILED",
            service_error("ThrottlingException"),
            service_error("InternalServiceException"),
            EndpointConnectionError(endpoint_url="nowhere"),
        ],
        ids=str,
    )
    def test_tries_again_what_is_transient_and_only_that_circuit(self, event: Exception | str) -> None:
        device = FakeDevice([None, event])
        tasks = on(device)
        assert bits(tasks.run([FLIPPED, PLAIN])) == [[1, 0], [0, 0]]
        assert len(device.runs) == 3
        assert tasks.accounts.retries == 1
        # A submission that was refused made no task.
        assert tasks.count == (3 if event == "FAILED" else 2)

    def test_gives_up_after_its_attempts(self) -> None:
        device = FakeDevice(["FAILED"] * 9)
        with pytest.raises(TransientTaskError, match=f"{ARN}2 ended as FAILED"):
            on(device).run([PLAIN])
        assert len(device.runs) == 3

    @pytest.mark.parametrize("event", ["CANCELLED", "FAILED:ValidationException: too many qubits"])
    def test_never_repeats_what_is_cancelled_or_invalid(self, event: str) -> None:
        device = FakeDevice([event])
        with pytest.raises(QuantumTaskError, match="ended as"):
            on(device).run([PLAIN])
        assert len(device.runs) == 1

    @pytest.mark.parametrize("error", [service_error("ValidationException"), ValueError("no such gate")])
    def test_lets_a_mistake_through(self, error: Exception) -> None:
        device = FakeDevice([error])
        with pytest.raises(type(error)):
            on(device, fallback=on(FakeDevice())).run([PLAIN])
        assert len(device.runs) == 1


class TestFallback:
    def pair(self, device: FakeDevice) -> tuple[QuantumTasks, FakeDevice]:
        other, accounts = FakeDevice(), Accounts()
        fallback = QuantumTasks(other, 10, name=OTHER, accounts=accounts, count_as="fallback_tasks")
        return on(device, accounts=accounts, fallback=fallback), other

    def test_takes_over_from_a_device_that_is_offline(self) -> None:
        device = FakeDevice(status="OFFLINE")
        tasks, other = self.pair(device)
        assert bits(tasks.run([FLIPPED, PLAIN])) == [[1, 0], [0, 0]]
        assert (len(device.runs), len(other.runs)) == (0, 2)
        assert (tasks.count, tasks.accounts.fallback_tasks) == (2, 2)

    def test_takes_over_what_is_left_when_the_device_goes_offline(self) -> None:
        device = FakeDevice([None, service_error("DeviceOfflineException")])
        tasks, other = self.pair(device)
        assert bits(tasks.run([FLIPPED, PLAIN])) == [[1, 0], [0, 0]]
        assert (len(device.runs), len(other.runs)) == (2, 1)

    def test_takes_over_for_good_when_the_device_keeps_failing(self) -> None:
        device = FakeDevice(["FAILED"] * 3)
        tasks, other = self.pair(device)
        tasks.run([PLAIN])
        tasks.run([PLAIN])
        assert (len(device.runs), len(other.runs)) == (3, 2)
        assert tasks.accounts.fallback_tasks == 2

    def test_is_not_used_while_all_is_well(self) -> None:
        tasks, other = self.pair(FakeDevice(["FAILED"]))
        tasks.run([PLAIN])
        assert (tasks.fallen_back, other.runs, tasks.accounts.fallback_tasks) == (False, [], 0)

    def test_without_one_an_offline_device_is_an_error(self) -> None:
        with pytest.raises(DeviceOfflineError, match="DeviceOfflineException"):
            on(FakeDevice([service_error("DeviceOfflineException")])).run([PLAIN])


class TestExecution:
    @pytest.mark.parametrize("name", EXECUTIONS)
    def test_gives_each_circuit_its_own_outcomes(self, name: str) -> None:
        device = FakeDevice()
        outcomes = on(device, execute=EXECUTIONS[name]).run([FLIPPED, PLAIN, FLIPPED], [10, 20, 10])
        assert bits(outcomes) == [[1, 0], [0, 0], [1, 0]]
        assert [outcome.shots for outcome in outcomes] == [10, 20, 10]
        assert device.batches == (name == "batch")
        assert len(device.runs) == (2 if name == "program_set" else 3)
        assert sum(shots for _, shots in device.runs) == 40

    def test_a_program_set_samples_the_same_distribution(self) -> None:
        """At 4.5 sigma: a fresh seed would fail once in 150 000 runs."""
        circuit = Executable(Circuit().ry(0, 0.7).cnot(0, 1))
        device = open_device("local:braket/braket_sv", np.random.default_rng(0)).device
        tasks = QuantumTasks(device, 4000, execute=EXECUTIONS["program_set"])
        for outcome in tasks.run([circuit, circuit]):
            share = outcome.mean(outcome.bits[0].astype(float))
            assert abs(share.value - np.sin(0.35) ** 2) < 4.5 * share.stderr
        assert (tasks.count, tasks.shots_total) == (1, 8000)


class TestAccounts:
    PRICE = Price(per_task=0.3, per_shot=0.001, per_minute=0.075, minimum_seconds=3.0)

    def test_add_up_by_the_price_table(self) -> None:
        tasks = on(FakeDevice(milliseconds=12_000), shots=100)
        tasks.run([PLAIN, PLAIN])
        accounts = tasks.accounts
        assert [record.state for record in accounts.records] == ["COMPLETED"] * 2
        assert accounts.simulated_minutes == pytest.approx(24 / 60)
        expected = 2 * (0.3 + 0.1 + 0.075 * 12 / 60)
        assert accounts.cost({QPU: self.PRICE}, None) == pytest.approx(expected)
        # A tracker that has not seen the tasks is no authority.
        assert accounts.cost({QPU: self.PRICE}, Tracker()) == pytest.approx(expected)

    def test_charge_the_least_simulation_time(self) -> None:
        sv1 = Price(0.0, 0.0, 0.075, 3.0)
        assert sv1.of(1000, 0.1) == pytest.approx(0.00375)

    def tracked(self) -> tuple[QuantumTasks, Tracker]:
        """Tasks that Braket's tracker has seen, as it sees those of AwsDevice."""
        tasks, tracker = on(FakeDevice(), shots=100), Tracker()
        tasks.run([PLAIN, PLAIN])
        for record in tasks.accounts.records:
            tracker.receive_event(_TaskCreationEvent(record.arn, 100, True, QPU))
            tracker.receive_event(_TaskCompletionEvent(record.arn, None, "COMPLETED"))
        return tasks, tracker

    def test_prefer_brakets_tracker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With a price list as Braket downloads it: 1 USD a task, 0.5 USD a shot."""
        tasks, tracker = self.tracked()
        where = {"Region Code": "us-east-1", "Device Name": "Fake", "Currency": "USD"}
        task = {**where, "Product Family": "Braket Managed Jobs QPU Task", "PricePerUnit": "1.0"}
        shot = {**where, "Product Family": "Braket Managed Jobs QPU Task Shot", "PricePerUnit": "0.5"}
        monkeypatch.setattr(pricing._pricing, "_price_list", [task, shot])
        pricing.price_search.cache_clear()
        assert tasks.accounts.cost({QPU: self.PRICE}, tracker) == pytest.approx(2 * (1.0 + 100 * 0.5))
        pricing.price_search.cache_clear()

    def test_do_without_a_price_list_that_cannot_be_reached(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tasks, tracker = self.tracked()
        monkeypatch.setattr(pricing._pricing, "_price_list", [])
        monkeypatch.setenv("BRAKET_PRICE_OFFERS_URL", "file:///nowhere")
        assert tasks.accounts.cost({QPU: self.PRICE}, tracker) == pytest.approx(
            2 * (0.3 + 0.1 + 0.075 * 5 / 60)
        )
        assert "price list cannot be used" in capsys.readouterr().out

    def test_do_not_guess_the_price_of_another_device(self) -> None:
        tasks = on(FakeDevice())
        tasks.run([PLAIN])
        assert tasks.accounts.cost({OTHER: self.PRICE}, None) is None
        assert tasks.accounts.cost({}, None) is None

    def test_of_embedded_simulators_are_free_and_without_records(self) -> None:
        device = open_device("local:braket/braket_sv", np.random.default_rng(0)).device
        tasks = QuantumTasks(device, 10, name="local:braket/braket_sv")
        tasks.run([PLAIN])
        assert (tasks.count, tasks.accounts.records) == (1, [])
        assert tasks.accounts.cost({}, None) == 0.0

    def test_survive_a_restart(self) -> None:
        tasks = on(FakeDevice(["FAILED"]))
        tasks.run([PLAIN])
        assert Accounts.from_state(tasks.accounts.state()) == tasks.accounts


class TestAllowance:
    """On a simulator of 0.60 USD a minute, 0.01 USD a second, where a task is taken to need 5 s."""

    PRICE = Price(per_task=0.0, per_shot=0.0, per_minute=0.6, minimum_seconds=3.0, task_seconds=5.0)

    def on(self, device: FakeDevice, bound: float | None, **options: object) -> QuantumTasks:
        accounts = Accounts()
        allowance = Allowance(accounts, {QPU: self.PRICE}, bound)
        return on(device, accounts=accounts, allowance=allowance, **options)

    def test_ends_before_the_task_that_could_exceed_the_bound(self) -> None:
        tasks = self.on(FakeDevice(milliseconds=2000), 0.12)
        # Each is taken for 0.05 USD before it has run, and was billed 3 s, 0.03 USD, afterwards.
        tasks.run([PLAIN])
        tasks.run([PLAIN])
        assert tasks.allowance.committed_usd == pytest.approx(0.06)
        tasks.run([PLAIN])  # 0.06 + 0.05
        with pytest.raises(
            BoundReachedError, match=r"may have cost 0\.0900 USD, the next could cost 0\.0500"
        ):
            tasks.run([PLAIN])
        assert tasks.count == 3

    def test_creates_none_of_several_that_could_exceed_it_together(self) -> None:
        tasks = self.on(FakeDevice(), 0.14)
        with pytest.raises(BoundReachedError, match=r"next could cost 0\.1500"):
            tasks.run([PLAIN, PLAIN, PLAIN])
        assert tasks.count == 0

    def test_learns_from_tasks_that_took_longer(self) -> None:
        tasks = self.on(FakeDevice(milliseconds=8000), 0.15)
        tasks.run([PLAIN])
        with pytest.raises(
            BoundReachedError, match=r"may have cost 0\.0800 USD, the next could cost 0\.0800"
        ):
            tasks.run([PLAIN])

    def test_a_failed_task_is_not_billed_and_its_repetition_allowed(self) -> None:
        tasks = self.on(FakeDevice(["FAILED", "FAILED"], milliseconds=5000), 0.05)
        tasks.run([PLAIN])
        assert tasks.count == 3
        assert tasks.accounts.cost({QPU: self.PRICE}, None) == pytest.approx(0.05)

    def test_a_task_whose_creation_was_not_answered_counts_as_if_it_existed(self) -> None:
        lost = EndpointConnectionError(endpoint_url="nowhere")
        with pytest.raises(BoundReachedError, match=r"may have cost 0\.0500"):
            self.on(FakeDevice([lost]), 0.09).run([PLAIN])
        tasks = self.on(FakeDevice([lost]), 0.1)
        tasks.run([PLAIN])
        assert tasks.accounts.unclear_usd == pytest.approx(0.05)

    def test_a_refused_creation_counts_nothing(self) -> None:
        tasks = self.on(FakeDevice([service_error("ThrottlingException")]), 0.05)
        tasks.run([PLAIN])
        assert tasks.accounts.unclear_usd == 0.0

    def test_keeps_enough_for_the_final_evaluation(self) -> None:
        tasks = self.on(FakeDevice(), 0.14)
        tasks.allowance.kept = [(QPU, [10, 10])]
        with pytest.raises(BoundReachedError, match=r"0\.1000 are kept for the final evaluation"):
            tasks.run([PLAIN])
        tasks.allowance.kept = ()
        tasks.run([PLAIN, PLAIN])

    def test_without_a_bound_nothing_is_refused(self) -> None:
        assert self.on(FakeDevice(), None).run([PLAIN] * 5)
