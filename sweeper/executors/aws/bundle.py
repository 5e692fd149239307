"""The source module as the archive that Braket unpacks: the same bytes for the same source."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path


def pack(folders: Iterable[Path]) -> bytes:
    """A tar.gz of everything in these folders, without times, owners or the machine's own order."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for folder in folders:
            for file in sorted(folder.rglob("*")):
                if not file.is_file() or "__pycache__" in file.parts:
                    continue
                content = file.read_bytes()
                member = tarfile.TarInfo(file.relative_to(folder).as_posix())
                member.size = len(content)
                member.mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
                tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
