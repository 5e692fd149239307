"""Braket's HTTP endpoint: authentication, rates, validation, dispatch, answers."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from .clock import RateLimits
from .context import Context, Operation
from .errors import AwsError
from .protocol import Protocol
from .requests import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# What tells one call from another, in the call log.
_IDENTIFYING = (
    *("jobName", "clientToken", "jobArn", "quantumTaskArn", "deviceArn", "resourceArn", "spendingLimitArn"),
    *("nextToken", "jobToken"),
)


class BraketService:
    """A WSGI application behind a `Gateway`."""

    def __init__(
        self,
        protocol: Protocol,
        operations: Mapping[str, Operation],
        rates: RateLimits,
        regions: Iterable[str],
        report_bug: Callable[[str], None],
    ) -> None:
        self._protocol = protocol
        self._operations = operations
        self._rates = rates
        self._regions = frozenset(regions)
        self._report_bug = report_bug

    def name_operation(self, request: Request, method: str) -> None:
        """Tell the gateway which operation this is."""
        try:
            request.operation = self._protocol.find(method, request.raw_path)[0].name
        except AwsError:
            request.operation = "Unknown"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        headers = [("Content-Type", "application/json")]
        try:
            status, body = self._serve(environ["emulator.request"], environ)
        except AwsError as error:
            status, body = error.status, json.dumps({"message": str(error)}).encode()
            headers.append(("x-amzn-errortype", error.code))
        except Exception:
            self._report_bug(traceback.format_exc())
            status, body = 500, b'{"message": "a bug of the emulator, see its internal errors"}'
            headers.append(("x-amzn-errortype", "InternalServiceException"))
        start_response(
            f"{status} {HTTPStatus(status).phrase}", [*headers, ("Content-Length", str(len(body)))]
        )
        return [body]

    def _serve(self, request: Request, environ: WSGIEnvironment) -> tuple[int, bytes]:
        operation, labels = self._protocol.find(environ["REQUEST_METHOD"], request.raw_path)
        if not request.signed:
            raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")
        if request.caller is None:
            raise AwsError(
                "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        if request.region not in self._regions:
            raise AwsError("UnrecognizedClientException", f"Braket is not available in {request.region}")
        self._rates.admit(operation.name, request.region)
        parameters = self._protocol.read(operation, labels, environ["QUERY_STRING"], request.body)
        _note_ids(request, parameters)
        answer = self._operations[operation.name](
            Context(operation.name, request.region, request.account), parameters
        )
        _note_ids(request, answer)
        return self._protocol.write(operation, answer)


def _note_ids(request: Request, values: Mapping[str, object]) -> None:
    request.ids.update({name: str(values[name]) for name in _IDENTIFYING if values.get(name) is not None})
