"""Archives: the source module coming in, the results going out, and what faults make of them."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from .faults import Fault, FaultKind


def unpack(content: bytes, folder: Path) -> None:
    """Unpack a source module's tarball; nothing leaves the folder.

    Raises:
        tarfile.TarError: It is damaged, or a member points outside.
    """
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as archive:
        archive.extractall(folder, filter="data")


def pack(folder: Path) -> bytes:
    """A folder's content as model.tar.gz has it."""
    content = io.BytesIO()
    # The least compression: tests pay for it in time.
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
    return content.getvalue()


def spoil(content: bytes, faults: dict[FaultKind, Fault]) -> bytes | None:
    """What becomes of a results archive; None if it is not there at all."""
    if FaultKind.MISSING_ARCHIVE in faults:
        return None
    if FaultKind.TRUNCATED_ARCHIVE in faults:
        return content[: len(content) // 2]
    if FaultKind.HOSTILE_ARCHIVE in faults:
        return _with_hostile_members(content)
    return content


def _with_hostile_members(content: bytes) -> bytes:
    """The same archive with members that reach for files outside the folder it is unpacked in."""
    spoilt = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(content)) as honest,
        tarfile.open(fileobj=spoilt, mode="w:gz") as archive,
    ):
        for name in ("../escaped-by-parent.txt", "/tmp/escaped-by-absolute-path.txt"):
            text = b"written outside the folder\n"
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
        link = tarfile.TarInfo("escape")
        link.type = tarfile.SYMTYPE
        link.linkname = "../../.."
        archive.addfile(link)
        through_link = tarfile.TarInfo("escape/escaped-by-link.txt")
        archive.addfile(through_link, io.BytesIO(b""))
        for member in honest:
            archive.addfile(member, honest.extractfile(member) if member.isfile() else None)
    return spoilt.getvalue()
