"""What finished jobs have left in their folders; what takes long is read beside everything else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from sweeper.contract.outcome import Logged, Outcome, log_tail, read_outcome
from sweeper.executors.afterwards import changed_since
from sweeper.executors.base import Status
from sweeper.folder.layout import JobFolder
from sweeper.job.spec import JobSpec

_LONG_LOG = 2**18
"""Bytes; what is shorter is read in a few hundredths of a second."""


@dataclass(frozen=True)
class Left:
    """What a finished job has left in its folder."""

    outcome: Outcome
    log_tail: str = ""


class Reading:
    """Reads what jobs have left; of one that has logged very much it tells later, and the others go on."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._underway: dict[int, Future[Left]] = {}

    def read(self, number: int, folder: JobFolder, spec: JobSpec, status: Status) -> Left | None:
        """What a job has left. None means that `ended` tells it later."""
        read = partial(_left_in, folder, spec, status)
        try:
            long = folder.log.lstat().st_size > _LONG_LOG
        except OSError:
            long = False
        if not long:
            return read()
        self._threads = self._threads or ThreadPoolExecutor(2, "reading logs")
        self._underway[number] = self._threads.submit(read)
        return None

    def ended(self, *, wait: bool) -> Iterator[tuple[int, Left]]:
        """What jobs have left, by number, that has been read meanwhile; `wait` for all that is being read."""
        for number in [number for number, read in self._underway.items() if wait or read.done()]:
            yield number, self._underway.pop(number).result()

    def close(self) -> None:
        """Read no further."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def _left_in(folder: JobFolder, spec: JobSpec, status: Status) -> Left:
    """A finished job's outcome and the end of its log, whatever it or another job has made of its folder."""
    try:
        left = Left(
            read_outcome(folder, spec.objective, allow_pickle=spec.allow_pickle), log_tail(folder.log)
        )
    except (OSError, ValueError, ArithmeticError, RecursionError) as error:
        return _unreadable(f"what the job has left cannot be read ({type(error).__name__}: {error})")
    # Afterwards, so that it was the digested content which has been read.
    if changed := changed_since(folder, status.digests):
        return _unreadable(
            f"{' and '.join(changed)} changed after the job had ended and all that it had started: something "
            "else has written there, such as another job. Its own is lost: sweeper resume runs it again"
        )
    return left


def _unreadable(problem: str) -> Left:
    return Left(Outcome({}, Logged([], ()), None, problem))
