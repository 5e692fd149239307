"""The options of each launcher: Hydra imports them in every application of the environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class BraketLocalConf:
    """Hybrid jobs as processes on this machine."""

    _target_: str = "sweeper.hydra_plugin.BraketLocalLauncher"
    # Show what would run, and run nothing.
    dry_run: bool = False
    # Jobs at a time; none for one on each core.
    n_jobs: int | None = None
    # Memory a job may use, in GiB; none for no limit.
    memory_gib: float | None = None
    # Whether jobs may call AWS with your credentials, at a cost that no plan and no budget counts.
    allow_aws: bool = False


@dataclass
class BraketAwsConf:
    """Hybrid jobs on Amazon Braket."""

    _target_: str = "sweeper.hydra_plugin.BraketAwsLauncher"
    # Show what would run and cost, and run nothing.
    dry_run: bool = False
    # Wait for the jobs; if not, submit them and exit: `sweeper resume` collects later.
    wait: bool = True
    # Combinations that share one hybrid job.
    pack: int = 1
    # AWS region; none for the device's only region, or else the one of the AWS configuration.
    region: str | None = None
    # Profile of the AWS configuration.
    profile: str | None = None
    # Role of the hybrid jobs; none for the account's AmazonBraketJobsExecutionRole….
    role_arn: str | None = None
    # Bucket for code and results; none for amazon-braket-<region>-<account>.
    bucket: str | None = None
    # KMS key that encrypts the results.
    kms_key_id: str | None = None
    # Hybrid jobs at a time; none for as many as the account's quota turns out to allow.
    max_concurrent_jobs: int | None = None
    # CreateJob calls a second; Braket's quota is 1 unless yours was raised.
    creations_per_second: float = 0.9
    # Longest pause between two looks at the jobs, in seconds.
    poll_seconds: float = 10.0
    # Seconds for which a job is asked for that Braket does not know, before a person has to decide.
    patience_seconds: float = 600.0
    # Seconds for which SearchJobs may not list a new job.
    search_lag_seconds: float = 60.0


@dataclass
class BraketDockerConf:
    """Hybrid jobs in Braket's container on this machine, by the SDK's LocalQuantumJob."""

    _target_: str = "sweeper.hydra_plugin.BraketDockerLauncher"
    # Show what would run, and run nothing.
    dry_run: bool = False
    # Containers at a time.
    n_jobs: int | None = 1
    # Whether containers get your AWS credentials, at a cost that no plan and no budget counts.
    allow_aws: bool = False
