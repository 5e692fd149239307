"""What the runner asks of a place where hybrid jobs run."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from sweeper.errors import SweeperError
from sweeper.folder import disk
from sweeper.folder.layout import JobFolder
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.job.tasks_seen import TasksSeen


@dataclass(frozen=True)
class Submission:
    """One attempt at a job.

    Attributes:
        number: The job's number in its sweep.
        spec: What to run.
        folder: Where the job's files belong on this machine.
        token: Derived from sweep, key and attempt; equal tokens mean the same submission.
        name: The attempt's name as a Braket job.
        attempt: Which one it is, from 1.
        earlier_names: The names of the attempts before it, the latest first.
    """

    number: int
    spec: JobSpec
    folder: JobFolder
    token: str
    name: str
    attempt: int = 1
    earlier_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Jobs that are handed over at once: one, unless the executor packs several together.

    Attributes:
        name: A valid Braket job name (letters, digits and hyphens, 50 at most), unique to the batch: its
            first job's.
        token: Derived from the submissions' tokens, 64 characters: a second hand-over with it is the same
            hand-over, and starts nothing.
        submissions: The jobs.
    """

    name: str
    token: str
    submissions: tuple[Submission, ...]


@dataclass(frozen=True)
class Status:
    """What an executor says of a job; times in seconds since the epoch.

    Attributes:
        state: QUEUED, RUNNING, COMPLETED, FAILED or CANCELLED.
        reason: Why it failed or was cancelled, or what it waits for.
        started_at: When it began to run.
        ended_at: When it ended.
        billed_seconds: For how long its instance is paid for, quantum tasks not included; none if unknown.
        digests: What is to be found in its folder, by path, as it was when the job had ended: size and
            SHA-256, none for what was not there. None at all where no other job can write into the folder.
        passing: Of a failure: whether the next attempt may succeed although nothing is changed. What the
            job's own program did wrong (an exception, an exit code, a crash of the interpreter), a time limit
            and a cancellation come to the same end the next time.
    """

    state: JobState
    reason: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    billed_seconds: float | None = None
    digests: Mapping[str, str | None] | None = None
    passing: bool = False


@dataclass(frozen=True)
class Unknown:
    """The place cannot say how a job stands, or whether a batch arrived: it may run, and be paid for.

    Attributes:
        why: What the place said, for people.
        answers: How often it said so; 0 if it has not answered at all.
        lasting: It said so often enough, for long enough, that asking again will not help.
    """

    why: str
    answers: int = 0
    lasting: bool = False


@dataclass(frozen=True)
class NotNow:
    """The place may be asked again to take a batch, with the same token, after `seconds`.

    Attributes:
        why: What the place said, for people.
        seconds: How long to wait.
        may_have_arrived: Whether it did not answer, so that nobody knows whether the batch arrived.
    """

    why: str
    seconds: float
    may_have_arrived: bool


@dataclass(frozen=True)
class Refused:
    """The place does not take a batch, and does not run it; `passing` if it may take another attempt."""

    why: str
    passing: bool = False


class NotNowError(SweeperError):
    """The batch may be handed over again, with the same token, after `seconds`.

    Either the place refused it for now, or it did not answer, so that nobody knows whether it arrived.
    """

    def __init__(self, reason: str, seconds: float, *, may_have_arrived: bool = True) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.may_have_arrived = may_have_arrived


class RefusedError(SweeperError):
    """The batch cannot be handed over, and does not run; `passing` if another attempt may succeed later."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


class AccessLostError(SweeperError):
    """The place does not let us in any more; jobs that it holds go on, and can be adopted later."""


class Executor(Protocol):
    """A place where hybrid jobs run. Used by one thread; handles outlive the process that got them."""

    @property
    def words(self) -> str:
        """Where jobs run, for people: "on this machine, 2 at a time"."""

    @property
    def concurrency(self) -> int:
        """How many batches it may hold at once; may change while it is used."""

    @property
    def batch_size(self) -> int:
        """Most jobs of one batch."""

    @property
    def at_once(self) -> int:
        """Most batches of one `hand_over`.

        All of them are announced before it. After a crash each is looked for, so that this is to be 1 where
        `find` is never certain that a batch did not arrive.
        """

    @property
    def outlives_us(self) -> bool:
        """Whether jobs go on when this process ends."""

    @property
    def paid(self) -> bool:
        """Whether a submission can cost money."""

    def check(self, spec: JobSpec) -> None:
        """Say whether such a job can run here at all; asked for all jobs before the first is submitted.

        Raises:
            ConfigError: It cannot; names the config key.
        """

    def batch_key(self, spec: JobSpec) -> Hashable:
        """All that the jobs of one batch share: only jobs with equal keys are handed over together."""

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        """What a person should know before these jobs are submitted, such as that a device is offline."""

    def enter(
        self, specs: Collection[JobSpec], handles: Collection[str], known: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """See that this is where earlier processes handed jobs over, before anything is asked or started.

        Args:
            specs: The jobs that are to be handed over now.
            handles: Those of jobs that were handed over and may still run.
            known: What this returned to the process that announced or handed over jobs that may still run;
                none if there are no such jobs.

        Returns:
            What tells this place from others of its kind, to be kept; nothing if there is only one.

        Raises:
            AccessLostError: It is another place, or cannot be reached.
        """

    def news(self) -> Sequence[str]:
        """What somebody who waits should know now, such as that the place has not answered for a minute."""

    def spending_limit(self, specs: Collection[JobSpec], usd: float | None) -> AbstractContextManager[None]:
        """While it lasts, the place itself refuses to spend more than `usd` on each QPU of these jobs.

        At its end no limit is left, not even one of an earlier process that was killed; what cannot be
        removed is said. Without `usd` none is set.
        """

    def submit(self, batch: Batch) -> Sequence[str]:
        """Hand a batch over.

        Returns:
            For each of its jobs the handle by which the executor knows it, also in a later process.

        Raises:
            NotNowError: Try again later.
            SweeperError: The batch cannot be handed over, and does not run.
        """

    def hand_over(self, batches: Sequence[Batch]) -> Iterator[tuple[Batch, Sequence[str] | NotNow | Refused]]:
        """Hand several batches over; tells of each as soon as it is known what became of it.

        Raises:
            AccessLostError: The place does not let us in any more. What was told before holds.
            DiskError: The disk is full, read-only or failing; the same holds.
        """

    def settled(self, handles: Collection[str]) -> None:
        """The ends of these jobs are on record, and nobody asks for them again: they may be forgotten."""

    def find(self, batch: Batch) -> Sequence[str] | Unknown | None:
        """The handles of a batch that may have been handed over without an answer; does not wait.

        Returns:
            None if it is certain that the batch did not arrive. Unknown as long as it may turn up here;
            if that is lasting, only handing the batch over again, with its token, tells.
        """

    def poll(self, handles: Collection[str]) -> Mapping[str, Status | Unknown]:
        """How these jobs stand, without waiting; one call for all of them.

        A handle that is missing in the answer is known to be absent: the job never started, or has ended
        without a trace. A place that cannot be sure of that answers Unknown.
        """

    def count_tasks(self, jobs: Mapping[str, str], *, now: bool = False) -> Mapping[str, TasksSeen]:
        """The quantum tasks that jobs have created, as far as the place can tell.

        Args:
            jobs: By handle the device string of each.
            now: Whether to count at once; else only those are in the answer whose last count is a while ago.
        """

    def wait(self, seconds: float) -> None:
        """Return when a job's state may have changed, after `seconds` at the latest."""

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        """Bring the logs and results of finished jobs into their folders.

        Returns:
            For each handle how the job ended, now that all is known.
        """

    def cancel(self, handles: Collection[str]) -> None:
        """End these jobs, and everything they have started."""

    def __enter__(self) -> Self:
        """Use the executor."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything that belongs to this process."""


class OneByOne:
    """Hands batches over one after the other, and forgets nothing."""

    at_once = 1

    def submit(self, batch: Batch) -> Sequence[str]:
        """Hand a batch over, as `Executor` has it."""
        raise NotImplementedError

    def hand_over(self, batches: Sequence[Batch]) -> Iterator[tuple[Batch, Sequence[str] | NotNow | Refused]]:
        """One `submit` for each."""
        for batch in batches:
            answer: Sequence[str] | NotNow | Refused
            try:
                with disk.trouble(batch.submissions[0].folder.root):
                    answer = self.submit(batch)
            except NotNowError as later:
                answer = NotNow(str(later), later.seconds, later.may_have_arrived)
            except (AccessLostError, disk.DiskError):
                raise  # no job's fault: all of them can go on when there is access, or space, again
            except (OSError, ValueError, SweeperError) as error:
                answer = Refused(str(error), isinstance(error, RefusedError) and error.passing)
            yield batch, answer

    def settled(self, handles: Collection[str]) -> None:
        """Nothing to forget."""
        del handles


class SelfContained(OneByOne):
    """What a place answers that has no service behind it: what an executor has nothing to do for there."""

    def enter(
        self, specs: Collection[JobSpec], handles: Collection[str], known: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """There is only one such place."""
        del specs, handles, known
        return {}

    def news(self) -> list[str]:
        """Nothing that anybody waits for."""
        return []

    def spending_limit(self, specs: Collection[JobSpec], usd: float | None) -> AbstractContextManager[None]:
        """Nothing to limit."""
        del specs, usd
        return nullcontext()

    def count_tasks(self, jobs: Mapping[str, str], *, now: bool = False) -> Mapping[str, TasksSeen]:
        """Nothing: nobody counts the quantum tasks of jobs here."""
        del jobs, now
        return {}
