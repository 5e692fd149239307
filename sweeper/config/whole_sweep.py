"""Config keys that say nothing about a job."""

from __future__ import annotations

OF_THE_WHOLE_SWEEP = (
    "budget",
    "rehearse",
    "fail_fast",
    "max_failures",
    "reuse_from",
    "accept_changes",
    "report",
)
"""They hold for all jobs of a run of the sweep, and may be others in the next."""


HOW_TO_READ = ("algorithm.direction", "algorithm.problem_keys")
"""They say how results are compared; no job knows them, and the results are the same whatever they are."""


def is_of_the_whole_sweep(key: str) -> bool:
    """Whether a dotted key is one of them, or below one."""
    return key.partition(".")[0] in OF_THE_WHOLE_SWEEP
