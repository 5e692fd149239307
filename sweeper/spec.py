"""The one record that passes from a config to wherever the job runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sweeper.errors import ConfigError
from sweeper.locate import shipped
from sweeper.schema import SweepConfig
from sweeper.source import Source, read_source


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
        instance_type: EC2 instance of the classical side.
        max_runtime_seconds: The job is stopped after this long.
        tags: Tags of the hybrid job.
        objective: Result key or metric that a Hydra sweeper minimises.
    """

    device: str
    source: Source
    entry_point: str
    hyperparameters: Mapping[str, str]
    input_files: Mapping[str, str]
    instance_type: str
    max_runtime_seconds: int
    tags: Mapping[str, str] = field(default_factory=dict)
    objective: str | None = None

    @cached_property
    def key(self) -> str:
        """Digest of all that decides the outcome; equal keys mean the same job."""
        decisive = {
            "device": self.device,
            "source": self.source.digest,
            "entry_point": self.entry_point,
            "hyperparameters": dict(self.hyperparameters),
            "input_files": dict(self.input_files),
            "objective": self.objective,
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def spec_of(config: SweepConfig) -> JobSpec:
    """The hybrid job that a config describes.

    Raises:
        ConfigError: The config cannot run; nothing has been submitted.
    """
    algorithm = config.algorithm
    module = Path(algorithm.source_module).absolute() if algorithm.source_module else shipped("algorithms")
    encoded = algorithm.encode(config)
    device = config.device.arn
    if len(device) > 256:
        raise ConfigError(f"device.arn has {len(device)} characters; Braket takes 256 at most.")
    return JobSpec(
        device=device,
        source=read_source(module, algorithm.entry_point),
        entry_point=algorithm.entry_point,
        hyperparameters=encoded.strings,
        input_files=encoded.files,
        instance_type=config.instance.type,
        max_runtime_seconds=config.job.max_runtime_seconds,
        tags=config.job.tags,
        objective=algorithm.objective,
    )
