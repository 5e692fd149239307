"""Braket Sweeper: sweeps of variational quantum algorithms on Amazon Braket.

from sweeper import load_sweep
sweep = load_sweep("outputs/2026-11-21/10-00-00")
sweep.results, sweep.metrics, sweep.best()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweeper.api import Sweep, load_sweep

__all__ = ["Sweep", "load_sweep"]


def __getattr__(name: str) -> Any:
    """Import the interface when it is first used: pandas stays out of Hydra's start-up."""
    if name in __all__:
        from sweeper import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
