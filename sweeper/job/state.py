"""The life cycle of a job."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """The state of a job. From QUEUED on the names are those of Braket."""

    PENDING = "PENDING"
    """Not submitted yet, or to be submitted again."""
    SUBMITTING = "SUBMITTING"
    """Committed before the executor is called, so that a crash during the call is noticed."""
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
        """Whether the life cycle has the step to this state."""
        return other in _STEPS[self]


_FINISHED = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})
_ACTIVE = frozenset({JobState.SUBMITTING, JobState.QUEUED, JobState.RUNNING})

_STEPS: dict[JobState, frozenset[JobState]] = {
    # To COMPLETED, if the result is taken over from another sweep.
    JobState.PENDING: frozenset({JobState.SUBMITTING, JobState.COMPLETED, JobState.CANCELLED}),
    # Back to PENDING, if the executor does not know the job.
    JobState.SUBMITTING: frozenset({JobState.PENDING, JobState.QUEUED, JobState.RUNNING}) | _FINISHED,
    JobState.QUEUED: frozenset({JobState.PENDING, JobState.RUNNING}) | _FINISHED,
    JobState.RUNNING: frozenset({JobState.PENDING}) | _FINISHED,
    # A completed job never changes; failed and cancelled jobs may run again.
    JobState.COMPLETED: frozenset(),
    JobState.FAILED: frozenset({JobState.PENDING}),
    JobState.CANCELLED: frozenset({JobState.PENDING}),
}
