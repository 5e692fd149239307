"""For which reasons a failed job is tried again (`job.retries`): those that may have passed by then.

Whatever the job's own program did wrong (an exception, an exit code, a crash of the interpreter), a time
limit, a cancellation and a refused request fail in the same way the next time, and are not in the list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Transient:
    """A passing reason.

    Attributes:
        pattern: What the reason of such a failure begins with, a regular expression.
        means: What has happened.
        source: Where the words come from.
    """

    pattern: str
    means: str
    source: str


TRANSIENT = (
    Transient(
        r"killed by SIGKILL",
        "the kernel ended the job, most likely because all processes together had used up the memory",
        "proc(5), oom_score; our own kills (time limit, cancellation) have reasons of their own",
    ),
    Transient(
        r"killed with the process that starts the jobs",
        "the fork server was killed or crashed, and its jobs with it; one job of them may have done it",
        "executors/local.py",
    ),
    Transient(
        r"CapacityError",
        "AWS had no instance of this type free",
        "Amazon SageMaker API reference, FailureReason of a training job; hybrid jobs pass it on",
    ),
    Transient(
        r"InternalServerError",
        "the instance was lost, or the service failed",
        "Amazon SageMaker API reference, FailureReason of a training job; hybrid jobs pass it on",
    ),
    Transient(
        r"it could not be submitted: .*DeviceOfflineException",
        "the device was off line when the hybrid job was to be created",
        "Amazon Braket API reference, errors of CreateJob",
    ),
)


def is_transient(reason: str | None) -> bool:
    """Whether a job that failed for this reason may succeed if it is tried again."""
    return reason is not None and any(re.match(known.pattern, reason) for known in TRANSIENT)
