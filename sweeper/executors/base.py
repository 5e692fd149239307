"""What the runner asks of a place where hybrid jobs run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from sweeper.folder import JobFolder
from sweeper.spec import JobSpec
from sweeper.states import JobState


@dataclass(frozen=True)
class Submission:
    """One attempt at a job.

    Attributes:
        spec: What to run.
        folder: Where the job's files belong on this machine.
        name: A valid Braket job name (letters, digits and hyphens, 50 at most), unique to the attempt.
        token: Derived from sweep, key and attempt: a second submission with it is the same submission.
    """

    spec: JobSpec
    folder: JobFolder
    name: str
    token: str


@dataclass(frozen=True)
class Status:
    """What an executor says of a job; times in seconds since the epoch.

    Attributes:
        state: QUEUED, RUNNING, COMPLETED, FAILED or CANCELLED.
        reason: Why it failed or was cancelled.
        started_at: When it began to run.
        ended_at: When it ended.
        cost_usd: What it cost, once that is known.
    """

    state: JobState
    reason: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    cost_usd: float | None = None


class Executor(Protocol):
    """A place where hybrid jobs run. Used by one thread; handles outlive the process that got them."""

    @property
    def words(self) -> str:
        """Where jobs run, for people: "this machine, 2 at a time"."""

    @property
    def concurrency(self) -> int:
        """How many jobs it may hold at once."""

    @property
    def paid(self) -> bool:
        """Whether a submission can cost money."""

    def check(self, spec: JobSpec) -> None:
        """Say whether such a job can run here at all; asked for all jobs before the first is submitted.

        Raises:
            ConfigError: It cannot; names the config key.
        """

    def submit(self, submission: Submission) -> str:
        """Hand a job over.

        Returns:
            The handle by which the executor knows it, also in a later process.

        Raises:
            SweeperError: The job could not be handed over, and does not run.
        """

    def poll(self, handles: Collection[str]) -> Mapping[str, Status]:
        """How these jobs stand, without waiting; one call for all of them.

        A handle that is missing in the answer is unknown here: the job never started or has vanished.
        """

    def wait(self, seconds: float) -> None:
        """Return when a job's state may have changed, after `seconds` at the latest."""

    def fetch(self, handle: str, folder: JobFolder) -> None:
        """Bring a finished job's log and results into its folder."""

    def cancel(self, handles: Collection[str]) -> None:
        """End these jobs, and everything they have started."""

    def __enter__(self) -> Self:
        """Use the executor."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything that belongs to this process."""
