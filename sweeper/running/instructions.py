"""What the machine wants done, by whoever has a ledger, an executor, a clock and a person to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sweeper.executors.base import Batch, Status
from sweeper.running.steps import Step


@dataclass(frozen=True)
class Commit:
    """Write these steps into the ledger: all at once, or none."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Tell:
    """Tell the observers of a job's new state, which is committed."""

    number: int


@dataclass(frozen=True)
class Say:
    """Tell those who wait about a topic; none takes back what was said of it."""

    topic: str
    text: str | None


@dataclass(frozen=True)
class AskForRoom:
    """Learn how many batches the executor may hold now."""


@dataclass(frozen=True)
class HandOver:
    """Hand announced batches over.

    Attributes:
        batches: In the order in which they are to start.
        prepared: Whether their jobs' folders are to be left as they are: an earlier hand-over, of which
            nobody knows whether it arrived, has prepared them.
    """

    batches: tuple[Batch, ...]
    prepared: bool = False


@dataclass(frozen=True)
class Find:
    """Ask the executor whether a batch has arrived."""

    batch: Batch


@dataclass(frozen=True)
class Poll:
    """Ask how these jobs stand."""

    handles: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """Count the quantum tasks of running jobs if their last count is a while ago; their devices by handle."""

    devices: Mapping[str, str]


@dataclass(frozen=True)
class CountAtEnd:
    """Count the quantum tasks of a job that has ended, at once."""

    number: int
    handle: str
    device: str


@dataclass(frozen=True)
class Fetch:
    """Bring what these jobs have left into their folders: by handle the job's number and its end so far."""

    ended: Mapping[str, tuple[int, Status]]


@dataclass(frozen=True)
class Read:
    """Read what a job has left in its folder; what takes long is told of later."""

    number: int
    status: Status


@dataclass(frozen=True)
class CollectRead:
    """Tell of what has been read meanwhile."""

    wait: bool = False


@dataclass(frozen=True)
class Forget:
    """The ends of these jobs are committed: the executor may forget them."""

    handles: tuple[str, ...]


@dataclass(frozen=True)
class Cancel:
    """End these jobs."""

    handles: tuple[str, ...]


@dataclass(frozen=True)
class RememberLost:
    """Keep which jobs a run gave up on, by handle, and the place's last word on each."""

    why: Mapping[str, str]


@dataclass(frozen=True)
class Ask:
    """Ask a person whether lost jobs are to be handed over once more."""

    question: str


@dataclass(frozen=True)
class GiveUp:
    """End the run: what became of the jobs that are left cannot be learnt."""

    why: str


@dataclass(frozen=True)
class Rest:
    """Let some time pass, unless the executor reports something."""

    seconds: float


Instruction = (
    Commit
    | Tell
    | Say
    | AskForRoom
    | HandOver
    | Find
    | Poll
    | Count
    | CountAtEnd
    | Fetch
    | Read
    | CollectRead
    | Forget
    | Cancel
    | RememberLost
    | Ask
    | GiveUp
    | Rest
)
