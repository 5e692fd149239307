"""A place where jobs run that is nothing but files: it survives whoever uses it, and costs little."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sweeper.executors.base import Batch, NotNowError, SelfContained, Status
from sweeper.folder.layout import JobFolder
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState


class FilesPlace(SelfContained):
    """Jobs come to their ends by being looked at: queued, running, ended.

    Of three jobs, the first is taken at once, the second only when asked again, and the third is taken
    without an answer. Job 3 fails when it is tried for the first time.

    Args:
        root: Where the place keeps its files.
        outlives_us: Whether jobs go on without the process that submitted them, as on AWS; if not, those
            vanish that had not ended, as on this machine.
        step: Called right before and right after each side effect.
    """

    words = "in files"

    def __init__(self, root: Path, *, outlives_us: bool, step: Callable[[], None]) -> None:
        root.mkdir(exist_ok=True)
        self.outlives_us = self.paid = outlives_us
        self.batch_size = 2 if outlives_us else 1
        self.concurrency = 2
        self._root = root
        self._step = step
        self._session = time.monotonic_ns()

    def check(self, spec: JobSpec) -> None:
        """Anything runs here."""

    def batch_key(self, spec: JobSpec) -> str:
        """Any jobs may share a batch."""
        del spec
        return ""

    def remarks(self, specs: Sequence[JobSpec]) -> list[str]:
        """Nothing to say."""
        del specs
        return []

    def submit(self, batch: Batch) -> list[str]:
        """Take the batch, once for each token."""
        self._step()
        taken = self._root / f"batch-{batch.token}"
        if not taken.exists():
            first = batch.submissions[0]
            if first.number % 3 == 1 and self._for_the_first_time(f"refused-{batch.token}"):
                raise NotNowError("not now", 0.0)
            for submission in batch.submissions:
                self._note_if_alive(submission.number)
                job = {"number": submission.number, "looks": 0, "session": self._session}
                self._write(submission.token, job)
            taken.write_text(json.dumps([submission.token for submission in batch.submissions]))
            self._step()
            if first.number % 3 == 2:
                raise NotNowError("no answer", 0.0)
        return list(json.loads(taken.read_text()))

    def find(self, batch: Batch) -> list[str] | None:
        """The batch if it is here; of what an earlier process left, only what had ended is."""
        taken = self._root / f"batch-{batch.token}"
        if not taken.exists():
            return None
        handles = list(json.loads(taken.read_text()))
        return (
            handles
            if self.outlives_us or all(self._read(handle)["looks"] > 2 for handle in handles)
            else None
        )

    def poll(self, handles: Collection[str]) -> Mapping[str, Status]:
        """Each look brings a job a step further."""
        self._step()
        statuses = {}
        for handle in handles:
            if not self._path(handle).exists():
                continue
            job = self._read(handle)
            ended = job["looks"] > 2
            if not (ended or self.outlives_us or job["session"] == self._session):
                continue
            if not ended:
                job["looks"] += 1
                if job["looks"] > 2:
                    fails = job["number"] == 3 and self._for_the_first_time("failed")
                    job["state"] = JobState.FAILED if fails else JobState.COMPLETED
                    with (self._root / "ends").open("a") as ends:
                        ends.write(f"{job['number']} {job['state']}\n")
                self._write(handle, job)
            state = [JobState.QUEUED, JobState.RUNNING, JobState(job.get("state", "RUNNING"))][
                job["looks"] - 1
            ]
            statuses[handle] = Status(state, "by chance", started_at=1.0, ended_at=2.0, billed_seconds=36.0)
        self._step()
        return statuses

    def wait(self, seconds: float) -> None:
        """Not needed: a look is what brings jobs further."""

    def fetch(self, finished: Mapping[str, tuple[JobFolder, Status]]) -> Mapping[str, Status]:
        """Results and log."""
        self._step()
        for handle, (folder, _) in finished.items():
            number = self._read(handle)["number"]
            saved = {"dataDictionary": {"value": number / 7}, "dataFormat": "plaintext"}
            (folder.results / "results.json").write_text(json.dumps(saved))
            folder.log.write_text(f"Metrics - timestamp=1; loss={number / 3}; iteration_number=0;\n")
        self._step()
        return {handle: status for handle, (_, status) in finished.items()}

    def cancel(self, handles: Collection[str]) -> None:
        """Nobody cancels here."""

    def run_twice(self) -> set[int]:
        """The jobs that came to a good end twice, or were taken while they ran or after their good end."""
        ends = self._lines("ends")
        good = [int(line.split()[0]) for line in ends if line.endswith(JobState.COMPLETED)]
        return {number for number in good if good.count(number) > 1} | set(map(int, self._lines("doubles")))

    def __enter__(self) -> Self:
        """Use the place."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to let go of."""

    def _note_if_alive(self, number: int) -> None:
        for path in self._root.glob("job-*"):
            job = json.loads(path.read_text())
            lives = self.outlives_us or job["session"] == self._session or "state" in job
            if job["number"] == number and lives and job.get("state") != JobState.FAILED:
                with (self._root / "doubles").open("a") as doubles:
                    doubles.write(f"{number}\n")

    def _lines(self, name: str) -> list[str]:
        path = self._root / name
        return path.read_text().splitlines() if path.exists() else []

    def _for_the_first_time(self, what: str) -> bool:
        try:
            (self._root / what).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _read(self, handle: str) -> dict[str, Any]:
        return dict(json.loads(self._path(handle).read_text()))

    def _write(self, handle: str, job: Mapping[str, Any]) -> None:
        self._path(handle).write_text(json.dumps(job))

    def _path(self, handle: str) -> Path:
        return self._root / f"job-{handle}"
