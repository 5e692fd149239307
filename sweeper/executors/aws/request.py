"""From a batch of jobs to the one CreateJob request that starts it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from braket.jobs.config import (
    CheckpointConfig,
    InstanceConfig,
    OutputDataConfig,
    S3DataSourceConfig,
    StoppingCondition,
)
from braket.jobs.quantum_job_creation import prepare_quantum_job

from sweeper.contract import hybrid_job
from sweeper.contract.hyperparameters import INPUT_CHANNEL
from sweeper.errors import ConfigError
from sweeper.executors.aws import packing
from sweeper.executors.aws.account import Account
from sweeper.executors.aws.bundle import pack
from sweeper.executors.aws.trouble import explained
from sweeper.executors.base import Batch
from sweeper.folder.layout import SweepFolder
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec

TAG_SWEEP = "braket-sweeper:sweep"
TAG_JOB = "braket-sweeper:job"
TAG_KEY = "braket-sweeper:key"
TAG_TOKEN = "braket-sweeper:token"  # noqa: S105 - a name, not a secret
_MOST_TAGS = 50 - 4
_IMAGE = re.compile(r"\d{10,14}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/.+")


class Requests:
    """Makes CreateJob requests; uploads each source once and looks everything else up once."""

    def __init__(self, account: Account, folder: SweepFolder, kms_key_id: str | None) -> None:
        self._account = account
        self._folder = folder
        self._kms_key_id = kms_key_id
        self._uploaded: dict[tuple[Source, bool], str] = {}
        self._inputs: dict[tuple[str, str], str] = {}

    @staticmethod
    def check(spec: JobSpec) -> None:
        """Refuse what Braket's service model does not allow, before anything is uploaded.

        Raises:
            ConfigError: Names the config key.
        """
        if spec.image_uri and not _IMAGE.fullmatch(spec.image_uri):
            raise ConfigError(
                f"job.image_uri={spec.image_uri} is not an image in Amazon ECR: write "
                "<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>."
            )
        if len(spec.tags) > _MOST_TAGS:
            raise ConfigError(
                f"job.tags has {len(spec.tags)} tags; {_MOST_TAGS} are possible beside the sweeper's."
            )

    def create_job(self, batch: Batch) -> dict[str, Any]:
        """The request for a batch.

        Every configuration object is made afresh: the SDK writes into them, and jobs that shared one would
        all write to the first one's place in S3.
        """
        first = batch.submissions[0].spec
        packed = len(batch.submissions) > 1
        place = f"s3://{self._account.bucket}/sweeps/{batch.name}"
        code = self._code_location(batch, packed=packed)
        self._upload_checkpoints(batch, packed=packed)
        with explained("Preparing a hybrid job"):
            request = prepare_quantum_job(
                device=first.device,
                source_module=f"{code}/source.tar.gz",
                code_location=code,
                entry_point=packing.entry_point() if packed else first.entry_point,
                image_uri=first.image_uri or self._account.base_image,
                job_name=batch.name,
                role_arn=self._account.role,
                hyperparameters={"jobs": str(len(batch.submissions))}
                if packed
                else dict(first.hyperparameters),
                input_data=self._input_data(batch, place, packed=packed),
                instance_config=InstanceConfig(
                    instanceType=first.instance_type, volumeSizeInGb=first.volume_gib, instanceCount=1
                ),
                stopping_condition=StoppingCondition(maxRuntimeInSeconds=first.max_runtime_seconds),
                output_data_config=OutputDataConfig(s3Path=f"{place}/output", kmsKeyId=self._kms_key_id),
                checkpoint_config=CheckpointConfig(s3Uri=f"{place}/checkpoints"),
                aws_session=self._account.session,
                tags={
                    **first.tags,
                    TAG_SWEEP: batch.name.split("-")[1],
                    TAG_JOB: _numbers(batch),
                    TAG_KEY: first.key,
                    TAG_TOKEN: batch.token,
                },
                reservation_arn=first.reservation_arn,
            )
        return {**request, "clientToken": batch.token}

    def _code_location(self, batch: Batch, *, packed: bool) -> str:
        """Where the source is in S3, uploaded if this is the first job that needs it."""
        source = batch.submissions[0].spec.source  # the same for all jobs of a batch
        known = (source, packed)
        if known not in self._uploaded:
            snapshot = source.snapshot(self._folder.sources)
            archive = pack(snapshot, packing.programs() if packed else {})
            prefix = f"sweeps/code/{source.path.stem}-{source.digest}{'-packed' if packed else ''}"
            with explained("Uploading the source module"):
                self._account.s3.put_object(
                    Bucket=self._account.bucket, Key=f"{prefix}/source.tar.gz", Body=archive
                )
            self._uploaded[known] = f"s3://{self._account.bucket}/{prefix}"
        return self._uploaded[known]

    def _upload_checkpoints(self, batch: Batch, *, packed: bool) -> None:
        """Put what earlier attempts have left where Braket gives it to the new job before it starts."""
        for place, submission in enumerate(batch.submissions):
            folder = submission.folder.checkpoints
            hybrid_job.take_over_checkpoints(folder, submission.name, submission.earlier_names)
            prefix = f"sweeps/{batch.name}/checkpoints{f'/{place}' if packed else ''}"
            with explained("Uploading checkpoints"):
                for file in sorted(folder.rglob("*")):
                    if file.is_file():
                        key = f"{prefix}/{file.relative_to(folder).as_posix()}"
                        self._account.s3.upload_file(str(file), self._account.bucket, key)

    def _input_data(self, batch: Batch, place: str, *, packed: bool) -> dict[str, S3DataSourceConfig]:
        """The input channels; long values and packed jobs travel as files of one of them."""
        first = batch.submissions[0].spec
        channels = {
            channel: S3DataSourceConfig(self._uploaded_input(channel, where, first))
            for channel, where in first.input_data.items()
        }
        files = packing.input_files(batch) if packed else dict(first.input_files)
        for name, content in files.items():
            key = f"{place.partition(self._account.bucket + '/')[2]}/input/{name}"
            with explained("Uploading input files"):
                self._account.s3.put_object(Bucket=self._account.bucket, Key=key, Body=content.encode())
        if files:
            channels[INPUT_CHANNEL] = S3DataSourceConfig(f"{place}/input/")
        return channels

    def _uploaded_input(self, channel: str, where: str, spec: JobSpec) -> str:
        """The S3 URI of a channel's data, uploaded once for each content."""
        if where.startswith("s3://"):
            return where
        digest = spec.input_digests[channel]
        if (channel, digest) not in self._inputs:
            prefix = f"sweeps/data/{digest}/"
            path = Path(where)
            files = [path] if path.is_file() else [file for file in sorted(path.rglob("*")) if file.is_file()]
            with explained(f"Uploading job.input_data.{channel}"):
                for file in files:
                    name = file.name if path.is_file() else file.relative_to(path).as_posix()
                    self._account.s3.upload_file(str(file), self._account.bucket, f"{prefix}{name}")
            self._inputs[channel, digest] = f"s3://{self._account.bucket}/{prefix}"
        return self._inputs[channel, digest]


def _numbers(batch: Batch) -> str:
    """The jobs' numbers, as short as a tag's value must be."""
    numbers = [submission.number for submission in batch.submissions]
    text = ".".join(map(str, numbers))
    return text if len(text) <= 256 else f"{numbers[0]}.to.{numbers[-1]}"
