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

_CALLERS = {f"emulator-{caller}": caller for caller in Caller}
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


def access_key(caller: Caller, account: str | None = None) -> str:
    """The access key that a caller signs with; one in another account than the first has its number in it."""
    return f"emulator-{caller}" + (f"-{account}" if account else "")


def account_of(environ: WSGIEnvironment) -> str | None:
    """The account whose key signed a request; none for the first account's, or no signature."""
    credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    return _key(credential.group(1))[1] if credential else None


def _key(key: str) -> tuple[Caller | None, str | None]:
    """Whose key this is, and in which account if not the first."""
    name, _, account = key.rpartition("-")
    return (_CALLERS.get(name), account) if account.isdigit() else (_CALLERS.get(key), None)


@dataclass
class Request:
    """A request as its envelope shows it.

    Attributes:
        caller: None if the key is unknown or there is none.
        account: The caller's.
        service: The signing name: `braket`, `s3`, `iam`, `sts`, `logs`.
        operation: The API's name for it; of services other than Braket with the service in front.
        ids: What it is about; the service may add to it.
    """

    signed: bool
    caller: Caller | None
    account: str
    service: str
    region: str
    operation: str
    raw_path: str
    body: bytes
    ids: dict[str, str] = field(default_factory=dict)


def read_request(environ: WSGIEnvironment, first_account: str) -> Request:
    """Read a request to its end; the application can read it again.

    Args:
        environ: The request.
        first_account: The account of keys that name none.
    """
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
    caller, account = _key(key)
    request = Request(
        signed=credential is not None,
        caller=caller,
        account=account or first_account,
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
