"""A job's results out of the archive that Braket makes of them, whatever is in it."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path
from typing import IO

from sweeper.errors import SweeperError
from sweeper.folder import disk

MOST_BYTES = 2**31
_LONGEST_READ = 2**20
_MOST_MEMBERS = 100_000


class _Plain(gzip.GzipFile):
    """Contents are read in small pieces; only a forged header makes `tarfile` ask for more at once."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _LONGEST_READ:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return super().read(size)


class ArchiveError(SweeperError):
    """The archive is damaged, or contains what does not belong into it."""


def unpack(archive: IO[bytes], target: Path) -> None:
    """Unpack below `target`; nothing can be written elsewhere.

    Raises:
        ArchiveError: It is truncated or no archive, has members or links that would leave the folder, or
            devices, or is larger than 2 GiB unpacked. What was in order up to there has been written.
        DiskError: There is nothing wrong with it, but it cannot be written here.
    """
    try:
        with disk.trouble(target):
            target.mkdir(parents=True, exist_ok=True)
            _unpack(archive, target)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError) as error:
        raise ArchiveError(
            f"the result archive cannot be unpacked: {type(error).__name__}: {error}"
        ) from error


def _unpack(archive: IO[bytes], target: Path) -> None:
    with _Plain(fileobj=archive, mode="rb") as plain:
        with tarfile.open(fileobj=plain, mode="r:") as tar:
            total = 0
            for count, member in enumerate(tar):
                total += member.size
                if total > MOST_BYTES or count > _MOST_MEMBERS:
                    raise ArchiveError(
                        f"the result archive is unreasonably large ({count} files, {total} bytes)"
                    )
                # "data" refuses paths and links that leave the folder, and devices.
                tar.extract(member, target, filter="data")
        while plain.read(_LONGEST_READ):  # up to the checksum at its end
            pass
