"""A job on this machine calls AWS only if that was asked for: the emulated account tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from braket_emulator import Caller, Emulator
from sweeper.errors import ConfigError
from sweeper.executors.aws_refused import RefusedAws
from sweeper.executors.local import LocalExecutor
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.planning.rehearsal import rehearse

from .conftest import KINDS, Place, emulated_aws

SCRIPT = '''
import os

import boto3
from braket.aws import AwsDevice, AwsQuantumJob
from braket.circuits import Circuit
from braket.devices import Devices
from braket.jobs import hybrid_job, save_job_result

SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"


def quantum_task():
    result = AwsDevice(SV1).run(Circuit().h(0), shots=10).result()
    save_job_result({"shots": len(result.measurements)})


def hybrid():
    AwsQuantumJob.create(device="local:braket/default", source_module=__file__, entry_point="calls:ends")


def decorated():
    @hybrid_job(device="local:braket/default")
    def inner(): ...
    inner()


def ends(): ...


def with_a_region():
    boto3.client("braket", region_name="us-west-1").get_device(deviceArn=SV1)


def with_a_profile():
    boto3.Session(profile_name="research").client("braket").get_device(deviceArn=SV1)


def download():
    boto3.client("s3", region_name="eu-west-2").download_file("bucket", "key", "file")


def upload():
    boto3.client("s3").put_object(Bucket="bucket", Key="key", Body=b"x" * 3_000_000)


def identity():
    boto3.client("sts").get_caller_identity()


def roles():
    boto3.client("iam").list_roles()


def logs():
    boto3.client("logs").describe_log_groups()


def tables():
    boto3.client("dynamodb").list_tables()


def instances():
    boto3.client("ec2").describe_instances()


def metrics():
    boto3.client("cloudwatch").list_metrics()


def without_what_we_set():
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CONFIG_FILE"]:
        if name.endswith(("KEY_ID", "ACCESS_KEY", "TOKEN")):
            del os.environ[name]
    boto3.client("braket").get_device(deviceArn=SV1)


def gives_up():
    """A script that keeps the exception to itself."""
    try:
        boto3.client("braket").get_device(deviceArn=SV1)
    except Exception:
        raise SystemExit("no device")


def shows():
    names = [name for name in os.environ if name.startswith(("AWS_", "BRAKET_"))]
    save_job_result({name: os.environ[name] for name in names})
'''
CALLS = (
    *(
        "quantum_task",
        "hybrid",
        "decorated",
        "with_a_region",
        "with_a_profile",
        "download",
        "upload",
        "identity",
    ),
    *("roles", "logs", "tables", "instances", "metrics", "without_what_we_set", "gives_up"),
)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulated account whose credentials are in the environment, and in the files of the home folder."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    (home / ".aws/config").write_text("[profile research]\nregion = us-west-2\n[sso-session mine]\n")
    (home / ".aws/credentials").write_text("[research]\naws_access_key_id = A\naws_secret_access_key = B\n")
    with emulated_aws() as emulator, pytest.MonkeyPatch.context() as patch:
        assert isinstance(emulator, Emulator)
        patch.setenv("HOME", str(home))
        # A proxy is there for other addresses than this machine's own.
        patch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield emulator


def of_clients(emulator: Emulator) -> list[str]:
    return [call.operation for call in emulator.calls if call.caller is Caller.CLIENT]


def place_in(folder: Path, **options: bool) -> Place:
    source = folder / "calls.py"
    source.write_text(SCRIPT)
    sweep = SweepFolder(folder / "sweep")
    executor = LocalExecutor(sweep, n_jobs=1, memory_gib=None, **options)
    return Place(sweep, KINDS["braket_local"], executor, source)


@pytest.fixture(scope="module")
def refused(account: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = place_in(tmp_path_factory.mktemp("refused"))
    with place.executor:
        yield place


@pytest.mark.parametrize("call", CALLS)
def test_a_call_fails_at_once_with_words_that_name_the_setting(
    account: Emulator, refused: Place, call: str
) -> None:
    before = of_clients(account)
    status, _, _ = refused.run(call)
    assert status.state is JobState.FAILED
    assert "this hybrid job runs on this machine and may not call AWS" in str(status.reason)
    assert "set hydra.launcher.allow_aws=true" in str(status.reason)
    assert of_clients(account) == before


def test_refusals_take_no_time(refused: Place) -> None:
    """A client that tried again would take seconds for each call."""
    code = (
        "import boto3\n"
        "def main():\n"
        "    client = boto3.client('braket')\n"
        "    for _ in range(20):\n"
        "        try:\n            client.search_devices(filters=[])\n"
        "        except client.exceptions.AccessDeniedException as error:\n"
        "            assert error.response['ResponseMetadata']['RetryAttempts'] == 0\n"
    )
    source = refused.source.with_name("fast.py")
    source.write_text(code)
    place = Place(refused.folder, refused.kind, refused.executor, source, refused.numbers)
    status, _, folder = place.run("main")
    assert status.state is JobState.COMPLETED, folder.log.read_text()


def test_a_job_has_none_of_the_account_s_variables(account: Emulator, refused: Place) -> None:
    _, outcome, _ = refused.run("shows")
    theirs = {name: value for name, value in account.environment().items() if name.startswith("AWS_")}
    assert "AWS_ENDPOINT_URL_BRAKET" in theirs
    for name in (
        theirs.keys()
        - {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SECRET_ACCESS_KEY"}
        - {"AWS_EC2_METADATA_DISABLED"}
    ):
        assert outcome.result.get(name) != theirs[name], name
    assert outcome.result["AWS_EC2_METADATA_DISABLED"] == "true"


def test_an_account_is_called_if_that_is_wanted(account: Emulator, tmp_path: Path) -> None:
    with (place := place_in(tmp_path, allow_aws=True)).executor:
        before = len(of_clients(account))
        status, outcome, folder = place.run("quantum_task")
        assert status.state is JobState.COMPLETED, folder.log.read_text()
        assert outcome.result == {"shots": 10}
        assert "CreateQuantumTask" in of_clients(account)[before:]
        place.run("hybrid")
        assert "CreateJob" in of_clients(account)[before:]


def test_a_rehearsal_calls_nobody_and_says_what_to_do(
    account: Emulator, refused: Place, tmp_path: Path
) -> None:
    before = of_clients(account)
    with pytest.raises(ConfigError, match=r"may not call AWS \(braket in .*\): .*rehearse=false"):
        rehearse(SweepFolder(tmp_path), [refused.spec("quantum_task")])
    assert of_clients(account) == before


def test_the_typed_command_has_the_setting(account: Emulator, tmp_path: Path) -> None:
    (tmp_path / "calls.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "sweeper", "algorithm=script", "algorithm.source_module=calls.py"]
    command += ["algorithm.entry_point=calls:quantum_task", "report=false", "hydra.sweep.dir=out"]
    before = of_clients(account)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "set hydra.launcher.allow_aws=true" in done.stdout
    assert of_clients(account) == before
    command += ["hydra.launcher.allow_aws=true"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "CreateQuantumTask" in of_clients(account)[len(before) :]


def test_nothing_is_left_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = RefusedAws("ask somebody")
    variables = refusing.environment({"AWS_PROFILE": "mine", "AWS_REGION": "eu-west-2", "PATH": "/bin"})
    config = Path(variables["AWS_CONFIG_FILE"])
    assert config.exists()
    assert "AWS_PROFILE" not in variables
    assert (variables["AWS_REGION"], variables["PATH"]) == ("eu-west-2", "/bin")
    refusing.close()
    assert not config.exists()
