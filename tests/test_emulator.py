"""The emulator of Amazon Braket, held against the unmodified SDK and AWS's documentation."""

from __future__ import annotations

import functools
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from braket_emulator import Emulator, EmulatorSettings, Fault, FaultKind, Rate, StubProgram
from braket_emulator.calls import Caller
from braket_emulator.protocol import BadAnswerError, Protocol

PATIENCE_SECONDS = 600
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
TN1 = "arn:aws:braket:::device/quantum-simulator/amazon/tn1"
GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
FORTE = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1"
FORTE_1 = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1"
IMAGE = "292282985366.dkr.ecr.us-east-1.amazonaws.com/amazon-braket-base-jobs:latest"
BUCKET = "amazon-braket-us-east-1-123456789012"

STUBS = EmulatorSettings(rates={}, stub=StubProgram(0.0), max_concurrent_jobs=1000)
LASTING_STUBS = replace(STUBS, stub=StubProgram(600.0))

PROGRAM = """
import json, os, subprocess, sys, time
from pathlib import Path
from braket.jobs import get_checkpoint_dir, get_hyperparameters, get_input_data_dir, get_job_name
from braket.jobs import save_job_checkpoint, save_job_result
from braket.jobs.metrics import log_metric

def main():
    print("ψ on standard output")
    print("and on standard error", file=sys.stderr)
    log_metric("cost", 0.5, iteration_number=0)
    save_job_result({
        "hyperparameters": get_hyperparameters(),
        "folder": os.getcwd(),
        "environment": {name: text for name, text in os.environ.items() if name.startswith("AMZN_")},
    })

def typed(angle: float, label):
    save_job_result({"angle": angle, "label": label})

def fails():
    save_job_result({"partial": 1})
    raise RuntimeError("broken")

def exits():
    sys.exit(3)

def imports_the_project():
    import algorithms

def reads_input():
    save_job_result({path.name: path.read_text() for path in Path(get_input_data_dir("graphs")).iterdir()})

def counts_on():
    path = Path(get_checkpoint_dir()) / "count.json"
    count = json.loads(path.read_text()) + 1 if path.exists() else 1
    path.write_text(json.dumps(count))
    save_job_result({"count": count})

def lasts():
    child = subprocess.Popen(["sleep", "600"])
    print("child", child.pid)
    Path(get_checkpoint_dir(), "state.json").write_text("1")
    time.sleep(600)

def runs_a_task():
    from braket.aws import AwsDevice
    from braket.circuits import Circuit
    task = AwsDevice(os.environ["AMZN_BRAKET_DEVICE_ARN"]).run(Circuit().h(0), shots=10)
    save_job_result({"shots": sum(task.result().measurement_counts.values())})
"""


@functools.cache
def session() -> boto3.Session:
    """One for all tests, as it parses the service models anew."""
    return boto3.Session()


def client(service: str = "braket", region: str = "us-east-1", **config: Any) -> Any:
    """A boto3 client as a user has it, but without retries, which hide what is tested here."""
    return session().client(
        service, region_name=region, config=Config(retries={"total_max_attempts": 1}, **config)
    )


def job_request(**changes: Any) -> dict[str, Any]:
    return {
        "jobName": "a-job",
        "clientToken": os.urandom(16).hex(),
        "algorithmSpecification": {
            "scriptModeConfig": {
                "entryPoint": "program:main",
                "s3Uri": f"s3://{BUCKET}/source.tar.gz",
                "compressionType": "GZIP",
            },
            "containerImage": {"uri": IMAGE},
        },
        "outputDataConfig": {"s3Path": f"s3://{BUCKET}/jobs/a-job/data"},
        "instanceConfig": {"instanceType": "ml.m5.large", "volumeSizeInGb": 30, "instanceCount": 1},
        "roleArn": "arn:aws:iam::123456789012:role/service-role/AmazonBraketJobsExecutionRole",
        "deviceConfig": {"device": "local:braket/default"},
        "hyperParameters": {"shots": "100"},
    } | changes


@contextmanager
def opened(settings: EmulatorSettings) -> Iterator[Emulator]:
    """An emulator whose environment this process has, with the bucket that jobs write to."""
    with pytest.MonkeyPatch.context() as patch, Emulator(settings) as emulator:
        for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "BRAKET_ENDPOINT", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        client("s3").create_bucket(Bucket=BUCKET)
        emulator.reset()
        yield emulator
        assert emulator.internal_errors == []


Open = Callable[[EmulatorSettings], Emulator]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's `result()` leaves an archive in the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def open_emulator() -> Iterator[Open]:
    """Opens an emulator for one test."""
    contexts = []

    def start(settings: EmulatorSettings) -> Emulator:
        contexts.append(opened(settings))
        return contexts[-1].__enter__()

    yield start
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.fixture(scope="class")
def containers() -> Iterator[Emulator]:
    """Runs the jobs' own programs."""
    with opened(EmulatorSettings(rates={}, max_concurrent_jobs=20, checkpoint_sync_seconds=0.1)) as emulator:
        yield emulator


@pytest.fixture(scope="class")
def stubs() -> Iterator[Emulator]:
    """Its jobs end at once."""
    with opened(STUBS) as emulator:
        yield emulator


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := holds()):
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.01)
    return value


def ended(braket: Any, arn: str) -> dict[str, Any]:
    """GetJob's answer once the job has ended."""

    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = braket.get_job(jobArn=arn)
        return job if job["status"] in ("COMPLETED", "FAILED", "CANCELLED") else None

    found: dict[str, Any] = until(look)
    return found


def error_code(call: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def event_types(job: dict[str, Any]) -> list[str]:
    return [event["eventType"] for event in job["events"]]


def archive_of(job: dict[str, Any]) -> bytes:
    bucket, _, prefix = job["outputDataConfig"]["s3Path"].removeprefix("s3://").partition("/")
    found = boto3.client("s3").get_object(Bucket=bucket, Key=f"{prefix}/output/model.tar.gz")
    content: bytes = found["Body"].read()
    return content


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


class TestHybridJobs:
    """Jobs that really run, created through the SDK."""

    @pytest.fixture
    def create(self, containers: Emulator, tmp_path: Path) -> Iterator[Callable[..., Any]]:
        from braket.aws import AwsQuantumJob

        (tmp_path / "program.py").write_text(PROGRAM)

        def create(function: str, **arguments: Any) -> Any:
            return AwsQuantumJob.create(
                **{
                    "device": "local:braket/default",
                    "source_module": str(tmp_path / "program.py"),
                    "entry_point": f"program:{function}",
                }
                | arguments
            )

        containers.reset()
        yield create
        containers.reset()

    @staticmethod
    def end(job: Any) -> dict[str, Any]:
        until(lambda: job.state() in job.TERMINAL_STATES)
        metadata: dict[str, Any] = job.metadata()
        return metadata

    @staticmethod
    def log(job: Any) -> list[str]:
        logs = boto3.client("logs")
        group = "/aws/braket/jobs"
        prefix = f"{job.name}/{job.arn.rpartition('/')[2]}/"
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
        assert [stream["logStreamName"].partition("/algo-1-")[0] + "/" for stream in streams] == [prefix]
        events = logs.get_log_events(
            logGroupName=group, logStreamName=streams[0]["logStreamName"], startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    def test_the_sdk_cannot_tell(
        self, containers: Emulator, create: Callable[..., Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        job = create("main", hyperparameters={"shots": 100, "flag": True}, tags={"sweep": "s1"})
        metadata = self.end(job)
        assert metadata["status"] == "COMPLETED"
        assert event_types(metadata) == [
            *("QUEUED_FOR_EXECUTION", "STARTING_INSTANCE", "DOWNLOADING_DATA", "RUNNING"),
            *("UPLOADING_RESULTS", "COMPLETED"),
        ]
        assert metadata["billableDuration"] >= 1
        assert metadata["createdAt"] <= metadata["startedAt"] <= metadata["endedAt"]
        assert metadata["hyperParameters"] == {"shots": "100", "flag": "True"}
        assert job.queue_position().queue_position is None

        result = job.result()
        assert result["hyperparameters"] == {"shots": "100", "flag": "True"}
        variables = result["environment"]
        assert result["folder"].endswith("/opt/braket/code/customer_code/extracted")
        assert variables["AMZN_BRAKET_JOB_NAME"] == job.name
        assert variables["AMZN_BRAKET_DEVICE_ARN"] == "local:braket/default"
        assert variables["AMZN_BRAKET_OUT_S3_BUCKET"] == BUCKET
        assert variables["AMZN_BRAKET_SCRIPT_ENTRY_POINT"] == "program:main"
        assert variables["AMZN_BRAKET_SCRIPT_COMPRESSION_TYPE"] == "GZIP"
        # As the SDK's own local job has it; what the service sets is not documented.
        assert (
            f"s3://{BUCKET}/{variables['AMZN_BRAKET_JOB_RESULTS_S3_PATH']}"
            == f"{metadata['outputDataConfig']['s3Path']}/{job.name}/output"
        )

        lines = self.log(job)
        assert {"ψ on standard output", "and on standard error"} <= set(lines)
        (metric,) = [line for line in lines if line.startswith("Metrics - ")]
        assert metric.endswith("; cost=0.5; iteration_number=0;")
        job.logs(poll_interval_seconds=0)
        assert "ψ on standard output" in capsys.readouterr().out
        operations = [call.operation for call in containers.calls if call.caller is Caller.CLIENT]
        assert operations[:5] == [
            "iam:ListRoles",
            "sts:GetCallerIdentity",
            "s3:CreateBucket",
            "s3:PutObject",
            "CreateJob",
        ]

    def test_hyperparameters_that_fit_the_signature_are_cast(self, create: Callable[..., Any]) -> None:
        job = create("typed", hyperparameters={"angle": 0.5, "label": 1})
        self.end(job)
        assert job.result() == {"angle": 0.5, "label": "1"}

    @pytest.mark.parametrize(
        ("function", "reason"),
        [
            ("fails", "AlgorithmError: RuntimeError: broken"),
            ("exits", None),
            ("does_not_exist", None),
            # What the project has installed on this machine is not in the container.
            ("imports_the_project", "AlgorithmError: ModuleNotFoundError: No module named 'algorithms'"),
        ],
    )
    def test_failures_have_the_reasons_that_the_container_leaves(
        self, create: Callable[..., Any], function: str, reason: str | None
    ) -> None:
        job = create(function)
        metadata = self.end(job)
        assert metadata["status"] == "FAILED"
        assert metadata.get("failureReason") == reason
        assert job.result() == ({"partial": 1} if function == "fails" else {})

    def test_a_module_runs_as_a_script(self, create: Callable[..., Any], tmp_path: Path) -> None:
        folder = tmp_path / "package"
        folder.mkdir()
        (folder / "script.py").write_text("print(f'I am {__name__}')\n1 / 0\n")
        (folder / "requirements.txt").write_text("some-package==1.0\n")
        job = create("", source_module=str(folder), entry_point="package.script")
        assert self.end(job)["failureReason"] == "AlgorithmError: ZeroDivisionError: division by zero"
        lines = self.log(job)
        assert "I am __main__" in lines
        assert "Would install package/requirements.txt: some-package==1.0" in lines

    @pytest.mark.usefixtures("containers")
    def test_a_source_that_is_not_there_fails_the_job(self) -> None:
        braket = client()
        arn = braket.create_job(**job_request())["jobArn"]
        job = ended(braket, arn)
        assert job["status"] == "FAILED"
        assert job["failureReason"].startswith("AlgorithmError: Unable to download code.")

    @pytest.mark.usefixtures("containers")
    def test_a_bucket_that_is_not_there_fails_the_job(self) -> None:
        braket = client()
        nowhere = {"s3Path": "s3://amazon-braket-nowhere/jobs"}
        arn = braket.create_job(**job_request(outputDataConfig=nowhere))["jobArn"]
        assert "NoSuchBucket" in ended(braket, arn)["failureReason"]

    def test_input_data_arrives_by_channel(self, create: Callable[..., Any], tmp_path: Path) -> None:
        (tmp_path / "ring.txt").write_text("0 1")
        job = create("reads_input", input_data={"graphs": str(tmp_path / "ring.txt")})
        self.end(job)
        assert job.result() == {"ring.txt": "0 1"}

    def test_checkpoints_are_copied_out_and_into_the_next_job(self, create: Callable[..., Any]) -> None:
        first = create("counts_on")
        self.end(first)
        second = create("counts_on", copy_checkpoints_from_job=first.arn)
        self.end(second)
        assert second.result() == {"count": 2}

    def test_a_job_ends_at_its_time_limit(self, create: Callable[..., Any]) -> None:
        from braket.jobs.config import StoppingCondition

        metadata = self.end(create("lasts", stopping_condition=StoppingCondition(maxRuntimeInSeconds=1)))
        assert metadata["status"] == "FAILED"
        assert "failureReason" not in metadata
        assert event_types(metadata)[-3:] == ["MAX_RUNTIME_EXCEEDED", "UPLOADING_RESULTS", "FAILED"]

    def test_cancelling_ends_all_processes_of_a_running_job(self, create: Callable[..., Any]) -> None:
        job = create("lasts")
        s3 = boto3.client("s3")
        checkpoints = job.metadata()["checkpointConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        # While it runs: its checkpoint is in S3, its output in the log.
        until(lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{checkpoints}/state").get("Contents"))
        (line,) = until(lambda: [line for line in self.log(job) if line.startswith("child")])
        assert job.cancel() in ("CANCELLING", "CANCELLED")
        assert self.end(job)["status"] == "CANCELLED"
        until(lambda: gone(int(line.split()[1])))
        assert error_code(job.cancel) == ("ConflictException", 409)

    def test_a_job_is_cancelled_from_the_console(
        self, containers: Emulator, create: Callable[..., Any]
    ) -> None:
        containers.inject(Fault("RunJob", FaultKind.CONSOLE_CANCEL, seconds=0.2))
        assert self.end(create("lasts"))["status"] == "CANCELLED"

    def test_a_job_can_lose_its_instance(self, containers: Emulator, create: Callable[..., Any]) -> None:
        containers.inject(Fault("RunJob", FaultKind.JOB_KILLED, seconds=0.2))
        metadata = self.end(create("lasts"))
        assert metadata["status"] == "FAILED"
        assert metadata["failureReason"].startswith("InternalServerError")

    def test_quantum_tasks_of_a_job_are_linked_to_it(self, create: Callable[..., Any]) -> None:
        job = create("runs_a_task", device=SV1)
        self.end(job)
        assert job.result() == {"shots": 10}
        (task,) = job.get_tasks()
        assert task.metadata()["jobArn"] == job.arn
        assert task.metadata()["outputS3Directory"].startswith(f"jobs/{job.name}/tasks/")

    def test_a_warm_container_starts_in_no_time(self, create: Callable[..., Any]) -> None:
        self.end(create("typed"))
        job = self.end(create("typed"))
        moments = {event["eventType"]: event["timeOfEvent"] for event in job["events"]}
        # From the queue to the end of a program that does nothing. To import the SDK alone takes longer.
        assert moments["UPLOADING_RESULTS"] - moments["QUEUED_FOR_EXECUTION"] < timedelta(seconds=3)


@pytest.mark.usefixtures("stubs")
class TestQuantumTasks:
    """Quantum tasks created through the SDK."""

    @pytest.mark.parametrize("shots", [0, 2000])
    def test_results_equal_theory_and_the_tracker_prices_them(self, shots: int) -> None:
        from braket.aws import AwsDevice
        from braket.circuits import Circuit, Observable
        from braket.tracking import Tracker

        circuit = Circuit().ry(0, 0.6).cnot(0, 1).expectation(Observable.Z(0))
        circuit.expectation(Observable.Z(0) @ Observable.Z(1))
        with Tracker() as tracker:
            result = AwsDevice(SV1).run(circuit, shots=shots).result()
        assert result.values[0] == pytest.approx(0.8253, abs=1e-4 if shots == 0 else 0.06)
        assert result.values[1] == pytest.approx(1.0)
        assert float(tracker.simulator_tasks_cost()) == pytest.approx(0.00375)

    def test_hardware_is_found_in_its_region_and_priced(self) -> None:
        from braket.aws import AwsDevice
        from braket.circuits import Circuit
        from braket.tracking import Tracker

        device = AwsDevice(GARNET)
        assert device.is_available
        with Tracker() as tracker:
            task = device.run(Circuit().h(0).cnot(0, 1), shots=1000)
            assert set(task.result().measurement_counts) == {"00", "11"}
        assert task.id.split(":")[3] == "eu-north-1"
        assert float(tracker.qpu_tasks_cost()) == pytest.approx(0.30 + 1000 * 0.00145)

    @pytest.mark.parametrize("device", ["dm1", "Garnet", "Emerald", "Ibex-Q1", "Cepheus-1-108Q", "Forte-1"])
    def test_capabilities_are_what_the_sdk_expects(self, stubs: Emulator, device: str) -> None:
        from braket.aws import AwsDevice

        (arn,) = {known.arn for known in stubs.settings.devices if known.arn.endswith(f"/{device}")}
        found = AwsDevice(arn)
        assert found.properties.service.shotsRange[1] >= 1000
        assert found.properties.paradigm.qubitCount >= 12
        assert found.status == ("OFFLINE" if device == "Forte-1" else "ONLINE")

    def test_program_sets_run_on_hardware_only(self) -> None:
        from braket.aws import AwsDevice
        from braket.circuits import Circuit
        from braket.program_sets import ProgramSet

        programs = ProgramSet([Circuit().i(0), Circuit().x(0)], shots_per_executable=10)
        result = AwsDevice(GARNET).run(programs).result()
        assert [dict(result[index][0].counts) for index in (0, 1)] == [{"0": 10}, {"1": 10}]
        assert error_code(lambda: AwsDevice(SV1).run(programs)) == ("ValidationException", 400)

    @pytest.mark.parametrize(
        ("arn", "shots", "error"),
        [
            (SV1, 50_001, ("ValidationException", 400)),
            (FORTE, 0, ("ValidationException", 400)),
            (FORTE, 99, ("ValidationException", 400)),
            (FORTE_1, 100, ("DeviceOfflineException", 424)),
            (TN1, 100, ("DeviceRetiredException", 410)),
        ],
    )
    def test_what_a_device_does_not_take(self, arn: str, shots: int, error: tuple[str, int]) -> None:
        from braket.aws import AwsDevice
        from braket.circuits import Circuit

        device, circuit = AwsDevice(arn), Circuit().h(0).probability()
        assert error_code(lambda: device.run(circuit, shots=shots)) == error

    def test_there_are_no_simulators_in_stockholm(self) -> None:
        from braket.aws import AwsDevice, AwsSession

        session = AwsSession(boto3.Session(region_name="eu-north-1"))
        with pytest.raises(ValueError, match="not found in 'eu-north-1'"):
            AwsDevice(SV1, aws_session=session)

    def test_a_program_that_cannot_run_fails(self) -> None:
        from braket.aws import AwsDevice
        from braket.ir.openqasm import Program

        task = AwsDevice(SV1).run(Program(source="OPENQASM 3.0; no_such_gate q;"), shots=10)
        assert task.result() is None
        assert task.state() == "FAILED"

    def test_a_spending_limit_stops_tasks(self) -> None:
        from braket.aws import AwsDevice
        from braket.circuits import Circuit

        braket = client()
        arn = braket.create_spending_limit(deviceArn=FORTE, spendingLimit="10.00")["spendingLimitArn"]
        device = AwsDevice(FORTE)
        task = device.run(Circuit().h(0), shots=100)  # 8.30 USD
        assert error_code(lambda: device.run(Circuit().h(0), shots=100)) == ("ValidationException", 400)
        task.result()
        (limit,) = braket.search_spending_limits()["spendingLimits"]
        assert float(limit["totalSpend"]) == pytest.approx(8.30)
        braket.update_spending_limit(spendingLimitArn=arn, spendingLimit="20")
        assert device.run(Circuit().h(0), shots=100).result() is not None
        braket.delete_spending_limit(spendingLimitArn=arn)
        assert braket.search_spending_limits()["spendingLimits"] == []


@pytest.mark.usefixtures("stubs")
class TestRequests:
    """What single requests are answered."""

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"jobName": "under_score"}, "regular expression pattern"),
            ({"jobName": "x" * 51}, "length less than or equal to 50"),
            ({"hyperParameters": {"x": "y" * 2501}}, "length less than or equal to 2500"),
            ({"hyperParameters": {"x": ""}}, "length greater than or equal to 1"),
            ({"hyperParameters": {"x": "two\nlines"}}, "regular expression pattern"),
            ({"hyperParameters": {f"x{n}": "1" for n in range(101)}}, "length less than or equal to 100"),
            ({"clientToken": "t" * 65}, "length less than or equal to 64"),
            (
                {"instanceConfig": {"instanceType": "ml.bogus", "volumeSizeInGb": 1}},
                "enum value set",
            ),
            ({"instanceConfig": {"instanceType": "ml.m5.large"}}, "must not be null"),
            ({"stoppingCondition": {"maxRuntimeInSeconds": 14 * 24 * 3600}}, "less than or equal to 432000"),
            ({"stoppingCondition": {"maxRuntimeInSeconds": "60"}}, "type integer"),
            ({"roleArn": "arn:aws:iam::123456789:role/x"}, "regular expression pattern"),
            ({"deviceConfig": {"device": "sv1"}}, "neither an ARN nor local:"),
            ({"deviceConfig": {"device": GARNET}}, "does not exist in us-east-1"),
        ],
    )
    def test_what_the_model_forbids_is_refused(self, changes: dict[str, Any], complaint: str) -> None:
        braket = client(parameter_validation=False)
        with pytest.raises(ClientError, match=complaint) as caught:
            braket.create_job(**job_request(**changes))
        assert caught.value.response["Error"]["Code"] == "ValidationException"

    def test_answers_are_checked_as_strictly(self) -> None:
        protocol = Protocol()
        operation, _ = protocol.find("PUT", "/job/arn/cancel")
        arn = "arn:aws:braket:us-east-1:123456789012:job/x"
        good = {"jobArn": arn, "cancellationStatus": "CANCELLED"}
        assert protocol.write(operation, good)[0] == 200
        for change in ({"cancellationStatus": "GONE"}, {"jobArn": "x"}, {"jobArn": None}, {"more": 1}):
            with pytest.raises(BadAnswerError):
                protocol.write(operation, good | change)

    def test_other_refusals(self) -> None:
        braket = client()
        offline, retired = {"deviceConfig": {"device": FORTE_1}}, {"deviceConfig": {"device": TN1}}
        foreign = {"roleArn": "arn:aws:iam::000000000000:role/service-role/AmazonBraketJobsExecutionRole"}
        unknown = "arn:aws:braket:us-east-1:123456789012:job/unknown"
        for call, error in (
            (lambda: braket.create_job(**job_request(**offline)), ("DeviceOfflineException", 424)),
            (lambda: braket.create_job(**job_request(**retired)), ("DeviceRetiredException", 410)),
            (lambda: braket.create_job(**job_request(**foreign)), ("AccessDeniedException", 403)),
            (lambda: braket.get_job(jobArn=unknown), ("ResourceNotFoundException", 404)),
        ):
            assert error_code(call) == error

    def test_who_does_not_sign_properly_is_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody-else")
        braket = boto3.Session().client("braket")
        assert error_code(lambda: braket.search_jobs(filters=[])) == ("UnrecognizedClientException", 403)

    def test_tags_can_be_changed(self) -> None:
        braket = client()
        arn = braket.create_job(**job_request(tags={"a": "1", "b": "2"}))["jobArn"]
        braket.tag_resource(resourceArn=arn, tags={"c": "3"})
        braket.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert braket.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2", "c": "3"}

    def test_devices_are_searched_by_region_and_status(self) -> None:
        braket = client(region="eu-north-1")
        filters = [{"name": "deviceStatus", "values": ["ONLINE"]}]
        names = {device["deviceName"] for device in braket.search_devices(filters=filters)["devices"]}
        assert names == {"Garnet", "Emerald", "Ibex-Q1"}


class TestControlPlane:
    """CreateJob and its kin, with stubs for the jobs' programs."""

    def test_a_client_token_makes_creation_idempotent(self, open_emulator: Open, tmp_path: Path) -> None:
        emulator = open_emulator(LASTING_STUBS)
        from braket.aws import AwsSession
        from braket.jobs.quantum_job_creation import prepare_quantum_job

        (tmp_path / "program.py").write_text(PROGRAM)
        session = AwsSession()
        request = prepare_quantum_job(
            device="local:braket/default",
            source_module=str(tmp_path / "program.py"),
            entry_point="program:main",
            aws_session=session,
        )
        arn = session.create_job(clientToken="sweep-1-key-1", **request)
        assert session.create_job(clientToken="sweep-1-key-1", **request) == arn
        other = request | {"hyperParameters": {"shots": "2"}}
        assert error_code(lambda: session.create_job(clientToken="sweep-1-key-1", **other)) == (
            "ConflictException",
            409,
        )
        assert len(emulator.jobs) == 1

    def test_more_calls_than_the_burst_are_throttled(self, open_emulator: Open) -> None:
        settings = replace(LASTING_STUBS, rates={"GetJob": Rate(1, 5)}, time_scale=2.0)
        emulator = open_emulator(settings)
        braket = client()
        arn = braket.create_job(**job_request())["jobArn"]
        begun = time.monotonic()
        for _ in range(5):
            braket.get_job(jobArn=arn)
        assert error_code(lambda: braket.get_job(jobArn=arn)) == ("ThrottlingException", 429)

        def refilled() -> bool:
            try:
                braket.get_job(jobArn=arn)
            except braket.exceptions.ThrottlingException:
                return False
            return True

        until(refilled)
        assert time.monotonic() - begun >= 2.0  # real seconds, one emulated
        statuses = Counter(call.status for call in emulator.calls if call.operation == "GetJob")
        assert statuses[200] == 6

    def test_a_fourth_concurrent_job_is_over_the_quota(self, open_emulator: Open) -> None:
        open_emulator(replace(LASTING_STUBS, max_concurrent_jobs=3))
        braket = client()
        requests = [job_request() for _ in range(3)]
        arns = [braket.create_job(**request)["jobArn"] for request in requests]
        assert error_code(lambda: braket.create_job(**job_request())) == (
            "ServiceQuotaExceededException",
            402,
        )
        # A repeated request is no new job, and other regions have quotas of their own.
        assert braket.create_job(**requests[0])["jobArn"] == arns[0]
        client(region="us-west-2").create_job(**job_request())
        braket.cancel_job(jobArn=arns[0])
        ended(braket, arns[0])
        braket.create_job(**job_request())

    def test_hundreds_of_jobs_pass_through_the_quota_in_seconds(self, open_emulator: Open) -> None:
        emulator = open_emulator(
            EmulatorSettings(rates={}, stub=StubProgram(60.0), startup_seconds=60.0, seconds_per_call=60.0)
        )
        braket = client()
        waiting = [job_request(jobName=f"job-{number}") for number in range(300)]

        def submit() -> bool:
            try:
                braket.create_job(**waiting[-1])
            except braket.exceptions.ServiceQuotaExceededException:
                return False
            waiting.pop()
            return not waiting

        def all_completed() -> bool:
            emulator.advance(60.0)
            return all(job.status == "COMPLETED" for job in emulator.jobs)

        until(submit)
        until(all_completed)
        assert len(emulator.jobs) == 300

    def test_a_search_goes_page_by_page(self, open_emulator: Open) -> None:
        open_emulator(replace(STUBS, queue_seconds=600))
        braket = client()
        names = [f"job-{number}" for number in range(250)]
        half = None
        for name in names:
            braket.create_job(**job_request(jobName=name))
            half = half or (name == "job-124" and datetime.now(UTC))
        paginator = braket.get_paginator("search_jobs")
        pages = list(paginator.paginate(filters=[], PaginationConfig={"PageSize": 100}))
        assert [len(page["jobs"]) for page in pages] == [100, 100, 50]
        assert [job["jobName"] for page in pages for job in page["jobs"]] == names[::-1]

        first = braket.search_jobs(filters=[], maxResults=10)
        braket.create_job(**job_request(jobName="latecomer"))
        second = braket.search_jobs(filters=[], maxResults=10, nextToken=first["nextToken"])
        assert second["jobs"][0]["jobName"] == "job-239"

        assert half
        since = [{"name": "createdAt", "operator": "GT", "values": [half.isoformat()]}]
        assert len(list(paginator.paginate(filters=since).search("jobs"))) == 126
        arn = pages[0]["jobs"][0]["jobArn"]
        one = [{"name": "jobArn", "operator": "EQUAL", "values": [arn]}]
        assert [job["jobArn"] for job in braket.search_jobs(filters=one)["jobs"]] == [arn]
        for bad in (
            {"filters": [{"name": "jobName", "operator": "CONTAINS", "values": ["job"]}]},
            {"filters": [], "nextToken": "never given out"},
            {"filters": [], "maxResults": 101},
        ):
            assert error_code(lambda bad=bad: braket.search_jobs(**bad)) == ("ValidationException", 400)

    def test_a_queued_job_is_cancelled_without_having_run(self, open_emulator: Open) -> None:
        open_emulator(replace(STUBS, queue_seconds=600))
        braket = client()
        arn = braket.create_job(**job_request())["jobArn"]
        job = braket.get_job(jobArn=arn, additionalAttributeNames=["QueueInfo"])
        assert (job["status"], job["queueInfo"]["position"]) == ("QUEUED", "1")
        braket.cancel_job(jobArn=arn)
        job = ended(braket, arn)
        assert job["status"] == "CANCELLED"
        assert "startedAt" not in job
        assert "billableDuration" not in job

    def test_a_qpu_takes_one_job_at_a_time(self, open_emulator: Open) -> None:
        open_emulator(LASTING_STUBS)
        braket = client()
        first, second = (
            braket.create_job(**job_request(deviceConfig={"device": FORTE}))["jobArn"] for _ in range(2)
        )
        until(lambda: braket.get_job(jobArn=first)["status"] == "RUNNING")
        waiting = braket.get_job(jobArn=second, additionalAttributeNames=["QueueInfo"])
        assert (waiting["status"], waiting["queueInfo"]["position"]) == ("QUEUED", "2")
        braket.cancel_job(jobArn=first)
        until(lambda: braket.get_job(jobArn=second)["status"] == "RUNNING")

    def test_a_stub_may_fail_and_bills_emulated_seconds(self, open_emulator: Open) -> None:
        def outcome(hyperparameters: Any) -> dict[str, Any]:
            return {"energy": -1.0 / int(hyperparameters["shots"])}

        open_emulator(replace(STUBS, stub=StubProgram(100.0, outcome), time_scale=0.001))
        braket = client()
        arns = [
            braket.create_job(**job_request(hyperParameters={"shots": shots}))["jobArn"] for shots in "20"
        ]
        good, bad = (ended(braket, arn) for arn in arns)
        assert good["status"] == "COMPLETED"
        assert good["billableDuration"] >= 100
        assert bad["failureReason"] == "AlgorithmError: ZeroDivisionError: float division by zero"

    def test_tasks_are_found_by_filter_and_cancelled(self, open_emulator: Open) -> None:
        open_emulator(replace(STUBS, task_seconds=600))
        braket = client()
        action = {"braketSchemaHeader": {"name": "braket.ir.openqasm.program", "version": "1"}, "source": ""}
        arn = braket.create_quantum_task(
            deviceArn=SV1,
            shots=1,
            action=json.dumps(action),
            outputS3Bucket=BUCKET,
            outputS3KeyPrefix="tasks",
        )["quantumTaskArn"]
        filters = [{"name": "deviceArn", "operator": "EQUAL", "values": [SV1]}]
        (found,) = braket.search_quantum_tasks(filters=filters)["quantumTasks"]
        assert found["quantumTaskArn"] == arn
        assert braket.cancel_quantum_task(quantumTaskArn=arn)["cancellationStatus"] == "CANCELLING"
        until(lambda: braket.get_quantum_task(quantumTaskArn=arn)["status"] == "CANCELLED")
        assert error_code(lambda: braket.cancel_quantum_task(quantumTaskArn=arn)) == (
            "ConflictException",
            409,
        )


class TestFaults:
    """Every fault, once."""

    @pytest.fixture
    def emulator(self, stubs: Emulator) -> Iterator[Emulator]:
        stubs.reset()
        yield stubs
        stubs.reset()

    @pytest.mark.parametrize(
        ("kind", "braket_error", "s3_error"),
        [
            (FaultKind.THROTTLE, ("ThrottlingException", 429), ("SlowDown", 429)),
            (FaultKind.SERVER_ERROR, ("InternalServiceException", 500), ("InternalError", 500)),
            (FaultKind.VALIDATION, ("ValidationException", 400), ("InvalidRequest", 400)),
            (FaultKind.ACCESS_DENIED, ("AccessDeniedException", 403), ("AccessDenied", 403)),
            (FaultKind.EXPIRED_TOKEN, ("ExpiredTokenException", 403), ("ExpiredToken", 403)),
        ],
    )
    def test_errors_before_anything_was_done(
        self, emulator: Emulator, kind: FaultKind, braket_error: tuple[str, int], s3_error: tuple[str, int]
    ) -> None:
        braket, s3 = client(), client("s3")
        before = len(emulator.jobs)
        emulator.inject(Fault("Create*", kind, after=1, times=2))
        emulator.inject(Fault("s3:PutObject", kind))
        emulator.inject(Fault("sts:*", kind))
        emulator.inject(Fault("logs:DescribeLogStreams", kind))
        braket.create_job(**job_request())
        for _ in range(2):
            assert error_code(lambda: braket.create_job(**job_request())) == braket_error
        braket.create_job(**job_request())
        assert len(emulator.jobs) == before + 2
        assert error_code(lambda: s3.put_object(Bucket=BUCKET, Key="x", Body=b"x")) == s3_error
        s3.put_object(Bucket=BUCKET, Key="x", Body=b"x")
        assert error_code(client("sts").get_caller_identity)[1] == braket_error[1]
        logs = client("logs")
        assert error_code(lambda: logs.describe_log_streams(logGroupName="x"))[1] == braket_error[1]

    def test_an_answer_gets_lost_after_the_work_was_done(self, emulator: Emulator) -> None:
        braket = client()
        emulator.inject(Fault("CreateJob", FaultKind.LOST_RESPONSE))
        request = job_request(jobName="lost")
        with pytest.raises(ConnectionClosedError):
            braket.create_job(**request)
        (job,) = [job for job in emulator.jobs if job.name == "lost"]
        assert braket.create_job(**request)["jobArn"] == job.arn
        assert [call.status for call in emulator.calls if call.ids.get("jobName") == "lost"] == [0, 201]

    def test_a_connection_is_reset_before_anything_was_done(self, emulator: Emulator) -> None:
        braket = client()
        emulator.inject(Fault("CreateJob", FaultKind.RESET))
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            braket.create_job(**job_request(jobName="reset"))
        assert not [job for job in emulator.jobs if job.name == "reset"]

    def test_an_answer_is_slow(self, emulator: Emulator) -> None:
        emulator.inject(Fault("SearchJobs", FaultKind.SLOW, seconds=0.2))
        begun = time.monotonic()
        client().search_jobs(filters=[])
        assert time.monotonic() - begun >= 0.2

    def test_chance_is_reproducible(self, emulator: Emulator) -> None:
        braket = client()

        def outcomes() -> list[int]:
            emulator.reset()
            emulator.inject(Fault("SearchJobs", FaultKind.THROTTLE, times=None, probability=0.5, seed=7))
            for _ in range(20):
                try:
                    braket.search_jobs(filters=[])
                except ClientError:
                    continue
            return [call.status for call in emulator.calls]

        first = outcomes()
        assert set(first) == {200, 429}
        assert outcomes() == first

    def run_with(self, emulator: Emulator, kind: FaultKind, **changes: Any) -> dict[str, Any]:
        emulator.inject(Fault("RunJob", kind, job_name="victim-*", **changes))
        braket = client()
        path = f"s3://{BUCKET}/jobs/{kind}"
        bystander = braket.create_job(**job_request(jobName="bystander"))["jobArn"]
        arn = braket.create_job(**job_request(jobName="victim-1", outputDataConfig={"s3Path": path}))[
            "jobArn"
        ]
        assert ended(braket, bystander)["status"] == "COMPLETED"
        return ended(braket, arn)

    def test_capacity(self, emulator: Emulator) -> None:
        job = self.run_with(emulator, FaultKind.CAPACITY)
        assert job["status"] == "FAILED"
        assert job["failureReason"].startswith("CapacityError: Unable to provision requested ML compute")
        assert "startedAt" not in job

    def test_time_stamps_are_off(self, emulator: Emulator) -> None:
        job = self.run_with(emulator, FaultKind.CLOCK_SKEW, seconds=-3600)
        assert datetime.now(UTC) - job["createdAt"] > timedelta(minutes=59)
        assert job["endedAt"] - job["createdAt"] < timedelta(minutes=1)

    def test_the_archive_is_missing(self, emulator: Emulator) -> None:
        job = self.run_with(emulator, FaultKind.MISSING_ARCHIVE)
        assert job["status"] == "COMPLETED"
        assert error_code(lambda: archive_of(job)) == ("NoSuchKey", 404)

    def test_the_archive_is_truncated(self, emulator: Emulator) -> None:
        archive = archive_of(self.run_with(emulator, FaultKind.TRUNCATED_ARCHIVE))
        with pytest.raises((tarfile.TarError, EOFError)), tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            opened.extractfile("results.json")

    def test_the_archive_is_hostile(self, emulator: Emulator) -> None:
        content = archive_of(self.run_with(emulator, FaultKind.HOSTILE_ARCHIVE))
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            names = archive.getnames()
            assert any(name.startswith("../") for name in names)
            assert any(name.startswith("/") for name in names)
            link = archive.getmember("escape")
            assert link.issym()
            assert link.linkname.startswith("..")
            saved = archive.extractfile("results.json")
            assert saved is not None
            assert json.load(saved)["dataDictionary"] == {"hyperparameters": {"shots": "100"}}

    def test_a_fault_for_jobs_is_none_for_calls(self) -> None:
        with pytest.raises(ValueError, match="cannot happen to CreateJob"):
            Fault("CreateJob", FaultKind.CAPACITY)

    def test_another_process_injects_and_counts(self, emulator: Emulator) -> None:
        def ask(name: str, content: Any = None) -> Any:
            data = None if content is None else json.dumps(content).encode()
            with urllib.request.urlopen(f"{emulator.url}/_emulator/{name}", data) as response:
                return json.load(response)

        ask("faults", [{"operation": "SearchJobs", "kind": "throttle"}])
        braket = client()
        assert error_code(lambda: braket.search_jobs(filters=[]))[0] == "ThrottlingException"
        (call,) = ask("calls")
        assert (call["operation"], call["status"], call["caller"]) == ("SearchJobs", 429, "client")
        ask("devices", {SV1: "OFFLINE"})
        assert braket.get_device(deviceArn=SV1)["deviceStatus"] == "OFFLINE"
        ask("devices", {SV1: "ONLINE"})
        assert ask("environment") == emulator.environment()
        assert len(ask("jobs")) == len(emulator.jobs)
        assert ask("internal-errors") == []
        ask("reset", {})
        assert ask("calls") == []
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask("faults", {"operation": "SearchJobs", "kind": "nonsense"})


def test_nothing_is_left_behind() -> None:
    threads = set(threading.enumerate())
    with opened(replace(STUBS, stub=None, queue_seconds=0.0)) as emulator:
        folder = emulator._folder
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as archive:
            member = tarfile.TarInfo("program.py")
            member.size = len(PROGRAM.encode())
            archive.addfile(member, io.BytesIO(PROGRAM.encode()))
        client("s3").put_object(Bucket=BUCKET, Key="source.tar.gz", Body=content.getvalue())
        request = job_request()
        request["algorithmSpecification"]["scriptModeConfig"]["entryPoint"] = "program:lasts"
        client().create_job(**request)
        (log,) = until(lambda: list(folder.glob("*/log")))
        pid = int(
            until(lambda: [line for line in log.read_text().splitlines() if "child" in line])[0].split()[1]
        )
        with pytest.raises(RuntimeError, match="close it first"):
            Emulator(STUBS)
    until(lambda: gone(pid))
    assert not folder.exists()
    until(lambda: set(threading.enumerate()) <= threads)


def test_a_person_starts_it_from_a_shell() -> None:
    command = [sys.executable, "-m", "braket_emulator", "--stub", "1", "--region", "eu-north-1"]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [line.strip() for line in iter(process.stdout.readline, "# Ctrl-C ends the emulator.\n")]
        variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        assert variables["AWS_DEFAULT_REGION"] == "eu-north-1"
        with urllib.request.urlopen(variables["BRAKET_PRICE_OFFERS_URL"]) as prices:
            assert prices.read().decode().splitlines()[5].startswith('"SKU"')
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
