"""What finished hybrid jobs have left in S3 and CloudWatch, brought into the jobs' folders."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import ClientError

from sweeper.errors import SweeperError
from sweeper.executors.aws import packing, trouble
from sweeper.executors.aws.account import Account
from sweeper.executors.aws.archive import MOST_BYTES, ArchiveError, unpack
from sweeper.executors.aws.joblog import LogReader
from sweeper.executors.aws.watch import Watch
from sweeper.executors.base import Status
from sweeper.folder import disk
from sweeper.folder.layout import JobFolder
from sweeper.job.state import JobState

_AT_ONCE = 8
_IN_MEMORY = 8 * 2**20

Finished = Mapping[str, tuple[JobFolder, Status]]


class Collector:
    """Fetches archives, logs and checkpoints; an archive goes through no file that jobs share."""

    def __init__(self, account: Account, watch: Watch, log_quiet_seconds: float) -> None:
        """Fetch from `account` the jobs that `watch` knows.

        Args:
            account: Where they ran.
            watch: Has their descriptions.
            log_quiet_seconds: A log is complete when nothing has come to it for so long.
        """
        self._account = account
        self._watch = watch
        self._log_quiet_seconds = log_quiet_seconds

    def collect(self, finished: Finished) -> dict[str, Status]:
        """Fetch several hybrid jobs at once.

        Returns:
            How each job ended: a job whose results are missing or damaged has failed, with the reason.

        Raises:
            CredentialsError: The credentials have expired; nothing is lost, the jobs can be fetched later.
            DiskError: The disk is full, read-only or failing; the same holds.
        """
        arns: dict[str, dict[str, tuple[JobFolder, Status]]] = {}
        for handle, entry in finished.items():
            arns.setdefault(handle.partition("#")[0], {})[handle] = entry
        # Made here, because making a client is not safe in several threads; using one is.
        _ = self._account.s3, self._account.logs
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            fetched = list(threads.map(lambda item: self._collect_one(*item), arns.items()))
        return {handle: status for statuses in fetched for handle, status in statuses.items()}

    def _collect_one(self, arn: str, jobs: Finished) -> dict[str, Status]:
        # If the disk is in the way the job is left as it is: it is paid for, and can be fetched later.
        with disk.trouble(next(iter(jobs.values()))[0].root):
            return self._fetch(arn, jobs)

    def _fetch(self, arn: str, jobs: Finished) -> dict[str, Status]:
        job = self._watch.description(arn)
        folders = {handle: folder for handle, (folder, _) in jobs.items()}
        problem = self._results(job, folders)
        self._checkpoints(job, folders)
        statuses = {}
        for handle, (folder, status) in jobs.items():
            if packing.place_of(handle):
                ended = packing.own_status(folder, status)
            else:
                missing = self._write_log(job, folder.log)
                ended = replace(status, reason=missing) if missing and not status.reason else status
            if problem and ended.state is JobState.COMPLETED:
                ended = replace(ended, state=JobState.FAILED, reason=problem)
            statuses[handle] = ended
        return statuses

    def _results(self, job: Mapping[str, Any], folders: Mapping[str, JobFolder]) -> str | None:
        """Unpack the archive of results; returns what is wrong with it."""
        bucket, prefix = _place(str(job["outputDataConfig"]["s3Path"]))
        key = f"{prefix}/output/model.tar.gz"
        handle, folder = next(iter(folders.items()))
        folder.root.mkdir(parents=True, exist_ok=True)
        # Small ones stay in memory; a large one goes where there is to be room for what is in it.
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder.root)) as archive:
            fetch = partial(self._download, bucket, key, archive, job)
            size = trouble.patiently("Fetching a result archive", fetch)
            if size is None:
                return f"it has no result archive (s3://{bucket}/{key})"
            if size > MOST_BYTES:
                return f"its result archive is unreasonably large: {size} bytes (s3://{bucket}/{key})"
            archive.seek(0)
            try:
                if packing.place_of(handle):
                    packing.unpack_members(archive, folders)
                else:
                    unpack(archive, folder.results)
            except ArchiveError as error:
                return str(error)
        return None

    def _may_read(self, bucket: str, job: Mapping[str, Any]) -> bool:
        """Whether objects can be read at all: the job's own source is in the same bucket, for certain."""
        algorithm = job.get("algorithmSpecification", {})
        place, key = _place(str(algorithm.get("scriptModeConfig", {}).get("s3Uri", "")))
        if place != bucket:
            return False
        try:
            with closing(self._account.s3.get_object(Bucket=bucket, Key=key, Range="bytes=0-0")["Body"]):
                return True
        except ClientError as error:
            if trouble.is_denied(error):
                return False
            raise

    def _download(self, bucket: str, key: str, target: IO[bytes], job: Mapping[str, Any]) -> int | None:
        """Size of an object, which is then in `target` unless it is too large; none if there is no object."""
        try:
            answer = self._account.s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if trouble.code_of(error) in {"NoSuchKey", "404"}:
                return None
            if trouble.is_denied(error) and self._may_read(bucket, job):
                return None  # what S3 answers for a missing object to those who may not list the bucket
            raise
        target.seek(0)
        target.truncate()
        with closing(answer["Body"]) as body:
            if answer["ContentLength"] <= MOST_BYTES:
                shutil.copyfileobj(body, target)
        return int(answer["ContentLength"])

    def _checkpoints(self, job: Mapping[str, Any], folders: Mapping[str, JobFolder]) -> None:
        """Copy the checkpoints, so that another attempt can go on from them wherever it runs."""
        bucket, prefix = _place(str(job.get("checkpointConfig", {}).get("s3Uri", "")))
        if not bucket:
            return
        with trouble.explained("Fetching checkpoints"):
            pages = self._account.s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=f"{prefix}/"
            )
            try:
                keys = [str(item["Key"]) for page in pages for item in page.get("Contents", [])]
            except ClientError as error:
                if not trouble.is_denied(error):
                    raise
                return  # without s3:ListBucket another attempt begins anew; results do not need them
            for handle, folder in folders.items():
                place = packing.place_of(handle)
                mine = f"{prefix}/{place}/" if place else f"{prefix}/"
                for key in keys:
                    target = (folder.checkpoints / key.removeprefix(mine)).resolve()
                    inside = key.startswith(mine) and target.is_relative_to(folder.checkpoints.resolve())
                    if inside and not key.endswith("/"):
                        # In S3 a name may be a file's and a folder's at once; here the first one counts.
                        with suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
                            target.parent.mkdir(parents=True, exist_ok=True)
                            self._account.s3.download_file(bucket, key, str(target))

    def _write_log(self, job: Mapping[str, Any], log: Path) -> str | None:
        """Write a job's log line by line, as it may be long; returns what is missing of it."""
        missing = None
        reader = LogReader(self._account, job)
        begun = "startedAt" in job
        with log.open("w", encoding="utf-8", errors="replace") as file:
            try:
                lines = (
                    reader.lines_until_quiet(self._log_quiet_seconds, time.sleep)
                    if begun
                    else reader.new_lines()
                )
                file.writelines(f"{line}\n" for line in lines)
            except SweeperError as error:
                missing = f"its log could not be read, so its metrics are missing: {error}"
                file.write(f"({missing})\n")
            if begun and missing is None and not file.tell():
                missing = "CloudWatch had no log of it yet, so its metrics are missing"
        if not reader.complete:
            missing = "its log is longer than what is read of it, so later metrics are missing"
        return missing


def _place(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key.rstrip("/")
