"""What a measurement was made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("numpy", "qulacs", "amazon-braket-sdk", "amazon-braket-default-simulator")


def environment() -> str:
    """Processor, threads, Python and packages, in one line."""
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    packages = ", ".join(f"{package} {_version(package)}" for package in _PACKAGES)
    return f"{platform.machine()}, {os.cpu_count()} CPUs, {threads} thread(s), Python {platform.python_version()}, {packages}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
