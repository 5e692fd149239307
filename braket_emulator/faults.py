"""Faults that tests inject: calls that fail, and hybrid jobs that come to harm."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

RUN_JOB = "RunJob"


class FaultKind(StrEnum):
    """What goes wrong: first with a call, then with a hybrid job (operation `RunJob`)."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    VALIDATION = "validation"
    ACCESS_DENIED = "access_denied"
    EXPIRED_TOKEN = "expired_token"
    INVALID_CREDENTIALS = "invalid_credentials"
    NOT_FOUND = "not_found"
    LOST_RESPONSE = "lost_response"
    RESET = "reset"
    SLOW = "slow"

    CAPACITY = "capacity"
    JOB_KILLED = "job_killed"
    CONSOLE_CANCEL = "console_cancel"
    CLOCK_SKEW = "clock_skew"
    MISSING_ARCHIVE = "missing_archive"
    TRUNCATED_ARCHIVE = "truncated_archive"
    HOSTILE_ARCHIVE = "hostile_archive"

    @property
    def hits_jobs(self) -> bool:
        """Whether this happens to a hybrid job rather than to a call."""
        return self in _JOB_FAULTS


_JOB_FAULTS = frozenset(
    {
        FaultKind.CAPACITY,
        FaultKind.JOB_KILLED,
        FaultKind.CONSOLE_CANCEL,
        FaultKind.CLOCK_SKEW,
        FaultKind.MISSING_ARCHIVE,
        FaultKind.TRUNCATED_ARCHIVE,
        FaultKind.HOSTILE_ARCHIVE,
    }
)


@dataclass(frozen=True)
class Fault:
    """A fault and the calls it hits.

    Attributes:
        operation: Glob over operations: `CreateJob`, `Get*`, `s3:PutObject`, `sts:*`; `RunJob` for what
            happens to a job, each accepted job being one call.
        kind: What happens.
        times: How many calls it hits; None for all.
        after: How many matching calls it lets pass first.
        probability: Chance to hit each further one, from a generator with this `seed`.
        seed: See `probability`.
        job_name: Glob over the jobs' names; RunJob only.
        seconds: Emulated seconds, for SLOW how long the answer takes, for JOB_KILLED and CONSOLE_CANCEL
            how long after the program's start, for CLOCK_SKEW how far time stamps are ahead.
        message: The error's or the failure's text instead of the usual one.
    """

    operation: str
    kind: FaultKind
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    job_name: str = "*"
    seconds: float = 0.0
    message: str | None = None

    def __post_init__(self) -> None:
        # An operator may hand over the plain word, as the administration endpoint does.
        object.__setattr__(self, "kind", FaultKind(self.kind))
        if self.kind.hits_jobs != (self.operation == RUN_JOB):
            raise ValueError(f"A fault of kind {self.kind} cannot happen to {self.operation}")


class _Armed:
    """A fault with its count."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._seen = 0
        self._hits = 0
        self._random = random.Random(fault.seed)

    def hit(self) -> bool:
        """Count a matching call, and say whether it is hit."""
        self._seen += 1
        if self._seen <= self.fault.after or self._hits == self.fault.times:
            return False
        hit = self.fault.probability >= 1 or self._random.random() < self.fault.probability
        self._hits += hit
        return hit


class FaultPlan:
    """The faults that are armed. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()

    def inject(self, fault: Fault) -> None:
        """Arm a fault; those armed earlier come first."""
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Disarm everything."""
        with self._lock:
            self._armed.clear()

    def for_call(self, operation: str) -> Fault | None:
        """The first fault that hits this call."""
        with self._lock:
            for armed in self._armed:
                if (
                    not armed.fault.kind.hits_jobs
                    and fnmatchcase(operation, armed.fault.operation)
                    and armed.hit()
                ):
                    return armed.fault
        return None

    def for_job(self, name: str) -> dict[FaultKind, Fault]:
        """Every fault that hits this job."""
        with self._lock:
            return {
                armed.fault.kind: armed.fault
                for armed in self._armed
                if armed.fault.kind.hits_jobs and fnmatchcase(name, armed.fault.job_name) and armed.hit()
            }
