"""S3 as hybrid jobs and quantum tasks use it, by URI."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlparse


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`, or of `https://bucket.s3.region.amazonaws.com/key`."""
    parsed = urlparse(uri, allow_fragments=False)
    bucket = parsed.netloc.partition(".")[0] if parsed.scheme == "https" else parsed.netloc
    return bucket, parsed.path.lstrip("/")


class Storage:
    """Reads and writes objects."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def read(self, uri: str) -> bytes:
        """An object's content.

        Raises:
            botocore.exceptions.ClientError: There is none.
        """
        bucket, key = split_uri(uri)
        content: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def write(self, uri: str, content: bytes) -> None:
        """Create or replace an object."""
        bucket, key = split_uri(uri)
        self._s3.put_object(Bucket=bucket, Key=key, Body=content)

    def has_bucket(self, name: str) -> bool:
        """Whether there is such a bucket."""
        return any(bucket["Name"] == name for bucket in self._s3.list_buckets()["Buckets"])

    def download(self, uri: str, folder: Path) -> int:
        """Copy all objects whose URI begins with this one, and say how many there are.

        If all of them are inside the prefix, as in a folder, their names below it are kept; otherwise
        those below its parent. So do the SDK's local jobs.
        """
        bucket, prefix = split_uri(uri)
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        inside = f"{prefix.rstrip('/')}/"
        base = inside if all(key.startswith(inside) for key in keys) else prefix[: prefix.rfind("/") + 1]
        for key in keys:
            name = key.removeprefix(base)
            if key.endswith("/") or ".." in PurePosixPath(name).parts:
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(f"s3://{bucket}/{key}"))
        return len(keys)


class FolderSync:
    """Copies what is new in a folder to S3, again and again."""

    def __init__(self, storage: Storage, folder: Path, uri: str) -> None:
        self._storage = storage
        self._folder = folder
        self._uri = uri.rstrip("/")
        self._seen: dict[Path, tuple[int, int]] = {}

    def download(self) -> None:
        """Fill the folder with what S3 already has."""
        self._storage.download(f"{self._uri}/", self._folder)
        self._seen = dict(self._versions())

    def upload(self) -> None:
        """Copy files that are new or have changed."""
        for path, version in self._versions():
            if self._seen.get(path) != version:
                try:
                    content = path.read_bytes()
                except FileNotFoundError:  # the job has just replaced it
                    continue
                self._storage.write(f"{self._uri}/{path.relative_to(self._folder).as_posix()}", content)
                self._seen[path] = version

    def _versions(self) -> list[tuple[Path, tuple[int, int]]]:
        found = []
        for path in sorted(self._folder.rglob("*")):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file():
                found.append((path, (status.st_mtime_ns, status.st_size)))
        return found
