"""What has changed in a job's folder since the job ended: another job's doing, as its own processes are gone.

Digests are taken by whoever ends the job (`executors/forkserver.py`) and stand in its exit record. A program
that runs as the same user can of course write the record as well; what that leaves open is in
docs/reliability.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sweeper.folder.layout import DIGESTED, JobFolder, open_regular

_MOST_OF_A_RECORD = 2**14


def changed_since(folder: JobFolder, digests: Mapping[str, str | None] | None) -> list[str]:
    """The files that are not what they were when the job had ended; none if nobody has digested them.

    Args:
        folder: The job's folder.
        digests: Of the job's end, by path in the folder.
    """
    from sweeper.executors.forkserver import digest_of_file

    known = digests if isinstance(digests, Mapping) else {}
    return [name for name in DIGESTED if name in known and digest_of_file(folder.root / name) != known[name]]


def read_exit_record(folder: JobFolder) -> dict[str, Any] | None:
    """The exit record that a job on this machine has; none if there is none that makes sense."""
    try:
        with open_regular(folder.exit_record) as file:
            record = json.loads(file.read(_MOST_OF_A_RECORD))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def changed_since_its_end(folder: JobFolder, handle: str | None) -> list[str]:
    """As `changed_since`, by the digests on record.

    Args:
        folder: The job's folder.
        handle: Of the attempt that the ledger tells of; the record of another one says nothing of it.
    """
    record = read_exit_record(folder)
    return changed_since(folder, record.get("digests")) if record and record.get("id") == handle else []
