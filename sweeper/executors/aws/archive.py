"""A job's results out of the archive that Braket makes of them, whatever is in it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from sweeper.errors import SweeperError

_MOST_BYTES = 2**31
_MOST_MEMBERS = 100_000


class ArchiveError(SweeperError):
    """The archive is damaged, or contains what does not belong into it."""


def unpack(archive: bytes, target: Path) -> None:
    """Unpack regular files below `target`; nothing can be written elsewhere.

    Raises:
        ArchiveError: It is truncated or no archive, has members that would leave the folder, links or
            devices, or is larger than 2 GiB unpacked. What was in order up to there has been written.
    """
    target.mkdir(parents=True, exist_ok=True)
    total = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for count, member in enumerate(tar):
                total += member.size
                if total > _MOST_BYTES or count > _MOST_MEMBERS:
                    raise ArchiveError(
                        f"the result archive is unreasonably large ({count} files, {total} bytes)"
                    )
                # "data" refuses absolute paths, paths and links that leave the folder, and devices.
                tar.extract(member, target, filter="data")
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise ArchiveError(
            f"the result archive cannot be unpacked: {type(error).__name__}: {error}"
        ) from error
