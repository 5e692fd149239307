"""Hybrid jobs on Amazon Braket."""

from sweeper.executors.aws.executor import AwsExecutor

__all__ = ["AwsExecutor"]
