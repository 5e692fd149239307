"""Braket's REST-JSON protocol, read from the service model that botocore brings along.

Nothing of an operation's shape is written down here: what boto3 can send and understand is what the
emulator takes and gives.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from .constraints import violations
from .errors import AwsError, invalid


class BadAnswerError(Exception):
    """The emulator is about to give an answer that AWS's own model forbids: a bug of the emulator."""


class Protocol:
    """Finds the operation of a request, reads its parameters, writes its answer."""

    def __init__(self) -> None:
        model = botocore.session.Session().get_service_model("braket")
        self._routes: list[tuple[str, re.Pattern[str], OperationModel]] = []
        for name in model.operation_names:
            operation = model.operation_model(name)
            # Labels are percent-encoded, slashes included, so that an ARN is one segment of the path.
            path = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.http["requestUri"])
            self._routes.append((operation.http["method"], re.compile(path), operation))

    def find(self, method: str, raw_path: str) -> tuple[OperationModel, dict[str, str]]:
        """The operation and its path labels.

        Raises:
            AwsError: UnknownOperationException.
        """
        for route_method, pattern, operation in self._routes:
            match = pattern.fullmatch(raw_path)
            if method == route_method and match:
                return operation, {name: unquote(text) for name, text in match.groupdict().items()}
        raise AwsError("UnknownOperationException", f"No operation is {method} {raw_path}")

    @staticmethod
    def read(operation: OperationModel, labels: dict[str, str], query: str, body: bytes) -> dict[str, Any]:
        """The parameters of a request, by the members' names.

        Raises:
            AwsError: SerializationException or ValidationException.
        """
        shape = operation.input_shape
        try:
            sent = json.loads(body) if body else {}
        except ValueError:
            raise AwsError("SerializationException", "The body is not JSON") from None
        if not isinstance(sent, dict):
            raise AwsError("SerializationException", "The body is not a JSON object")
        arguments = parse_qs(query, keep_blank_values=True)
        parameters: dict[str, Any] = {}
        for name, member in shape.members.items():
            key = member.serialization.get("name", name)
            match member.serialization.get("location"):
                case "uri":
                    parameters[name] = labels[key]
                case "querystring":
                    if key in arguments:
                        values = arguments[key]
                        parameters[name] = values if isinstance(member, ListShape) else values[0]
                case _:
                    if sent.get(key) is not None:
                        parameters[name] = sent[key]
        broken = list(violations(shape, parameters))
        if broken:
            plural = "s" if len(broken) > 1 else ""
            raise invalid(f"{len(broken)} validation error{plural} detected: {'; '.join(broken)}")
        return parameters

    @staticmethod
    def write(operation: OperationModel, answer: dict[str, Any]) -> tuple[int, bytes]:
        """The HTTP status and body of an answer; members that are None are left out.

        Raises:
            BadAnswerError: The answer is not what the model promises.
        """
        shape = operation.output_shape
        sendable = _to_json(shape, answer)
        broken = list(violations(shape, sendable, closed=True))
        if broken:
            raise BadAnswerError(f"{operation.name}: {'; '.join(broken)}")
        return operation.http["responseCode"], json.dumps(sendable).encode()


def timestamp_text(moment: datetime) -> str:
    """A time stamp as Braket writes it: ISO 8601, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_json(shape: Shape, value: Any) -> Any:
    """Time stamps in the format that the model gives for their place."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: _to_json(shape.members[name], item) if name in shape.members else item
            for name, item in value.items()
            if item is not None
        }
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _to_json(shape.value, item) for key, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_to_json(shape.member, item) for item in value]
    if isinstance(value, datetime):
        epoch = shape.serialization.get("timestampFormat") == "unixTimestamp"
        return value.timestamp() if epoch else timestamp_text(value)
    return value
