"""How the emulated account is set up: limits, delays, devices, and what jobs run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .devices import DEVICES, REGIONS, Device


@dataclass(frozen=True)
class Rate:
    """A token bucket: calls per emulated second in the long run, and how many at once."""

    per_second: float
    burst: int


# https://docs.aws.amazon.com/braket/latest/developerguide/braket-quotas.html
AWS_RATES: Mapping[str, Rate] = MappingProxyType(
    {
        "CreateJob": Rate(1, 5),
        "GetJob": Rate(5, 25),
        "SearchJobs": Rate(5, 50),
        "CancelJob": Rate(2, 5),
        "CreateQuantumTask": Rate(20, 40),
        "GetQuantumTask": Rate(100, 500),
        "GetDevice": Rate(5, 50),
    }
)

# What SearchJobs documents. The model itself leaves the filters' names open.
DOCUMENTED_JOB_FILTERS = frozenset({"jobArn", "createdAt"})


def _repeat_hyperparameters(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    return {"hyperparameters": dict(hyperparameters)}


@dataclass(frozen=True)
class StubProgram:
    """Stands in for the job's source, which is not even looked at: the outcome is computed instead.

    Attributes:
        runtime_seconds: Emulated seconds between start and end.
        outcome: From hyperparameters to what the job saves as its result. An exception is the job's
            failure, as it is in a real one.
    """

    runtime_seconds: float = 1.0
    outcome: Callable[[Mapping[str, str]], Mapping[str, Any]] = _repeat_hyperparameters


@dataclass(frozen=True)
class EmulatorSettings:
    """One emulated AWS account. All seconds are emulated ones, see `time_scale`.

    Attributes:
        account_id: Twelve digits.
        other_accounts: Further accounts, whose keys `Emulator.environment` gives out too.
        default_region: Where clients with `Emulator.environment()` work.
        regions: Regions that have Braket.
        devices: What GetDevice knows, with their state at the start.
        instance_prices: USD an hour of the instance types that the price list has.
        volume_price: USD a GB-month of their storage.
        rates: Token bucket of each operation, in each region; an operation not named has no limit.
        max_concurrent_jobs: Hybrid jobs that have not ended, in each region; CreateJob refuses more.
        queue_seconds: How long a job is QUEUED before an instance is sought.
        startup_seconds: How long the instance takes to start, still QUEUED.
        search_lag_seconds: For how long SearchJobs, which is eventually consistent, does not list a new job.
        log_lag_seconds: How long after its end a job's last lines come to CloudWatch.
        task_seconds: How long a quantum task is QUEUED.
        time_scale: Real seconds that an emulated second takes; below 1, quotas refill, delays and time
            limits pass, and billable seconds add up faster. Time stamps stay with the real clock, which
            is the client's.
        seconds_per_call: Emulated seconds that pass with each call of Braket or CloudWatch, and at no
            other time but by `Emulator.advance`: what happens then does not depend on how busy the machine
            is. None lets time pass as `time_scale` says.
        checkpoint_sync_seconds: How often the checkpoint folder of a running job is copied to S3.
        archives_of_unsuccessful_jobs: Whether FAILED and CANCELLED jobs that ran leave a model.tar.gz.
        job_search_filters: Names that SearchJobs accepts; any of `search.JOB_FILTERS`.
        stub: None runs the jobs' own programs.
    """

    account_id: str = "123456789012"
    other_accounts: tuple[str, ...] = ()
    default_region: str = "us-east-1"
    regions: tuple[str, ...] = REGIONS
    devices: tuple[Device, ...] = DEVICES
    instance_prices: Mapping[str, float] = field(
        default_factory=lambda: {"ml.m5.large": 0.12, "ml.m5.xlarge": 0.24, "ml.c5.xlarge": 0.21}
    )
    volume_price: float = 0.15
    rates: Mapping[str, Rate] = field(default_factory=lambda: AWS_RATES)
    max_concurrent_jobs: int = 3
    queue_seconds: float = 0.0
    startup_seconds: float = 0.0
    search_lag_seconds: float = 0.0
    log_lag_seconds: float = 0.0
    task_seconds: float = 0.0
    time_scale: float = 1.0
    seconds_per_call: float | None = None
    checkpoint_sync_seconds: float = 5.0
    archives_of_unsuccessful_jobs: bool = True
    job_search_filters: frozenset[str] = DOCUMENTED_JOB_FILTERS
    stub: StubProgram | None = None
