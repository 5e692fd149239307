"""Runs one job in a container by the SDK's `LocalQuantumJob`, in a process and a folder of its own.

The SDK writes to fixed names in the working directory, says COMPLETED whatever the job's exit code was,
and needs AWS credentials even here. It is part of the world where jobs run: imports nothing of `sweeper`.
"""

import json
import os
import re
import shutil
from pathlib import Path

import boto3
from botocore.credentials import Credentials
from braket.aws import AwsSession
from braket.jobs.local import LocalQuantumJob

_NOBODY = re.compile(r"UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId")
"""What AWS answers to credentials that it does not know."""
_EXIT = re.compile(r"Process exited with code: (\d+)$")


class _DiscreetSession(boto3.Session):  # type: ignore[misc]  # boto3 has no types
    """A session that itself calls AWS as ever; whoever asks for its credentials, to pass them on, gets none.

    `LocalQuantumJob` asks for them to give them to the container.
    """

    def get_credentials(self) -> Credentials:
        """Credentials that AWS refuses, rather than none, with which clients would look for others."""
        return Credentials("hybrid-job", "none")


def main() -> None:
    """Run the job described in the input channel, and put what it left where this job's belongs.

    Raises:
        RuntimeError: The job failed in its container.
    """
    channel = Path(os.environ["AMZN_BRAKET_INPUT_DIR"]) / "docker"
    described = json.loads((channel / "job.json").read_text(encoding="utf-8"))
    files = channel / "files"
    name = os.environ["AMZN_BRAKET_JOB_NAME"]
    # The job in the container stores things in the account's own bucket, which the SDK looks up.
    os.environ.pop("AMZN_BRAKET_OUT_S3_BUCKET", None)
    discreet = AwsSession(_DiscreetSession(region_name=os.environ.get("AWS_REGION")))
    job = LocalQuantumJob.create(
        device=described["device"],
        source_module=described["source_module"],
        entry_point=described["entry_point"],
        hyperparameters=described["hyperparameters"],
        job_name=name,
        image_uri=described["image_uri"],
        input_data={"hyperparameters": str(files)} if files.is_dir() else None,
        aws_session=discreet if described["refusal"] else None,
    )
    left = Path(name)
    checkpoints = left / "checkpoints"
    if checkpoints.is_dir():
        shutil.copytree(checkpoints, os.environ["AMZN_BRAKET_CHECKPOINT_DIR"], dirs_exist_ok=True)
        shutil.rmtree(checkpoints)
    (left / "log.txt").unlink(missing_ok=True)  # it is this process's log already
    shutil.copytree(left, os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"], dirs_exist_ok=True)
    shutil.rmtree(left)
    if ended := _EXIT.search(str(job.run_log).strip()):
        called = described["refusal"] and _NOBODY.search(str(job.run_log))
        why = f" ({described['refusal']})" if called else ""
        raise RuntimeError(f"exit code {ended[1]} in the container{why}")
