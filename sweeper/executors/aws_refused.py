"""What a job on this machine finds in the place of AWS: an address that refuses every call and says why.

A job gets no credentials of the person who runs the sweep, and its AWS clients (the SDK's, boto3's, the
command line's) are led by their own environment variables to a port of this process. Its answers are errors
in the form of each of AWS's protocols, so that the exception which the client raises carries our words. See
"AWS SDKs and Tools Reference Guide": service-specific endpoints, credential provider chain; and Smithy's
AWS protocols for the errors.
"""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import re
import select
import socket
import tempfile
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from email.message import Message

_KEPT = ("AWS_REGION", "AWS_DEFAULT_REGION")
_SECRET = "none"  # noqa: S105 - it is none
_CREDENTIAL = re.compile(r"Credential=([^/,&\s]+)/\d+/([^/,&\s]+)/([^/,&\s]+)/aws4_request")
_MOST_SECONDS = 30.0


class RefusedAws:
    """The address, and the surroundings that lead there; nothing is started before it is asked for."""

    def __init__(self, way_out: str) -> None:
        """Make one.

        Args:
            way_out: What a person does who wants such calls, after "... may not call AWS: ".
        """
        self._way_out = way_out
        self._refused: dict[str, str] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._stop, stopped = socket.socketpair()
        self._config = _config_file(os.environ)
        thread = threading.Thread(
            target=_serve, args=(self._listener, stopped, way_out, self._refused), daemon=True
        )
        thread.start()
        self._finalizer = weakref.finalize(self, _close, self._stop, thread, self._config)

    def close(self) -> None:
        """Answer nobody any more."""
        self._finalizer()

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """These variables without any that leads to AWS, and with those that lead here."""
        port = self._listener.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        kept = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
        regions = {name: variables[name] for name in _KEPT if name in variables}
        # A proxy would be asked for this address as well.
        direct = ",".join(filter(None, (kept.get("no_proxy") or kept.get("NO_PROXY"), "127.0.0.1")))
        return {
            **kept,
            **regions,
            **self.credentials("hybrid-job"),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_CONFIG_FILE": self._config,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": address,
            "BRAKET_ENDPOINT": address,
            "NO_PROXY": direct,
            "no_proxy": direct,
        }

    def credentials(self, caller: str) -> dict[str, str]:
        """Credentials that nobody accepts, by which `said_to` knows the caller again."""
        return {"AWS_ACCESS_KEY_ID": caller, "AWS_SECRET_ACCESS_KEY": _SECRET}

    def said_to(self, caller: str) -> str | None:
        """What was said to this caller; nothing if it has not called."""
        return self._refused.get(caller)


def refusal(way_out: str, service: str | None) -> str:
    """Why a call is refused."""
    where = f" ({service})" if service else ""
    return f"this hybrid job runs on this machine and may not call AWS{where}: {way_out}"


def _close(stop: socket.socket, thread: threading.Thread, config: str) -> None:
    stop.close()
    thread.join(timeout=10)
    Path(config).unlink(missing_ok=True)


def _serve(listener: socket.socket, stopped: socket.socket, way_out: str, refused: dict[str, str]) -> None:
    """Answer each connection in a thread of its own until the other end of `stopped` is closed."""
    with listener, stopped:
        while True:
            ready, _, _ = select.select([listener, stopped], [], [])
            if stopped in ready:
                return
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=_converse, args=(connection, way_out, refused), daemon=True).start()


def _converse(connection: socket.socket, way_out: str, refused: dict[str, str]) -> None:
    # Most sweeps never get here, and all would wait for this import.
    from http.server import BaseHTTPRequestHandler

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _MOST_SECONDS

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
            """Nothing is logged."""

        def _refuse(self) -> None:
            body = self._body()
            service = None
            asked = f"{self.headers.get('Authorization', '')} {unquote(self.path)}"
            if found := _CREDENTIAL.search(asked):
                caller, region, name = found.groups()
                service = name if region == "aws-global" else f"{name} in {region}"
                refused.setdefault(caller, refusal(way_out, service))
            message = refusal(way_out, service)
            kind, content = _error(self.headers, body, service or "", message)
            self.send_response(403)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("x-amzn-errortype", "AccessDeniedException")
            self.send_header("x-amzn-requestid", "none")
            if kind.endswith("cbor"):
                self.send_header("smithy-protocol", "rpc-v2-cbor")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def handle_expect_100(self) -> bool:
            """Who asks before it sends a body (an upload to S3) is refused before it does."""
            self.close_connection = True
            return True

        def _body(self) -> bytes:
            """The beginning of what was sent; all is taken in, or the client would not see our answer."""
            if "Expect" in self.headers or "Transfer-Encoding" in self.headers:
                self.close_connection = True
                return b""
            length = self.headers.get("Content-Length", "0")
            left = int(length) if length.isdigit() else 0
            beginning = b""
            while left and (part := self.rfile.read(min(left, 2**16))):
                beginning = beginning or part
                left -= len(part)
            return beginning

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _refuse  # noqa: N815

    with contextlib.suppress(OSError, ValueError), connection:
        Handler(connection, ("127.0.0.1", 0), None)  # type: ignore[arg-type]  # it asks nothing of a server


def _error(headers: Message, body: bytes, service: str, message: str) -> tuple[str, bytes]:
    """Content type and body of the refusal, in the protocol of the request."""
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        texts = ("__type", "AccessDeniedException", "message", message)
        return "application/cbor", b"\xa2" + b"".join(_cbor(text) for text in texts)
    words = escape(message)
    details = f"<Code>AccessDenied</Code><Message>{words}</Message>"
    name = service.partition(" ")[0]
    if name == "ec2":
        return "text/xml", f"<Response><Errors><Error>{details}</Error></Errors></Response>".encode()
    if name in {"s3", "s3express", "s3-outposts"}:
        return "application/xml", f"<Error>{details}</Error>".encode()
    if b"Action=" in body or name in {"route53", "cloudfront"}:
        error = f"<ErrorResponse><Error><Type>Sender</Type>{details}</Error></ErrorResponse>"
        return "text/xml", error.encode()
    content = json.dumps({"__type": "AccessDeniedException", "message": message, "Message": message})
    return "application/json", content.encode()


def _cbor(text: str) -> bytes:
    """A text string of less than 64 KiB (RFC 8949, section 3.1)."""
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data


def _config_file(variables: Mapping[str, str]) -> str:
    """A file with names and regions of the person's profiles, so that a script which names one gets on."""
    config = _parsed(variables, "AWS_CONFIG_FILE")
    sections = [*config.sections(), *_parsed(variables, "AWS_SHARED_CREDENTIALS_FILE").sections()]
    others = ("sso-session ", "services ")
    profiles = {
        section.removeprefix("profile ").strip() for section in sections if not section.startswith(others)
    }
    chosen = variables.get("AWS_PROFILE") or variables.get("AWS_DEFAULT_PROFILE") or "default"
    lines = []
    for profile in sorted(profiles | {"default"}):
        real = chosen if profile == "default" else profile
        region = config.get(_section(real), "region", fallback="us-east-1")
        lines += [f"[{_section(profile)}]", f"region = {region}"]
        lines += ["aws_access_key_id = hybrid-job", f"aws_secret_access_key = {_SECRET}"]
    descriptor, name = tempfile.mkstemp(prefix="profiles-without-credentials-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return name


def _section(profile: str) -> str:
    return "default" if profile == "default" else f"profile {profile}"


_USUAL = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}


def _parsed(variables: Mapping[str, str], which: str) -> configparser.RawConfigParser:
    """One of the person's two files; empty if there is none or it cannot be read."""
    parser = configparser.RawConfigParser(strict=False, default_section="no default section")
    with contextlib.suppress(OSError, configparser.Error, UnicodeDecodeError):
        parser.read(Path(variables.get(which) or _USUAL[which]).expanduser(), encoding="utf-8")
    return parser
