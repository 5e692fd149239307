"""Hybrid jobs in Braket's own container on this machine, by the SDK's `LocalQuantumJob`."""

from sweeper.executors.docker.executor import DockerExecutor

__all__ = ["DockerExecutor"]
