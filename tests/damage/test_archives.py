"""An archive of results can harm nothing but its own job."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from sweeper.executors.aws import archive as module
from sweeper.executors.aws.archive import ArchiveError, unpack
from sweeper.executors.aws.packing import own_status, unpack_members
from sweeper.executors.base import Status
from sweeper.folder.layout import JobFolder
from sweeper.job.state import JobState

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", **attributes: object) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


def archive(*members: Member) -> Callable[[], io.BytesIO]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return lambda: io.BytesIO(buffer.getvalue())


GOOD = member("results.json", b"{}")


@pytest.mark.parametrize(
    "bad",
    [
        member("../escaped", b"x"),
        member("a/../../escaped", b"x"),
        member("link", type=tarfile.SYMTYPE, linkname="../../escaped"),
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("link", type=tarfile.LNKTYPE, linkname="../escaped"),
        member("device", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
        member("pipe", type=tarfile.FIFOTYPE),
    ],
    ids=lambda found: f"{found[0].name} {found[0].linkname}",
)
def test_nothing_leaves_the_folder_and_what_came_before_is_kept(tmp_path: Path, bad: Member) -> None:
    target = tmp_path / "jobs" / "results"
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        unpack(archive(GOOD, bad, member("after", b"x"))(), target)
    assert [path.name for path in target.iterdir()] == ["results.json"]
    assert not any(path.name.startswith("escaped") for path in tmp_path.rglob("*"))


def test_an_absolute_path_is_one_below_the_folder(tmp_path: Path) -> None:
    unpack(archive(member(f"{tmp_path}/escaped", b"x"))(), tmp_path / "results")
    assert list(tmp_path.rglob("escaped")) == [tmp_path / f"results{tmp_path}" / "escaped"]


def test_a_link_that_is_turned_after_it_was_checked_leads_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    steps = [
        member("a", type=tarfile.DIRTYPE, mode=0o755),
        member("a/up", type=tarfile.SYMTYPE, linkname=".."),
        member("a/up/outside", type=tarfile.SYMTYPE, linkname="../outside"),
        member("a/up/outside/escaped", b"x"),
    ]
    with pytest.raises(ArchiveError):
        unpack(archive(*steps)(), tmp_path / "results")
    assert list(outside.iterdir()) == []


def test_what_is_cut_off_or_no_archive_is_told(tmp_path: Path) -> None:
    whole = archive(GOOD, member("big", bytes(range(256)) * 4000))().getvalue()
    for content in (
        whole[: len(whole) // 2],
        whole[:-4],
        b"",
        b"no archive",
        gzip.compress(b"no tar"),
        b"\x1f\x8b" * 99,
    ):
        with pytest.raises(ArchiveError, match="cannot be unpacked"):
            unpack(io.BytesIO(content), tmp_path / "results")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A header is believed before its content is read."""
    info, _ = member("zeros")
    info.size = 2**40
    header = io.BytesIO(gzip.compress(info.tobuf() + bytes(10_000)))
    with pytest.raises(ArchiveError, match="unreasonably large"):
        unpack(header, tmp_path / "results")
    assert list((tmp_path / "results").iterdir()) == []
    header = archive(member("x", bytes(8 * 2**20), type=tarfile.XHDTYPE), GOOD)()
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="a header of 8388608 bytes"):
        unpack(header, tmp_path / "results")
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()
    monkeypatch.setattr(module, "_MOST_MEMBERS", 10)
    with pytest.raises(ArchiveError, match=r"unreasonably large .11 files"):
        unpack(archive(*(member(str(number)) for number in range(20)))(), tmp_path / "many")


def test_packed_jobs_cannot_reach_each_other(tmp_path: Path) -> None:
    folders = {f"arn#{place}/2": JobFolder(tmp_path / "jobs" / str(place)) for place in range(2)}
    for folder in folders.values():
        folder.root.mkdir(parents=True)
    content = archive(
        member("0/results/results.json", b"zero"),
        member("0/results/../../1/results/results.json", b"from zero"),
        member("1/results/results.json", b"one"),
        member("1/exit.json", b'{"exit_code": "0; rm", "started_at": [], "ended_at": 1}'),
    )
    with pytest.raises(ArchiveError):
        unpack_members(io.BytesIO(content().getvalue()[:-50]), folders)
    unpack_members(content(), folders)
    texts = [(folder.results / "results.json").read_text() for folder in folders.values()]
    assert texts == ["zero", "one"]
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["0", "1"]
    shared = Status(JobState.COMPLETED, started_at=1.0, ended_at=2.0)
    assert own_status(folders["arn#1/2"], shared).state is JobState.FAILED


@pytest.mark.parametrize(
    "report",
    ["[]", "null", '{"exit_code": null}', '{"exit_code": -9999, "started_at": 1, "ended_at": 2}', "[" * 9999],
)
def test_a_packed_jobs_own_report_may_be_anything(tmp_path: Path, report: str) -> None:
    (tmp_path / "exit.json").write_text(report)
    status = own_status(JobFolder(tmp_path), Status(JobState.COMPLETED, started_at=1.0, ended_at=2.0))
    assert (status.state, status.started_at) == (JobState.FAILED, 1.0)
