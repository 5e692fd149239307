"""Jobs that were handed over and of which the place, again and again, says that it does not know them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sweeper.errors import SweeperError
from sweeper.executors.base import Unknown

MOST_RESUBMISSIONS = 2
"""Of one job, in all runs of a sweep together: whatever is wrong, it is not paid for again and again."""

_MOST_NAMED = 10


class LostJobsError(SweeperError):
    """Nobody can say what became of some jobs; they stay reserved, and are not handed over again."""


@dataclass(frozen=True)
class Lost:
    """A job that may run somewhere.

    Attributes:
        number: The job's.
        handle: By which its place knew it.
        said: The place's last word on it.
        reserved_usd: The most that it may cost.
        written_off: How often an attempt at it was written off before.
    """

    number: int
    handle: str
    said: Unknown
    reserved_usd: float = 0.0
    written_off: int = 0


Resubmit = Callable[[str], bool]
"""Whether the jobs that a text names are to be handed over once more."""


class LostJobs:
    """Keeps the jobs that are lost, and knows what is to be asked and said about them."""

    def __init__(self, typed: str, before: Collection[str] | None) -> None:
        """Begin with none.

        Args:
            typed: The sweep's folder, for the commands to type.
            before: Handles of the jobs on which an earlier run gave up, if this run was started to hand such
                jobs over once more: they are lost at the first answer that does not know them. None if it
                was not.
        """
        self._typed = typed
        self._wanted_again = before is not None
        self._before = frozenset(before or ())
        self._said: dict[str, Unknown] = {}
        self._again: set[int] = set()
        """The jobs that this run has handed over once more: being wanted again means once."""

    def __contains__(self, handle: str) -> bool:
        return handle in self._said

    def __len__(self) -> int:
        return len(self._said)

    def take_in(self, handle: str, said: Unknown | None) -> None:
        """Take the place's word on a job in; none if it knows the job (again)."""
        self._said.pop(handle, None)
        if said is not None and (said.lasting or (said.answers and handle in self._before)):
            self._said[handle] = said

    def said(self, handle: str) -> Unknown:
        """The place's last word on a lost job."""
        return self._said[handle]

    def wanted(self, lost: Sequence[Lost]) -> list[Lost]:
        """Those of the lost jobs that are handed over once more without a question."""
        return [job for job in self.may(lost) if self._wanted_again and job.number not in self._again]

    def may(self, lost: Sequence[Lost]) -> list[Lost]:
        """Those of the lost jobs that can be handed over once more."""
        return [job for job in lost if job.written_off < MOST_RESUBMISSIONS]

    def submit_again(self, job: Lost) -> None:
        """Note that a job is handed over once more; it is not lost any more."""
        del self._said[job.handle]
        self._again.add(job.number)

    def question(self, lost: Sequence[Lost]) -> str:
        """What a person is asked."""
        return (
            f"{self._words(self.may(lost))}\nSubmit them once more, and pay for both if they run after all?"
        )

    def refusal(self, lost: Sequence[Lost]) -> str:
        """Why the run ends, and what to do."""
        may, resume = self.may(lost), f"sweeper resume {self._typed}"
        text = f"{self._words(lost)} They were not submitted again. `{resume}` asks once more"
        if may:
            text += f"; `{resume} --resubmit` submits them again, and counts both as spent"
        if over := [str(job.number) for job in lost if job not in may]:
            text += (
                f"; job {', '.join(over[:_MOST_NAMED])} was submitted again {MOST_RESUBMISSIONS} times "
                "already, and is not any more: look for what is wrong in the place's own console"
            )
        return f"{text}."

    def _words(self, lost: Sequence[Lost]) -> str:
        lines = [f"  job {job.number}, {job.handle}: {job.said.why}" for job in lost[:_MOST_NAMED]]
        if len(lost) > _MOST_NAMED:
            lines.append(f"  and {len(lost) - _MOST_NAMED} more")
        usd = sum(job.reserved_usd for job in lost)
        many = "What became of a job" if len(lost) == 1 else f"What became of {len(lost)} jobs"
        return "\n".join(
            [f"{many} cannot be learnt:", *lines, f"They may run, and up to {usd:.2f} USD stay reserved."]
        )


def unknown_words(lost: Mapping[int, Unknown]) -> str | None:
    """For those who wait: which jobs are not known at the moment."""
    if not lost:
        return None
    number, said = min(lost.items())
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return f"job {number}{more}: {said.why}; it stays reserved and is asked for again"
