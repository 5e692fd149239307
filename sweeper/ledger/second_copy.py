"""What the ledger holds, a second time: in the jobs' folders, from which a damaged ledger is rebuilt.

`jobs.jsonl` lists the jobs as they were enlisted, `sweep.json` has the sweep's name and launcher, and
`jobs/<n>/job.json` says all that is known of a job: written when it ends, and when it is handed over to
where it outlives this process. Metrics are read again from the logs.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweeper.contract.outcome import Logged, read_log
from sweeper.errors import DamagedLedgerError, FolderError
from sweeper.executors.afterwards import changed_since_its_end
from sweeper.folder import disk
from sweeper.folder.layout import SweepFolder, open_regular, write_atomically, write_json
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry, JobRecord, Standing, UnreadableRowError, job_of_values
from sweeper.ledger.seals import digest

_SEAL = re.compile(rb', "digest": "([^"]*)"\}\s*$')
_COLUMNS = {column.name for column in fields(JobRecord)}
_FACTS = ("launcher", "place")
_ENLISTED = {column.name for column in fields(Entry)} | {"number"}
_BEFORE_ANYTHING: dict[str, Any] = {
    **dict.fromkeys(_COLUMNS - _ENLISTED),
    "state": JobState.PENDING,
    "attempts": 0,
    "reserved_usd": 0.0,
    "result": {},
}


class RecordWriter:
    """Keeps the records up to date while the sweep runs."""

    def __init__(self, folder: SweepFolder, ledger: Ledger, *, jobs_outlive_us: bool) -> None:
        """Write down what has been enlisted.

        Args:
            folder: The sweep's folder.
            ledger: Its ledger.
            jobs_outlive_us: Whether a job is to be found again by its handle.

        Raises:
            DiskError: The disk is full, read-only or failing.
        """
        self._folder = folder
        self._ledger = ledger
        self._sweep = ledger.sweep_id
        self._written = {JobState.QUEUED} if jobs_outlive_us else set()
        facts = {"sweep": self._sweep, **{name: ledger.recall(name) for name in _FACTS}}
        write_json(folder.facts, facts, private=True)
        _extend(folder.listing, ledger)

    def changed(self, standing: Standing) -> None:
        """Write a job's record if it has ended, or has just been handed over.

        Raises:
            DiskError: The disk is full, read-only or failing.
        """
        if not (standing.state.finished or standing.state in self._written):
            return
        record = self._ledger.record(standing.number)
        if record is not None:
            content = _sealed(f'{{"sweep": {json.dumps(self._sweep)}, {record[1:]}')
            with suppress(OSError):  # of the folder, not the disk: a job's own doing, and its own loss
                write_atomically(self._folder.job(standing.number).record, content.encode(), private=True)

    def tick(self) -> None:
        """Nothing is put off."""


@dataclass(frozen=True)
class Rebuilt:
    """What became of a ledger: where the damaged one is, the new one's jobs, and the records not read.

    `changed` are the jobs whose logs are not what they were when the jobs had ended.
    """

    aside: Path | None
    jobs: Sequence[JobRecord]
    unreadable: Sequence[str]
    changed: Sequence[int] = ()

    def __str__(self) -> str:
        finished = sum(job.state.finished for job in self.jobs)
        found = sum(job.state.active for job in self.jobs)
        said = (
            f"The ledger was rebuilt from the jobs' folders: {len(self.jobs)} jobs, {finished} of them have "
            f"ended, {found} are looked for where they were handed over, the others run (again)."
        )
        if self.aside is not None:
            said += f" The damaged one is kept as {self.aside.name}."
        if self.unreadable:
            said += (
                f" {len(self.unreadable)} records could not be read ({', '.join(self.unreadable[:5])}): "
                "their jobs run again if the listing or the sweep's command names them."
            )
        if self.changed:
            numbers = ", ".join(str(number) for number in self.changed[:5])
            said += (
                f" The logs of {len(self.changed)} jobs ({numbers}) have changed since these ended: no "
                "metrics are taken from them."
            )
        return said


def can_rebuild(folder: SweepFolder) -> bool:
    """Whether there are any records."""
    return folder.listing.is_file() or any(_is_there(job.record) for _, job in folder.job_folders)


def rebuild(folder: SweepFolder, damage: DamagedLedgerError | None) -> Rebuilt:
    """Put a new ledger in the place of one that is damaged or missing; needs the folder's lock.

    A job that has ended is as it was. One that was handed over to where it outlives this process is looked
    for there by its handle, so that nothing is paid twice; every other one is to be submitted (again), with
    the token it would have had.

    Raises:
        FolderError: There are no records, or they cannot be written.
    """
    if not can_rebuild(folder):
        raise FolderError(
            f"{damage or folder.ledger}: and there is no record of a job to rebuild it from. Move the file "
            "away to begin anew."
        ) from damage
    facts = _facts(folder)
    jobs, sweeps, unreadable = _read_records(folder)
    # As the tokens of submissions derive from it, the name is the old one if anything still tells it.
    identity = facts.get("sweep") or next(iter(sweeps), None)
    with disk.trouble(folder.root):
        aside = _set_aside(folder.ledger)
        draft = folder.ledger.with_name(f".{folder.ledger.name}.rebuilt")
        for leftover in draft.parent.glob(f"{draft.name}*"):
            leftover.unlink()
    with closing(Ledger(draft, durable=True, identity=identity)) as ledger:
        changed = [job.number for job in jobs if job.state.finished and _log_has_changed(folder, job)]
        logged = (Logged([], ()) if job.number in changed else _logged(folder, job) for job in jobs)
        ledger.restore((job, log.metrics, log.remarks) for job, log in zip(jobs, logged, strict=True))
        for name in _FACTS:
            if facts.get(name):
                ledger.remember(name, facts[name])
    draft.replace(folder.ledger)
    return Rebuilt(aside, jobs, unreadable, changed)


def _extend(listing: Path, ledger: Ledger) -> None:
    """Add the jobs that are not listed yet; a line that a crash has cut off is written again."""
    with disk.trouble(listing), open(listing, "ab+", opener=_private) as file:
        file.seek(0)
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        file.truncate(len(whole))
        last = _parsed(whole[whole.rfind(b"\n", 0, -1) + 1 :]) if whole else None
        first = last["number"] + 1 if last and isinstance(last.get("number"), int) else 0
        if not first:
            file.truncate(0)
        file.writelines(f"{_sealed(line)}\n".encode() for line in ledger.listing(first))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _read_records(folder: SweepFolder) -> tuple[list[JobRecord], list[str], list[str]]:
    """The jobs by number, the sweep's names that they tell, and the records that cannot be read."""
    by_number: dict[int, JobRecord] = {}
    sweeps: list[str] = []
    unreadable: list[str] = []
    for place, values in _listed(folder.listing):
        record = None if values is None else _record({**_BEFORE_ANYTHING, **values})
        if record is None:
            unreadable.append(place)
        else:
            by_number[record.number] = record
    for number, job in folder.job_folders:
        if not _is_there(job.record):
            continue
        values = _parsed_file(job.record)
        record = None if values is None else _record(values)
        if values is None or record is None or record.number != number:
            unreadable.append(str(job.record.relative_to(folder.root)))
            continue
        sweeps.append(str(values.get("sweep")))
        by_number[number] = record
    by_key: dict[str, JobRecord] = {}
    for _, record in sorted(by_number.items()):
        by_key.setdefault(record.key, record)
    return list(by_key.values()), sweeps, unreadable


def _listed(listing: Path) -> Iterator[tuple[str, dict[str, Any] | None]]:
    with suppress(FileNotFoundError), open_regular(listing) as lines:
        for place, line in enumerate(lines, 1):
            yield f"{listing.name} line {place}", _parsed(line)


def _record(values: Mapping[str, Any]) -> JobRecord | None:
    """The job of these values, to be looked for where it was handed over, or to be run again."""
    try:
        job = job_of_values(values)
        if job.spec:
            JobSpec.from_json(job.spec)
    except (UnreadableRowError, FolderError):
        return None
    if job.state.finished:
        return job
    if job.handle is not None and job.handle.startswith("arn:"):
        return replace(job, state=JobState.QUEUED)
    return replace(job, state=JobState.PENDING, batch=None, handle=None, reserved_usd=0.0)


def _is_there(record: Path) -> bool:
    """Whether there is something, as far as a job that has taken away its folder's rights lets us see."""
    try:
        record.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _log_has_changed(folder: SweepFolder, job: JobRecord) -> bool:
    place = folder.job(job.number)
    return any(place.root / name == place.log for name in changed_since_its_end(place, job.handle))


def _logged(folder: SweepFolder, job: JobRecord) -> Logged:
    return read_log(folder.job(job.number).log) if job.state.finished else Logged([], ())


def _facts(folder: SweepFolder) -> dict[str, Any]:
    return _parsed_file(folder.facts) or {}


def _parsed_file(path: Path) -> dict[str, Any] | None:
    try:
        with open_regular(path) as file:
            return _parsed(file.read())
    except OSError:
        return None


def _sealed(text: str) -> str:
    """A JSON object with a digest of its own text as the last of its keys."""
    return f'{text[:-1]}, "digest": "{digest(text)}"}}'


def _parsed(text: bytes) -> dict[str, Any] | None:
    """A JSON object; none if it is not, or not as it was written. Earlier versions wrote no digest."""
    try:
        values = json.loads(text)
        if (seal := _SEAL.search(text)) and digest(f"{text[: seal.start()].decode()}}}") != seal[1].decode():
            return None
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _set_aside(ledger: Path) -> Path | None:
    """Rename a damaged ledger, and its log of changes, which SQLite would apply to the new one."""
    aside = ledger.with_name(f"{ledger.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            Path(f"{ledger}{suffix}").replace(f"{aside}{suffix}")
    return aside if aside.exists() else None
