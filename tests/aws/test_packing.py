"""Which jobs may share a hybrid job: those that are equal in all that there is only one of in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.executors.aws.packing import batch_key
from sweeper.job.source import Source
from sweeper.job.spec import JobSpec

SPEC = JobSpec(
    device="local:braket/default",
    source=Source(Path("/here/theirs"), "d" * 64),
    entry_point="theirs.job:main",
    hyperparameters={"n": "1"},
    input_files={},
    instance_type="ml.m5.large",
    max_runtime_seconds=3600,
    input_data={"extra": "/here/extra"},
    input_digests={"extra": "a"},
    tags={"project": "h2"},
)


@pytest.mark.parametrize(
    "change",
    [
        {"device": "arn:aws:braket:::device/quantum-simulator/amazon/sv1"},
        {"image_uri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1"},
        {"instance_type": "ml.m5.xlarge"},
        {"volume_gib": 60},
        {"max_runtime_seconds": 60},
        {"reservation_arn": "arn:aws:braket:us-east-1:123456789012:reservation/a"},
        {"input_data": {"extra": "/there/extra"}},
        {"input_digests": {"extra": "b"}},
        {"tags": {"project": "lih"}},
        {"source": Source(Path("/here/theirs"), "e" * 64)},
        {"source": Source(Path("/here/others"), "d" * 64)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_hybrid_job_has_once_separates(change: dict[str, object]) -> None:
    assert batch_key(replace(SPEC, **change)) != batch_key(SPEC)  # type: ignore[arg-type]


def test_what_each_packed_job_has_for_itself_does_not() -> None:
    other = replace(SPEC, hyperparameters={"n": "2"}, entry_point="theirs.job:other", input_files={"a": "b"})
    assert batch_key(other) == batch_key(SPEC)
    assert hash(batch_key(other)) == hash(batch_key(SPEC))
