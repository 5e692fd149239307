"""Emulated AWS accounts, one after the other in this process; their jobs fork from one warm process."""

from __future__ import annotations

import atexit
from functools import cache

from braket_emulator import Containers, Emulator, EmulatorSettings

SECONDS_PER_CALL = 5.0
"""Emulated seconds that a call of Braket takes: what jobs and delays need is over after a few of them."""


def account(**settings: object) -> Emulator:
    """An account, as `EmulatorSettings` takes it; time there passes with each call."""
    defaults: dict[str, object] = {"seconds_per_call": SECONDS_PER_CALL}
    chosen = EmulatorSettings(**{**defaults, **settings})  # type: ignore[arg-type]
    return Emulator(chosen, None if chosen.stub else _containers())


@cache
def _containers() -> Containers:
    containers = Containers()
    atexit.register(containers.close)
    return containers
