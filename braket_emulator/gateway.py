"""What stands in front of every service: the call log and the injected faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from .calls import Call, Caller, CallLog
from .clock import Clock, time_stamp
from .faults import FaultKind, FaultPlan
from .policy import Policy
from .requests import Request, read_request
from .server import hang_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# The same trouble has other names in other services.
_ERRORS: dict[FaultKind, tuple[int, str, dict[str, str], str]] = {
    FaultKind.THROTTLE: (
        429,
        "ThrottlingException",
        {"s3": "SlowDown", "iam": "Throttling", "sts": "Throttling"},
        "Rate exceeded",
    ),
    FaultKind.SERVER_ERROR: (
        500,
        "InternalServiceException",
        {"s3": "InternalError", "iam": "ServiceFailure", "sts": "InternalFailure", "logs": "InternalFailure"},
        "We encountered an internal error. Please try again.",
    ),
    FaultKind.VALIDATION: (
        400,
        "ValidationException",
        {"s3": "InvalidRequest", "iam": "ValidationError", "logs": "InvalidParameterException"},
        "Invalid request",
    ),
    FaultKind.ACCESS_DENIED: (
        403,
        "AccessDeniedException",
        {"s3": "AccessDenied", "iam": "AccessDenied", "sts": "AccessDenied"},
        "The caller is not authorized to perform this operation",
    ),
    FaultKind.EXPIRED_TOKEN: (
        403,
        "ExpiredTokenException",
        {"s3": "ExpiredToken", "iam": "ExpiredToken", "sts": "ExpiredToken"},
        "The security token included in the request is expired",
    ),
    FaultKind.INVALID_CREDENTIALS: (
        403,
        "UnrecognizedClientException",
        {"s3": "InvalidAccessKeyId", "iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId"},
        "The security token included in the request is invalid",
    ),
    FaultKind.NOT_FOUND: (
        404,
        "ResourceNotFoundException",
        {"s3": "NoSuchKey", "iam": "NoSuchEntity"},
        "The specified resource was not found",
    ),
}


@dataclass
class PolicyHolder:
    """What the client may do, for all services; none for everything."""

    policy: Policy | None = None


class Gateway:
    """A WSGI application around a service's."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        name_operation: Callable[[Request, str], None] | None,
        calls: CallLog,
        faults: FaultPlan,
        clock: Clock,
        account: str,
        policy: PolicyHolder,
    ) -> None:
        """Wrap an application.

        Args:
            application: Finds its `Request` in the environment, as `emulator.request`.
            name_operation: Sets the operation, from the request and the HTTP method, where the
                envelope does not tell.
            calls: Where calls are recorded.
            faults: Which of them go wrong.
            clock: For faults that take time.
            account: The account of keys that name none.
            policy: What the client may do.
        """
        self._application = application
        self._name_operation = name_operation
        self._calls = calls
        self._faults = faults
        self._clock = clock
        self._account = account
        self._policy = policy

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ["PATH_INFO"].startswith("/_emulator/"):
            return self._application(environ, start_response)
        request = read_request(environ, self._account)
        if self._name_operation:
            self._name_operation(request, environ["REQUEST_METHOD"])
        environ["emulator.request"] = request
        if request.caller is Caller.SERVICE or not request.operation:
            return self._application(environ, start_response)

        if request.service in ("braket", "logs"):
            self._clock.called()
        fault = self._faults.for_call(request.operation)
        kind = fault.kind if fault else None
        if fault and kind is FaultKind.RESET:
            self._record(request, 0, None)
            hang_up(environ, reset=True)
        if fault and kind in _ERRORS:
            number, code, other_names, text = _ERRORS[kind]
            code = other_names.get(request.service, code)
            self._record(request, number, code)
            return _answer_error(request, number, code, fault.message or text, start_response)

        policy = self._policy.policy if request.caller is Caller.CLIENT else None
        if policy and (action := policy.denied(request)):
            return self._deny(request, f"User is not authorized to perform: {action}", start_response)

        status, headers, body, error = self._call(environ)
        if policy and request.service == "s3" and status.startswith("404") and "key" in request.ids:
            bucket = f"arn:aws:s3:::{request.ids['bucket']}"
            if not policy.allows("s3:ListBucket", bucket):
                # Who may not list a bucket does not learn what is missing in it.
                return self._deny(request, "Access Denied", start_response)
        if fault and kind is FaultKind.LOST_RESPONSE:
            self._record(request, 0, None)
            hang_up(environ, reset=False)
        if fault and kind is FaultKind.SLOW:
            # The work is done; it is the answer that takes its time.
            self._clock.hold_up(fault.seconds)
        self._record(request, int(status.split()[0]), error)
        start_response(status, headers)
        return body

    def _deny(self, request: Request, text: str, start_response: StartResponse) -> list[bytes]:
        number, code, other_names, _ = _ERRORS[FaultKind.ACCESS_DENIED]
        code = other_names.get(request.service, code)
        self._record(request, number, code)
        return _answer_error(request, number, code, text, start_response)

    def _call(self, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], list[bytes], str | None]:
        """Let the service do its work, and hold back its answer: status, headers, body, error's name."""
        held: dict[str, Any] = {}

        def hold(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[..., None]:
            held.update(status=status, headers=headers)
            return lambda _: None

        body = self._application(environ, hold)
        chunks = list(body)
        if hasattr(body, "close"):
            body.close()
        error = next((text for name, text in held["headers"] if name.lower() == "x-amzn-errortype"), None)
        return held["status"], held["headers"], chunks, error

    def _record(self, request: Request, status: int, error: str | None) -> None:
        self._calls.add(
            Call(
                time=time_stamp(),
                operation=request.operation,
                status=status,
                caller=request.caller or Caller.CLIENT,
                region=request.region,
                error=error,
                ids=request.ids,
            )
        )


def _answer_error(
    request: Request, status: int, code: str, message: str, start_response: StartResponse
) -> list[bytes]:
    """An error in the protocol of the service."""
    told = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if request.service == "s3":
        kind, text = "application/xml", f"<Error>{told}</Error>"
    elif request.service in ("iam", "sts"):
        kind, text = "text/xml", f"<ErrorResponse><Error>{told}</Error></ErrorResponse>"
    else:
        kind, text = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    headers = [("Content-Type", kind), ("Content-Length", str(len(text.encode())))]
    start_response(f"{status} {code}", [*headers, ("x-amzn-errortype", code)])
    return [text.encode()]
