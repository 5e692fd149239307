"""What a signed request asks of which service, before anything looks into it."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from .calls import Caller

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ACCESS_KEYS = {
    "emulator-client": Caller.CLIENT,
    "emulator-job": Caller.JOB,
    "emulator-service": Caller.SERVICE,
}
_ACCESS_KEY_OF = {caller: key for key, caller in ACCESS_KEYS.items()}
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


def access_key(caller: Caller) -> str:
    """The access key that a caller signs with."""
    return _ACCESS_KEY_OF[caller]


@dataclass
class Request:
    """A request as its envelope shows it.

    Attributes:
        caller: None if the key is unknown or there is none.
        service: The signing name: `braket`, `s3`, `iam`, `sts`, `logs`.
        operation: The API's name for it; of services other than Braket with the service in front.
        ids: What it is about; the service may add to it.
    """

    signed: bool
    caller: Caller | None
    service: str
    region: str
    operation: str
    raw_path: str
    body: bytes
    ids: dict[str, str] = field(default_factory=dict)


def read_request(environ: WSGIEnvironment) -> Request:
    """Read a request to its end; the application can read it again."""
    source = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = source.read()
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        body = source.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)

    credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region, service = credential.groups() if credential else ("", "", "s3")
    request = Request(
        signed=credential is not None,
        caller=ACCESS_KEYS.get(key),
        service=service,
        region=region,
        operation="",
        raw_path=environ["RAW_URI"].partition("?")[0],
        body=body,
    )
    if service == "s3":
        bucket, _, object_key = environ["PATH_INFO"].lstrip("/").partition("/")
        request.ids = {name: text for name, text in (("bucket", bucket), ("key", object_key)) if text}
        request.operation = f"s3:{_s3_operation(environ, bucket, object_key)}"
    elif service == "logs":
        request.operation = f"logs:{environ.get('HTTP_X_AMZ_TARGET', '').rpartition('.')[2]}"
    elif service in ("iam", "sts"):
        request.operation = f"{service}:{parse_qs(body.decode()).get('Action', [''])[0]}"
    return request


def _s3_operation(environ: WSGIEnvironment, bucket: str, key: str) -> str:
    method = environ["REQUEST_METHOD"]
    query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    if key:
        names = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
        if "HTTP_X_AMZ_COPY_SOURCE" in environ:
            names["PUT"] = "CopyObject"
        if "uploadId" in query:
            names = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}
        if "uploads" in query:
            names = {"POST": "CreateMultipartUpload"}
    elif bucket:
        names = {"GET": "ListObjectsV2", "HEAD": "HeadBucket", "PUT": "CreateBucket", "POST": "DeleteObjects"}
        if "location" in query:
            names["GET"] = "GetBucketLocation"
    else:
        names = {"GET": "ListBuckets"}
    return names.get(method) or method
