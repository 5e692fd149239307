"""The life cycle of a job."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands. From QUEUED on the words are Braket's own."""

    PENDING = "PENDING"
    """Not submitted yet, or to be submitted again."""
    SUBMITTING = "SUBMITTING"
    """Committed before the executor is asked, so that a crash in between is seen."""
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def finished(self) -> bool:
        """Whether the job will not change by itself any more."""
        return self in _FINISHED

    @property
    def active(self) -> bool:
        """Whether an executor may hold the job."""
        return self in _ACTIVE

    def may_become(self, other: JobState) -> bool:
        """Whether the life cycle has this step."""
        return other in _STEPS[self]


_FINISHED = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})
_ACTIVE = frozenset({JobState.SUBMITTING, JobState.QUEUED, JobState.RUNNING})

_STEPS: dict[JobState, frozenset[JobState]] = {
    # At once to COMPLETED: its result is taken over from another sweep.
    JobState.PENDING: frozenset({JobState.SUBMITTING, JobState.COMPLETED, JobState.CANCELLED}),
    # Back to PENDING: the executor turns out not to know the job.
    JobState.SUBMITTING: frozenset({JobState.PENDING, JobState.QUEUED, JobState.RUNNING}) | _FINISHED,
    JobState.QUEUED: frozenset({JobState.PENDING, JobState.RUNNING}) | _FINISHED,
    JobState.RUNNING: frozenset({JobState.PENDING}) | _FINISHED,
    # A completed job is never touched again; the others may be tried once more.
    JobState.COMPLETED: frozenset(),
    JobState.FAILED: frozenset({JobState.PENDING}),
    JobState.CANCELLED: frozenset({JobState.PENDING}),
}
