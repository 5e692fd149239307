"""What is left to do for each combination of a sweep, before anything is started."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from enum import StrEnum

from sweeper.job.state import JobState


class Outlook(StrEnum):
    """How a combination stands when its sweep is about to run."""

    KEPT = "kept"
    """It has completed in this folder."""
    RUNNING = "running"
    """It was handed over by an earlier process, and is adopted."""
    REUSED = "reused"
    """It has completed in another sweep, whose result is taken over."""
    EQUAL = "equal"
    """It is the same job as an earlier combination of this sweep."""
    TO_RUN = "to run"


def outlooks(
    keys: Sequence[str], earlier: Mapping[str, JobState], elsewhere: Container[str]
) -> list[Outlook]:
    """How each combination stands.

    Args:
        keys: The keys of the combinations' jobs.
        earlier: States of the jobs that the folder has, by key.
        elsewhere: Keys of the jobs that other sweeps have completed.
    """
    seen: set[str] = set()
    found = []
    for key in keys:
        state = earlier.get(key)
        if key in seen:
            found.append(Outlook.EQUAL)
        elif state is JobState.COMPLETED:
            found.append(Outlook.KEPT)
        elif state is not None and state.active:
            found.append(Outlook.RUNNING)
        elif key in elsewhere:
            found.append(Outlook.REUSED)
        else:
            found.append(Outlook.TO_RUN)
        seen.add(key)
    return found
