"""Where hybrid jobs run: the queue in front of the instances, and a thread that follows each job."""

from __future__ import annotations

import shutil
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from .clock import Clock
from .cloud import Cloud
from .faults import FaultKind
from .job import Job, JobStatus
from .job_run import JobRun
from .programs import JobFolder, Programs
from .settings import EmulatorSettings

_CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity. "
    "Please retry using a different ML instance type."
)


@dataclass(frozen=True)
class Site:
    """What every job's run needs.

    Attributes:
        environment: What a process in a region needs to reach the services as a job.
        folder: Where jobs have their folders.
        report_bug: Records a traceback of the emulator's own.
    """

    settings: EmulatorSettings
    clock: Clock
    cloud: Cloud
    programs: Programs
    environment: Callable[[str], dict[str, str]]
    folder: Path
    report_bug: Callable[[str], None]


class Instances:
    """Runs hybrid jobs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._jobs: list[Job] = []
        # A QPU takes one hybrid job at a time; the first in its line has it.
        self._lines: dict[str, list[Job]] = defaultdict(list)

    def submit(self, job: Job) -> None:
        """Queue a job."""
        thread = threading.Thread(target=self._follow, args=(job,), name=f"job {job.name}", daemon=True)
        with self._lock:
            self._jobs.append(job)
            self._threads.append(thread)
            if ":device/qpu/" in job.device:
                self._lines[job.device].append(job)
        thread.start()

    def queue_position(self, job: Job) -> str:
        """One-based place in the queue, as GetJob words it."""
        with self._lock:
            line = self._lines[job.device]
            position = line.index(job) + 1 if job in line else 1
        return str(position) if position <= 15 else ">15"

    def close(self) -> None:
        """End all threads; jobs stay as they are."""
        self._closing.set()
        for job in self._jobs:
            job.wake.set()
        for thread in self._threads:
            thread.join()

    def _follow(self, job: Job) -> None:
        try:
            self._live(job)
        except ClientError as error:
            if not self._closing.is_set():
                job.end(JobStatus.FAILED, f"ClientError: {error}", None)
        except Exception:
            if not self._closing.is_set():
                self._site.report_bug(traceback.format_exc())
                job.end(JobStatus.FAILED, "InternalServerError: We encountered an internal error.", None)
        finally:
            self._leave_line(job)

    def _live(self, job: Job) -> None:
        """The whole life of a job."""
        settings = self._site.settings
        if self._wait(job, settings.queue_seconds) and self._wait_in_line(job):
            job.record("STARTING_INSTANCE")
            if FaultKind.CAPACITY in job.faults:
                job.end(JobStatus.FAILED, job.faults[FaultKind.CAPACITY].message or _CAPACITY, None)
                return
            self._wait(job, settings.startup_seconds)
        if self._closing.is_set():
            return
        if job.cancelling:
            job.end(JobStatus.CANCELLED, None, None)
            return
        folder = JobFolder(self._site.folder / job.id[:13])  # sockets that jobs open need short paths
        folder.create()
        try:
            JobRun(job, folder, self._site, self._closing).run()
        finally:
            shutil.rmtree(folder.root, ignore_errors=True)

    def _wait(self, job: Job, seconds: float) -> bool:
        """Let time pass; false if the job must not go on."""
        clock = self._site.clock
        end = clock.seconds() + seconds
        while self._may_go_on(job) and (left := end - clock.seconds()) > 0:
            clock.wait(job.wake, left)
        return self._may_go_on(job)

    def _wait_in_line(self, job: Job) -> bool:
        """Let the jobs before this one on its QPU end; false if the job must not go on."""
        while self._may_go_on(job):
            with self._lock:
                line = self._lines[job.device]
                if job not in line or line[0] is job:
                    return True
            if job.events[-1]["eventType"] != "WAITING_FOR_PRIORITY":
                job.record("WAITING_FOR_PRIORITY")
            job.wake.wait()
            job.wake.clear()
        return False

    def _may_go_on(self, job: Job) -> bool:
        return not (job.cancelling or self._closing.is_set())

    def _leave_line(self, job: Job) -> None:
        with self._lock:
            line = self._lines[job.device]
            if job in line:
                line.remove(job)
            if line:
                line[0].wake.set()
