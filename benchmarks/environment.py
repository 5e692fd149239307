"""What a measurement was made with."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from sweeper.folder.provenance import package_versions


def environment() -> str:
    """Processor, system, Python and packages, in one line."""
    packages = ", ".join(f"{name} {version}" for name, version in package_versions().items())
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {packages}"
    )


def _processor() -> str:
    """Its name, where the system says it."""
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", cpuinfo.read_text(), re.M) if cpuinfo.exists() else None
    return found[1] if found else platform.processor() or platform.machine()
