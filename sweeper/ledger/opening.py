"""Opens a sweep's ledger for writing, whatever has become of it."""

from __future__ import annotations

from sweeper.errors import DamagedLedgerError
from sweeper.folder.layout import SweepFolder
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.second_copy import can_rebuild, rebuild
from sweeper.terminal import say


def open_ledger(folder: SweepFolder, *, durable: bool = False) -> Ledger:
    """The ledger, new if there is none; a damaged or lost one is rebuilt from the jobs' folders first.

    Args:
        folder: The sweep's folder, whose lock the caller holds.
        durable: Wait for the disk at every commit.

    Raises:
        FolderError: The ledger is of a newer version, or damaged and there is nothing to rebuild it from.
    """
    damage: DamagedLedgerError | None = None
    if folder.ledger.exists() or not can_rebuild(folder):
        try:
            return Ledger(folder.ledger, durable=durable)
        except DamagedLedgerError as error:
            damage = error
    rebuilt = rebuild(folder, damage)
    why = f"{damage}\n" if damage is not None else f"{folder.ledger} is missing.\n"
    say(f"{why}{rebuilt}")
    return Ledger(folder.ledger, durable=durable)
