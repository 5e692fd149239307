"""The ledger: every job's state, in one SQLite file that survives the death of its writer.

A change of state is committed before the side effect it announces (a submission) and together with
what it brought (a result, its metrics). Readers never wait for the writer (WAL).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from sweeper.config.whole_sweep import HOW_TO_READ
from sweeper.contract.metric import Metric
from sweeper.contract.remarks import Remark
from sweeper.errors import DamagedLedgerError, IllegalTransitionError
from sweeper.folder import disk
from sweeper.job.state import JobState
from sweeper.ledger.file import LAYOUT, check_layout, connect, create, damage_told, upgrade
from sweeper.ledger.reader import check_all, read_jobs, read_metrics, read_version, recall
from sweeper.ledger.record import AS_JSON, Entry, JobRecord, Standing, job_of_row, state_of
from sweeper.ledger.seals import MetricRow, can_seal, seal_fact, seal_jobs, seal_rows, stored


class Ledger:
    """The jobs of one sweep."""

    def __init__(self, path: Path, *, durable: bool = False, identity: str | None = None) -> None:
        """Open the ledger for writing, making it if need be.

        Args:
            path: The SQLite file.
            durable: Wait for the disk at every commit, so that not even a power cut undoes one; wanted
                where a submission costs money.
            identity: The sweep's short name, if a new ledger is to take up one that was lost.

        Raises:
            DamagedLedgerError: The file cannot be read as a ledger; it has not been touched.
            FolderError: It is one of a newer version, or the folder cannot be written.
        """
        self._path = path
        with disk.trouble(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                create(path, identity or secrets.token_hex(4))
        self._db = connect(path, "rw")
        self._to_seal: dict[str, set[int]] = {"enlisted": set(), "standing": set()}
        # Configs and overrides that somebody holds anyway, as they were enlisted or read.
        self._composed: dict[int, tuple[Mapping[str, Any], Sequence[str]]] = {}
        try:
            with damage_told(path):
                # Looked at before anything is written: what another version made is left as it is.
                layout = check_layout(self._db, path)
                (found,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
                if found != "ok":
                    raise DamagedLedgerError(path, str(found).splitlines()[-1])
                can_seal(self._db)
                if layout < LAYOUT:
                    with self.transaction():
                        upgrade(self._db)
                check_all(self._db)
                self.wait_for_disk(durable=durable)
        except BaseException:
            self._db.close()
            raise

    def wait_for_disk(self, *, durable: bool) -> None:
        """Whether to wait for the disk at every commit from now on."""
        self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def sweep_id(self) -> str:
        """A short name that distinguishes this sweep from all others."""
        with damage_told(self._path):
            (value,) = self._db.execute("SELECT value FROM sweep WHERE key = 'id'").fetchone()
        return str(value)

    @property
    def version(self) -> str:
        """Differs whenever a job has been added or has changed its state."""
        return read_version(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes made inside at once, or none of them."""
        if self._db.in_transaction:
            yield
            return
        with damage_told(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                for kind, numbers in self._to_seal.items():
                    seal_jobs(self._db, kind, sorted(numbers))
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                for numbers in self._to_seal.values():
                    numbers.clear()

    def enlist(self, entries: Iterable[Entry]) -> list[int]:
        """Numbers of the jobs with these keys; a key that is new gets the next free number.

        A job that is there keeps its config, but for what only says how its result is read.
        """
        numbers = dict(self._db.execute("SELECT key, number FROM jobs"))
        known = frozenset(numbers)
        following = max(numbers.values(), default=-1) + 1
        wanted = []
        with self.transaction():
            for entry in entries:
                if entry.key not in numbers:
                    numbers[entry.key] = following
                    self._db.execute(
                        "INSERT INTO jobs (number, key, overrides, config, choices, spec, state) "
                        "VALUES (?,?,?,?,?,?,?)",
                        (
                            following,
                            entry.key,
                            json.dumps(list(entry.overrides)),
                            json.dumps(entry.config),
                            json.dumps(entry.choices),
                            json.dumps(entry.spec),
                            JobState.PENDING,
                        ),
                    )
                    self._sealed_at_commit(following, enlisted=True)
                    self._composed[following] = entry.config, entry.overrides
                    following += 1
                elif entry.key in known:
                    self._read_as(numbers[entry.key], entry.config)
                wanted.append(numbers[entry.key])
        return wanted

    def _read_as(self, number: int, config: Mapping[str, Any]) -> None:
        """Take over from a config how a job's result is read, if it says something else than the job's."""
        for key in HOW_TO_READ:
            group, _, name = key.partition(".")
            if name in (config.get(group) or {}):
                stated = json.dumps(config[group][name])
                changed = self._db.execute(
                    "UPDATE jobs SET config = json_set(config, :path, json(:stated)) WHERE number = :number "
                    "AND coalesce(config -> :path, '') != json(:stated)",
                    {"path": f"$.{key}", "stated": stated, "number": number},
                )
                if changed.rowcount:
                    self._composed.pop(number, None)
                    self._sealed_at_commit(number, enlisted=True)

    def listing(self, first: int = 0) -> Iterator[str]:
        """What was enlisted, from job `first` on: one JSON object for each job."""
        query = (
            "SELECT number, key, overrides, config, choices, spec FROM jobs WHERE number >= ? ORDER BY number"
        )
        for number, key, *texts in self._db.execute(query, (first,)):
            overrides, config, choices, spec = texts
            yield (
                f'{{"number": {number}, "key": {json.dumps(key)}, "overrides": {overrides}, '
                f'"config": {config}, "choices": {choices}, "spec": {spec}}}'
            )

    def record(self, number: int) -> str | None:
        """All that is known of a job, as one JSON object; none of a job that was never handed over."""
        with damage_told(self._path):
            row = self._db.execute("SELECT * FROM jobs WHERE number = ?", (number,)).fetchone()
        if not row["attempts"]:
            return None
        texts = {name: row[name] if name in AS_JSON else json.dumps(row[name]) for name in row.keys()}  # noqa: SIM118 - a row, not a mapping
        return "{" + ", ".join(f'"{name}": {text or "{}"}' for name, text in texts.items()) + "}"

    def restore(self, jobs: Iterable[tuple[JobRecord, Sequence[Metric], Sequence[Remark]]]) -> None:
        """Fill an empty ledger with jobs as they stand, their metrics, and what there is to say of these."""
        columns = [column.name for column in fields(JobRecord)]
        places = ", ".join("?" * len(columns))
        insert = f"INSERT INTO jobs ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own names
        with self.transaction():
            for job, metrics, remarks in jobs:
                values = [getattr(job, column) for column in columns]
                texts = [json.dumps(v) if isinstance(v, dict | list) else v for v in values]
                self._db.execute(insert, texts)
                self._sealed_at_commit(job.number, enlisted=True)
                self._db.execute(
                    "INSERT INTO transitions VALUES (?,?,?,?,?)",
                    (job.number, job.attempts, job.state, time.time(), "read back from the job's folder"),
                )
                self._log(job.number, metrics, remarks)

    def renew(self, number: int, entry: Entry) -> None:
        """Let a job that has not completed and does not run be another one from now on.

        Raises:
            IllegalTransitionError: It runs, or has completed.
        """
        with self.transaction():
            state = self.states([number])[number]
            if state.active or state is JobState.COMPLETED:
                raise IllegalTransitionError(f"job {number} is {state} and cannot be changed")
            self._db.execute(
                "UPDATE jobs SET key = ?, overrides = ?, config = ?, choices = ?, spec = ? WHERE number = ?",
                (
                    entry.key,
                    json.dumps(list(entry.overrides)),
                    *(json.dumps(part) for part in (entry.config, entry.choices, entry.spec)),
                    number,
                ),
            )
            self._composed[number] = entry.config, entry.overrides
            self._sealed_at_commit(number, enlisted=True)

    def submitting(self, number: int, reserved_usd: float = 0.0) -> int:
        """Announce a submission that may cost up to `reserved_usd`; returns the attempt's number, from 1."""
        with self.transaction():
            self._move(number, JobState.SUBMITTING)
            self._db.execute(
                "UPDATE jobs SET attempts = attempts + 1, batch = NULL, handle = NULL, reserved_usd = ?, "
                "reason = NULL, started_at = NULL, ended_at = NULL, objective = NULL, "
                # What the earlier attempts cost stays, and so does how well that is known.
                "result = CASE WHEN json_extract(result, '$.cost_is') IS NOT NULL "
                "THEN json_object('cost_is', json_extract(result, '$.cost_is')) END "
                "WHERE number = ?",
                (reserved_usd, number),
            )
            (attempt,) = self._db.execute("SELECT attempts FROM jobs WHERE number = ?", (number,)).fetchone()
        return int(attempt)

    def batched(self, numbers: Iterable[int], token: str) -> None:
        """Record which jobs are handed over at once; belongs into the transaction that announces them."""
        with self.transaction():
            for number in numbers:
                self._db.execute("UPDATE jobs SET batch = ? WHERE number = ?", (token, number))
                self._sealed_at_commit(number)

    def announced(self, batch: str) -> list[JobRecord]:
        """The jobs of a batch of which nobody knows yet whether it arrived, by number."""
        query = "SELECT * FROM jobs WHERE batch = ? AND state = ? ORDER BY number"
        with damage_told(self._path):
            return [job_of_row(row) for row in self._db.execute(query, (batch, JobState.SUBMITTING))]

    def submitted(self, number: int, handle: str) -> None:
        """Record how the executor knows the job; an ARN in the handle is the hybrid job's."""
        job_arn = handle.partition("#")[0] if handle.startswith("arn:") else None
        with self.transaction():
            self._move(number, JobState.QUEUED)
            self._db.execute(
                "UPDATE jobs SET handle = ?, job_arn = ? WHERE number = ?", (handle, job_arn, number)
            )

    def open_handles(self) -> list[str | None]:
        """Handles of the jobs that an executor may hold; none for one that was only announced."""
        query = "SELECT handle FROM jobs WHERE state IN (SELECT value FROM json_each(?)) ORDER BY number"
        active = json.dumps([state for state in JobState if state.active])
        with damage_told(self._path):
            return [handle for (handle,) in self._db.execute(query, (active,))]

    def written_off(self, number: int) -> int:
        """How often an attempt at this job was written off."""
        return len((self.recall("written_off") or {}).get(str(number), []))

    def write_off(self, number: int, reason: str) -> None:
        """Let a job wait for another submission although nobody knows what became of the last one.

        It may have run, and may still: what it can have cost at most counts as spent.
        """
        with self.transaction():
            row = self._db.execute("SELECT handle FROM jobs WHERE number = ?", (number,)).fetchone()
            self._db.execute(
                "UPDATE jobs SET cost_usd = coalesce(cost_usd, 0) + reserved_usd WHERE number = ?", (number,)
            )
            lost = self.recall("written_off") or {}
            lost.setdefault(str(number), []).append(row["handle"])
            self.remember("written_off", lost)
            self.requeue(number, reason)

    def committed_usd(self) -> float:
        """What the sweep has cost so far, and what its active jobs may still cost at most."""
        query = "SELECT coalesce(sum(coalesce(cost_usd, 0) + reserved_usd), 0) FROM jobs"
        return float(self._db.execute(query).fetchone()[0])

    def remember(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a fact about the sweep as a whole."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO sweep VALUES (?, ?)", (key, json.dumps(value)))
            seal_fact(self._db, key)

    def recall(self, key: str) -> dict[str, Any] | None:
        """A fact about the sweep as a whole."""
        with damage_told(self._path):
            return recall(self._db, key)

    def running(self, number: int, started_at: float) -> None:
        """Record that the job runs."""
        with self.transaction():
            self._move(number, JobState.RUNNING)
            self._db.execute("UPDATE jobs SET started_at = ? WHERE number = ?", (started_at, number))

    def requeue(self, number: int, reason: str) -> None:
        """Make the job wait for another submission."""
        with self.transaction():
            self._move(number, JobState.PENDING, reason)
            self._db.execute("UPDATE jobs SET reserved_usd = 0 WHERE number = ?", (number,))
            self._db.execute("DELETE FROM metrics WHERE job = ?", (number,))
            self._db.execute("DELETE FROM remarks WHERE job = ?", (number,))
            seal_rows(self._db, "metrics", number, [])
            seal_rows(self._db, "remarks", number, [])

    def finish(
        self,
        number: int,
        state: JobState,
        reason: str | None,
        *,
        started_at: float | None = None,
        ended_at: float | None = None,
        cost_usd: float = 0.0,
        result: Mapping[str, Any] | None = None,
        objective: float | None = None,
        metrics: Sequence[Metric] = (),
        remarks: Sequence[Remark] = (),
    ) -> None:
        """Record a job's end together with all that it brought; its cost adds to earlier attempts'."""
        with self.transaction():
            self._move(number, state, reason)
            self._db.execute(
                "UPDATE jobs SET reason = ?, started_at = coalesce(?, started_at), ended_at = ?, "
                "cost_usd = coalesce(cost_usd, 0) + ?, reserved_usd = 0, result = ?, objective = ? "
                "WHERE number = ?",
                (reason, started_at, ended_at, cost_usd, json.dumps(result or {}), objective, number),
            )
            self._log(number, metrics, remarks)

    def job(self, number: int) -> JobRecord:
        """One job."""
        with damage_told(self._path):
            return job_of_row(self._db.execute("SELECT * FROM jobs WHERE number = ?", (number,)).fetchone())

    def states(self, numbers: Iterable[int]) -> dict[int, JobState]:
        """The state of each of these jobs."""
        # By number: rows hold whole configs, so that passing over the others would cost far more.
        query = "SELECT number, state FROM jobs WHERE number IN (SELECT value FROM json_each(?))"
        with damage_told(self._path):
            rows = self._db.execute(query, (json.dumps(list(numbers)),))
            return {number: state_of(state) for number, state in rows}

    def standing(self, number: int) -> Standing:
        """Where one job stands."""
        query = "SELECT choices, state, result, objective, reason FROM jobs WHERE number = ?"
        with damage_told(self._path):
            choices, state, result, *others = self._db.execute(query, (number,)).fetchone()
            state = state_of(state)
        return Standing(number, json.loads(choices), state, json.loads(result or "{}"), *others)

    def composed(self, number: int) -> tuple[Mapping[str, Any], Sequence[str]]:
        """A job's config and the overrides that led to it."""
        if number in self._composed:
            return self._composed[number]
        query = "SELECT config, overrides FROM jobs WHERE number = ?"
        with damage_told(self._path):
            config, overrides = self._db.execute(query, (number,)).fetchone()
        return json.loads(config), json.loads(overrides)

    def jobs(self) -> list[JobRecord]:
        """All jobs by number."""
        with damage_told(self._path):
            jobs = read_jobs(self._db)
        self._composed = {job.number: (job.config, job.overrides) for job in jobs}
        return jobs

    def metrics(self) -> list[MetricRow]:
        """All metrics as (job, iteration, timestamp, metric, value), in the order they were logged."""
        with damage_told(self._path):
            return read_metrics(self._db)

    def _log(self, number: int, metrics: Iterable[Metric], remarks: Iterable[Remark]) -> None:
        if rows := stored(number, metrics):
            self._db.executemany("INSERT INTO metrics VALUES (?,?,?,?,?)", rows)
            seal_rows(self._db, "metrics", number, rows)
        if said := [(number, *remark) for remark in remarks]:
            self._db.executemany("INSERT INTO remarks VALUES (?,?,?)", said)
            seal_rows(self._db, "remarks", number, said)

    def _sealed_at_commit(self, number: int, *, enlisted: bool = False) -> None:
        """Have a row that is being changed sealed when all is done with it."""
        self._to_seal["standing"].add(number)
        if enlisted:
            self._to_seal["enlisted"].add(number)

    def _move(self, number: int, state: JobState, reason: str | None = None) -> None:
        row = self._db.execute("SELECT state, attempts FROM jobs WHERE number = ?", (number,)).fetchone()
        current, attempt = state_of(row["state"]), row["attempts"]
        if not current.may_become(state):
            raise IllegalTransitionError(f"job {number} is {current} and cannot become {state}")
        self._db.execute("UPDATE jobs SET state = ? WHERE number = ?", (state, number))
        self._sealed_at_commit(number)
        self._db.execute(
            "INSERT INTO transitions VALUES (?,?,?,?,?)", (number, attempt, state, time.time(), reason)
        )
