"""Why an attempt at a job failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed, and what its log said last.

    Attributes:
        reason: What whoever ended the attempt says of it; an exception's text may have several lines.
        log_tail: The last lines of its log.
        passing: Whether the next attempt may succeed although nothing is changed.
    """

    reason: str
    log_tail: str = ""
    passing: bool = False

    @property
    def headline(self) -> str:
        """The first line of the reason, for tables and lists."""
        return self.reason.partition("\n")[0]

    @property
    def details(self) -> str:
        """All that the headline leaves out."""
        return "\n".join(filter(None, (self.reason.partition("\n")[2], self.log_tail)))

    def __str__(self) -> str:
        """The reason, and then the end of the log: as the column `reason` of the results has it."""
        return "\n".join(filter(None, (self.reason, self.log_tail)))

    @classmethod
    def from_text(cls, text: str) -> Failure:
        """The failure of which only the text is left: in a table, or in a ledger of an earlier version.

        Where the reason had several lines all but the first are taken for the log's.
        """
        reason, _, tail = text.partition("\n")
        return cls(reason, tail)
