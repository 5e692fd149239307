"""The one record that passes from a config to wherever the job runs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sweeper.config.root import SweepConfig
from sweeper.config.shipped import shipped
from sweeper.contract.hyperparameters import Encoded
from sweeper.errors import ConfigError, FolderError
from sweeper.job.cost import Cost, Devices, cost_of, fees
from sweeper.job.source import Source, Sources
from sweeper.job.workload import Ask, Question, question_of, workload_of


@dataclass(frozen=True)
class JobSpec:
    """A hybrid job, in Braket's own terms.

    Attributes:
        device: Device string: an ARN or `local:<provider>/<name>`.
        source: The source module.
        entry_point: `module` or `module:function`.
        hyperparameters: What the job reads, all strings.
        input_files: Contents of the input channel `hyperparameters`, by file name: values too long for
            Braket's limit.
        input_data: Local path or S3 URI of each further input channel.
        input_digests: Digest of the content of each local path in it.
        image_uri: Container image on AWS; none for Braket's base image.
        instance_type: EC2 instance of the classical side.
        volume_gib: Its storage.
        max_runtime_seconds: The job is stopped after this long.
        retries: How often it is retried after a transient failure.
        first_pause_seconds: The longest pause before the first retry; it doubles with each further one.
        reservation_arn: Braket Direct reservation of the device.
        tags: Tags of the hybrid job.
        objective: Result key or metric that a Hydra sweeper minimises.
        allow_pickle: Whether its result may be read if it is pickled.
        requirements: Whether it runs on this machine without what its source requires: `check` or `ignore`.
        cost: Upper bound of its price.
    """

    device: str
    source: Source
    entry_point: str
    hyperparameters: Mapping[str, str]
    input_files: Mapping[str, str]
    instance_type: str
    max_runtime_seconds: int
    input_data: Mapping[str, str] = field(default_factory=dict)
    input_digests: Mapping[str, str] = field(default_factory=dict)
    image_uri: str | None = None
    volume_gib: int = 30
    reservation_arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    retries: int = 0
    first_pause_seconds: float = 10.0
    objective: str | None = None
    allow_pickle: bool = False
    requirements: str = "check"
    cost: Cost = field(default_factory=lambda: Cost(0, 0, 0.0, 0.0))

    @cached_property
    def key(self) -> str:
        """Digest of all that decides the outcome; equal keys mean the same job."""
        decisive = {
            "device": self.device,
            "source": self.source.digest,
            "entry_point": self.entry_point,
            # A changed price changes the bill, not the outcome.
            "hyperparameters": {
                key: value for key, value in self.hyperparameters.items() if not key.startswith("price.")
            },
            "input_files": dict(self.input_files),
            "input_data": {**self.input_data, **self.input_digests},
            "image_uri": self.image_uri,
            "objective": self.objective,
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain values from which `from_json` makes an equal spec."""
        values = dataclasses.asdict(self)
        values["source"]["path"] = str(self.source.path)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The spec of these values.

        Raises:
            FolderError: They are not what `to_json` has written.
        """
        try:
            source = Source(Path(values["source"]["path"]), values["source"]["digest"])
            return cls(**{**values, "source": source, "cost": Cost.from_json(values["cost"])})
        except (KeyError, TypeError) as error:
            raise FolderError(f"A job's spec is not one that any version has written ({error}).") from error


@dataclass(frozen=True)
class Draft:
    """A hybrid job of which is not known yet what it will cost.

    Attributes:
        config: The config; its device and instance have their own prices and caps.
        source: Its source.
        encoded: Its hyperparameters, without the prices of those that stop at a bound.
        question: What its source is to be asked; none if nobody answers there.
    """

    config: SweepConfig
    source: Source
    encoded: Encoded
    question: Question | None


def draft_of(config: SweepConfig, sources: Sources) -> Draft:
    """The hybrid job that a config describes, but for its cost.

    Args:
        config: The config; its device and instance have their own prices and caps.
        sources: What has been read of the disk for other jobs of the sweep.

    Raises:
        ConfigError: Its source is not there, or its hyperparameters cannot travel.
    """
    algorithm = config.algorithm
    module = Path(algorithm.source_module).absolute() if algorithm.source_module else shipped("algorithms")
    source = sources.read(module, algorithm.entry_point)
    encoded = algorithm.encode(config)
    return Draft(config, source, encoded, question_of(algorithm, source, encoded))


def spec_of(draft: Draft, device_of: Devices, sources: Sources, ask: Ask | None) -> JobSpec:
    """The hybrid job of a draft.

    Args:
        draft: The job.
        device_of: Finds the devices that its config names beside its own.
        sources: What has been read of the disk for other jobs of the sweep.
        ask: Asks the source what the job will ask of its devices; none to leave that, and the cost, open.

    Raises:
        ConfigError: The config cannot run; nothing has been submitted.
    """
    config, encoded = draft.config, draft.encoded
    algorithm = config.algorithm
    cost = Cost(0, 0, 0.0, 0.0)
    if ask is not None:
        workload = workload_of(config, draft.question, ask)
        cost = cost_of(config, workload, device_of)
        encoded = encoded.with_more(fees(config, workload, cost, device_of))
    device = config.device.arn
    if len(device) > 256:
        raise ConfigError(f"device.arn has {len(device)} characters; Braket takes 256 at most.")
    input_data = {channel: _absolute(place) for channel, place in config.job.input_data.items()}
    return JobSpec(
        device=device,
        source=draft.source,
        entry_point=algorithm.entry_point,
        hyperparameters=encoded.strings,
        input_files=encoded.files,
        input_data=input_data,
        input_digests={
            channel: _input_digest(channel, place, sources)
            for channel, place in input_data.items()
            if not place.startswith("s3://")
        },
        image_uri=config.job.image_uri,
        instance_type=config.instance.type,
        volume_gib=config.instance.volume_gib,
        max_runtime_seconds=config.job.max_runtime_seconds,
        reservation_arn=config.job.reservation_arn,
        tags=dict(config.job.tags),
        retries=config.job.retries,
        first_pause_seconds=config.job.first_pause_seconds,
        objective=algorithm.objective,
        allow_pickle=config.job.allow_pickle,
        requirements=config.job.requirements,
        cost=cost,
    )


def _absolute(place: str) -> str:
    return place if place.startswith("s3://") else str(Path(place).absolute())


def _input_digest(channel: str, place: str, sources: Sources) -> str:
    path = Path(place)
    if not path.exists():
        raise ConfigError(
            f"job.input_data.{channel}={place} does not exist: give a file, a folder or an S3 URI."
        )
    if not (path.is_file() or path.is_dir()):
        raise ConfigError(f"job.input_data.{channel}={place} is neither a file nor a folder.")
    try:
        return sources.digest(path)
    except OSError as error:
        raise ConfigError(
            f"job.input_data.{channel}={place} cannot be read ({error.filename}: {error.strerror}): give the "
            "right to read it, or choose a place that holds the data alone."
        ) from error
