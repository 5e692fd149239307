"""An emulated AWS account in a process of its own, so that the process that forks has one thread."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_COMMAND = ("-m", "braket_emulator", "--stub=3", "--time-scale=0.05", "--no-rates")


@contextmanager
def account() -> Iterator[None]:
    """While it lasts, this process and those that it starts use the account; a job there takes 0.15 s."""
    with subprocess.Popen([sys.executable, *_COMMAND], stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        try:
            for line in emulator.stdout:
                if line.startswith("#"):
                    break
                name, value = shlex.split(line.removeprefix("export "))[0].split("=", 1)
                os.environ[name] = value
            yield
        finally:
            emulator.terminate()


def created(sweep: str) -> Counter[str]:
    """How many hybrid jobs were created for each job of a sweep; a job's attempts differ in name only."""
    with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL_BRAKET']}/_emulator/jobs") as answer:
        names = [str(job["name"]) for job in json.load(answer)]
    return Counter(name.rpartition("-")[0] for name in names if name.startswith(f"sweep-{sweep}-"))
