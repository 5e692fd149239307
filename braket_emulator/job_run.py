"""One hybrid job on its instance: from the download of its source to the upload of its results."""

from __future__ import annotations

import json
import os
import tarfile
import threading
import time
from enum import Enum, auto
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sweeper.contract import hybrid_job

from .archive import pack, spoil, unpack
from .faults import FaultKind
from .job import Job, JobStatus
from .logs import LogStream
from .programs import JobFolder, Running, Start
from .storage import FolderSync, Storage, split_uri

if TYPE_CHECKING:
    from .instances import Site

_LOG_INTERVAL_REAL_SECONDS = 0.25
_DEFAULT_CHECKPOINT_FOLDER = "/opt/braket/checkpoints"
_LOST_INSTANCE = "InternalServerError: We encountered an internal error. Please try again."


class Cut(Enum):
    """Why a program was ended before its time."""

    CANCELLED = auto()
    LOST = auto()
    OVERDUE = auto()


class JobRun:
    """Runs a job in the calling thread."""

    def __init__(self, job: Job, folder: JobFolder, site: Site, closing: threading.Event) -> None:
        self._job = job
        self._folder = folder
        self._site = site
        self._closing = closing
        self._clock = site.clock
        self._storage = Storage(site.cloud.client("s3", job.region))
        stream = f"{job.name}/{job.id}/algo-1-{int(time.time())}"
        self._log = LogStream(site.cloud.client("logs", job.region), stream, folder.log)
        checkpoints = job.request.get("checkpointConfig", {})
        self._checkpoint_folder = folder.inside(checkpoints.get("localPath", _DEFAULT_CHECKPOINT_FOLDER))
        self._checkpoints: FolderSync | None = None
        if checkpoints:
            self._checkpoints = FolderSync(self._storage, self._checkpoint_folder, checkpoints["s3Uri"])
        self._limit_seconds = float(job.max_runtime_seconds)

    def run(self) -> None:
        """Live the job to its end; returns early when the emulator closes."""
        job, folder = self._job, self._folder
        job.record("DOWNLOADING_DATA")
        if missing := self._download_data():
            job.end(JobStatus.FAILED, f"ClientError: No S3 objects found under {missing}.", None)
            return
        job.begin()
        begun = self._clock.seconds()
        exit_code: int | None = 0
        cut = None
        if self._set_up():
            program = self._start()
            try:
                cut = self._watch(program, begun)
            except BaseException:
                program.kill()
                raise
            exit_code = program.exit_code
        if self._closing.is_set():
            return
        runtime = self._clock.seconds() - begun

        status, reason = JobStatus.COMPLETED, None
        if job.cancelling:
            status = JobStatus.CANCELLED
        elif cut is Cut.LOST:
            status, reason = JobStatus.FAILED, job.faults[FaultKind.JOB_KILLED].message or _LOST_INSTANCE
        elif cut is Cut.OVERDUE:
            status = JobStatus.FAILED
            job.record("MAX_RUNTIME_EXCEEDED", f"The job ran longer than {job.max_runtime_seconds} seconds.")
        elif folder.failure.exists():
            failure = folder.failure.read_text(encoding="utf-8", errors="replace")
            status, reason = JobStatus.FAILED, f"AlgorithmError: {failure}"
        elif exit_code != 0:
            # Without a failure file nobody can say why.
            status = JobStatus.FAILED
        self._upload(status)
        job.end(status, reason, runtime)
        if lag := self._site.settings.log_lag_seconds:
            self._wait(lag)
            self._log.send(end=True)

    def _wait(self, seconds: float) -> None:
        end = self._clock.seconds() + seconds
        while not self._closing.is_set() and (left := end - self._clock.seconds()) > 0:
            self._clock.wait(self._job.wake, left)

    def _download_data(self) -> str | None:
        """Fetch input data and earlier checkpoints; returns the URI of a channel that has no data."""
        self._checkpoint_folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoints:
            self._checkpoints.download()
        for channel in self._job.request.get("inputDataConfig", []):
            uri: str = channel["dataSource"]["s3DataSource"]["s3Uri"]
            if not self._storage.download(uri, self._folder.input_data / channel["channelName"]):
                return uri
        return None

    def _set_up(self) -> bool:
        """What the container does before the program; if false, the failure file says why."""
        request = self._job.request
        self._say("Beginning Setup")
        hyperparameters = json.dumps(request.get("hyperParameters", {}))
        self._folder.hyperparameters.write_text(hyperparameters)
        self._say(f"Hyperparameters: {hyperparameters}")
        if self._site.settings.stub:
            return True
        script = request["algorithmSpecification"]["scriptModeConfig"]
        try:
            archive = self._storage.read(script["s3Uri"])
        except ClientError as error:
            return self._fail(f"Unable to download code.\nException: {error}")
        if script.get("compressionType", "NONE") == "NONE":
            (self._folder.source / PurePosixPath(script["s3Uri"]).name).write_bytes(archive)
        else:
            try:
                unpack(archive, self._folder.source)
            except (tarfile.TarError, EOFError, OSError) as error:
                return self._fail(f"Got an exception while trying to unpack archive.\nException: {error}")
        self._say("Checking for Additional Requirements")
        for path in sorted(self._folder.source.rglob("requirements.txt")):
            wanted = ", ".join(path.read_text(errors="replace").split("\n")).strip(", ")
            self._say(f"Would install {path.relative_to(self._folder.source)}: {wanted}")
        self._say("Additional Requirements Check Finished")
        return True

    def _start(self) -> Running:
        job = self._job
        return self._site.programs.start(
            Start(
                job_id=job.id,
                folder=self._folder,
                entry_point=job.request["algorithmSpecification"]["scriptModeConfig"]["entryPoint"],
                hyperparameters=job.request.get("hyperParameters", {}),
                environment=self._environment(),
                on_end=job.wake.set,
            )
        )

    def _environment(self) -> dict[str, str]:
        """The variables of the container contract."""
        job, folder = self._job, self._folder
        script = job.request["algorithmSpecification"]["scriptModeConfig"]
        bucket, output = split_uri(job.request["outputDataConfig"]["s3Path"])
        places = hybrid_job.Places(
            folder.hyperparameters, folder.input_data, folder.results, self._checkpoint_folder
        )
        return {
            **hybrid_job.own_variables(job.name, job.device, script["entryPoint"], places),
            **hybrid_job.storage_variables(
                job.name, bucket, output, script["s3Uri"], script.get("compressionType")
            ),
            "AMZN_BRAKET_JOB_TOKEN": job.token,
            "HOME": str(folder.root),
            "TMPDIR": str(folder.root),
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONUNBUFFERED": "1",
            **self._site.environment(job.region),
        }

    def _watch(self, program: Running, begun: float) -> Cut | None:
        """Stay with the program until it has ended, and end it if it must.

        Returns:
            Why it did not end by itself.
        """
        job, clock = self._job, self._clock
        lost_at = self._fault_time(FaultKind.JOB_KILLED)
        cancel_at = self._fault_time(FaultKind.CONSOLE_CANCEL)
        next_sync = self._site.settings.checkpoint_sync_seconds
        cut: Cut | None = None
        while program.exit_code is None:
            # Once it is cut off, only the report of its end is missing, which wakes us.
            due = float("inf") if cut else min(self._limit_seconds, lost_at, cancel_at)
            ran = clock.seconds() - begun
            clock.wait(job.wake, due - ran, real_at_most=_LOG_INTERVAL_REAL_SECONDS)
            ran = clock.seconds() - begun
            if cancel_at <= ran and not job.cancelling:
                job.cancel()
            if program.exit_code is None and cut is None:
                cut = self._reason_to_cut(ran, lost_at)
                if cut:
                    program.kill()
            if self._closing.is_set():
                continue
            self._send_log()
            if self._checkpoints and ran >= next_sync:
                self._checkpoints.upload()
                next_sync = ran + self._site.settings.checkpoint_sync_seconds
        return cut

    def _reason_to_cut(self, ran: float, lost_at: float) -> Cut | None:
        if self._job.cancelling or self._closing.is_set():
            return Cut.CANCELLED
        if lost_at <= ran:
            return Cut.LOST
        return Cut.OVERDUE if ran >= self._limit_seconds else None

    def _fault_time(self, kind: FaultKind) -> float:
        fault = self._job.faults.get(kind)
        return fault.seconds if fault else float("inf")

    def _upload(self, status: JobStatus) -> None:
        self._job.record("UPLOADING_RESULTS")
        self._send_log(end=True)
        if self._checkpoints:
            self._checkpoints.upload()
        if status is not JobStatus.COMPLETED and not self._site.settings.archives_of_unsuccessful_jobs:
            return
        archive = spoil(pack(self._folder.results), self._job.faults)
        if archive is not None:
            path = self._job.request["outputDataConfig"]["s3Path"].rstrip("/")
            self._storage.write(f"{path}/output/model.tar.gz", archive)

    def _send_log(self, *, end: bool = False) -> None:
        if not self._site.settings.log_lag_seconds:
            self._log.send(end=end)

    def _say(self, line: str) -> None:
        with self._folder.log.open("a") as log:
            log.write(line + "\n")

    def _fail(self, text: str) -> bool:
        self._say(text)
        self._folder.failure.write_text(text)
        return False
