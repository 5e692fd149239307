"""Jobs that were handed over and of which the place, again and again, says that it does not know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sweeper.errors import SweeperError
from sweeper.executors.base import Unknown
from sweeper.folder.layout import SweepFolder
from sweeper.ledger.ledger import Ledger

MOST_RESUBMISSIONS = 2
"""Of one job, in all runs of a sweep together: whatever is wrong, it is not paid for again and again."""

_MOST_NAMED = 10
_FACT = "unknown"


class LostJobsError(SweeperError):
    """Nobody can say what became of some jobs; they stay reserved, and are not handed over again."""


@dataclass(frozen=True)
class Lost:
    """A job that may run somewhere, and its place's last word on it."""

    number: int
    handle: str
    said: Unknown


Resubmit = Callable[[str], bool]
"""Whether the jobs that a text names are to be handed over once more."""


class LostJobs:
    """Keeps the jobs that are lost, and learns what a person wants to be done about them."""

    def __init__(
        self, folder: SweepFolder, ledger: Ledger, resubmit: Resubmit, *, wanted_again: bool = False
    ) -> None:
        """Begin with none.

        Args:
            folder: The sweep's, for the commands to type.
            ledger: Remembers which jobs earlier runs gave up on.
            resubmit: Asks a person.
            wanted_again: Whether this run was started to hand such jobs over once more: those on which an
                earlier run gave up are then lost at the first answer that does not know them.
        """
        self._folder = folder
        self._ledger = ledger
        self._resubmit = resubmit
        self._wanted_again = wanted_again
        self._before = set(ledger.recall(_FACT) or {}) if wanted_again else set()
        self._lost: dict[str, Lost] = {}
        self._again: set[int] = set()
        """The jobs that this run has handed over once more: being wanted again means once."""

    def __contains__(self, handle: str) -> bool:
        return handle in self._lost

    def __len__(self) -> int:
        return len(self._lost)

    def take_in(self, number: int, handle: str, said: Unknown | None) -> None:
        """Take the place's word on a job in; none if it knows the job (again)."""
        self._lost.pop(handle, None)
        if said is not None and (said.lasting or (said.answers and handle in self._before)):
            self._lost[handle] = Lost(number, handle, said)

    def decide(self, *, nothing_more: bool) -> Sequence[Lost]:
        """The jobs that somebody wants to be handed over once more; they are not lost any more.

        Args:
            nothing_more: Whether nothing is handed over any more, whoever wants it.

        Raises:
            LostJobsError: None of them is to be.
        """
        lost = sorted(self._lost.values(), key=lambda job: job.number)
        self._ledger.remember(_FACT, {job.handle: job.said.why for job in lost})
        may = [job for job in lost if self._ledger.written_off(job.number) < MOST_RESUBMISSIONS]
        wanted = [job for job in may if self._wanted_again and job.number not in self._again]
        if may and not wanted and not nothing_more:
            question = f"{self._words(may)}\nSubmit them once more, and pay for both if they run after all?"
            wanted = may if self._resubmit(question) else []
        if nothing_more or not wanted:
            raise LostJobsError(self._refusal(lost, may))
        for job in wanted:
            del self._lost[job.handle]
            self._again.add(job.number)
        return wanted

    def _words(self, lost: Sequence[Lost]) -> str:
        lines = [f"  job {job.number}, {job.handle}: {job.said.why}" for job in lost[:_MOST_NAMED]]
        if len(lost) > _MOST_NAMED:
            lines.append(f"  and {len(lost) - _MOST_NAMED} more")
        usd = sum(self._ledger.job(job.number).reserved_usd for job in lost)
        many = "What became of a job" if len(lost) == 1 else f"What became of {len(lost)} jobs"
        return "\n".join(
            [f"{many} cannot be learnt:", *lines, f"They may run, and up to {usd:.2f} USD stay reserved."]
        )

    def _refusal(self, lost: Sequence[Lost], may: Sequence[Lost]) -> str:
        root = self._folder.typed
        text = f"{self._words(lost)} They were not submitted again. `sweeper resume {root}` asks once more"
        if may:
            text += f"; `sweeper resume {root} --resubmit` submits them again, and counts both as spent"
        if over := [str(job.number) for job in lost if job not in may]:
            text += (
                f"; job {', '.join(over[:_MOST_NAMED])} was submitted again {MOST_RESUBMISSIONS} times "
                "already, and is not any more: look for what is wrong in the place's own console"
            )
        return f"{text}."


def unknown_words(lost: Mapping[int, Unknown]) -> str | None:
    """For those who wait: which jobs are not known at the moment."""
    if not lost:
        return None
    number, said = min(lost.items())
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return f"job {number}{more}: {said.why}; it stays reserved and is asked for again"
