"""Which failures of quantum tasks are worth another try."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's name


class QuantumTaskError(RuntimeError):
    """A quantum task that ended without a result, and for which there is no use in trying again."""


class TransientTaskError(QuantumTaskError):
    """A quantum task that may succeed if it is tried again."""


class DeviceOfflineError(QuantumTaskError):
    """The device takes no quantum tasks now, and probably not for hours."""


class BoundReachedError(RuntimeError):
    """No further quantum task may be created: the bill could exceed its bound."""


_TRANSIENT_CODES = {
    "InternalServiceException",
    "InternalFailure",
    "RequestTimeout",
    "ServiceQuotaExceededException",
    "ServiceUnavailable",
    "ThrottlingException",
    "TooManyRequestsException",
}
"""Error codes of CreateQuantumTask and of AWS in general that say nothing against the task itself."""

_OFFLINE_CODES = {"DeviceOfflineException", "DeviceRetiredException"}


def of_submission(error: Exception) -> QuantumTaskError | None:
    """What an exception from `Device.run` means; None if it is a mistake that another try would repeat."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        if code in _OFFLINE_CODES:
            return DeviceOfflineError(str(error))
        return TransientTaskError(str(error)) if code in _TRANSIENT_CODES else None
    if isinstance(error, ConnectionError | HTTPClientError):
        return TransientTaskError(str(error))
    return None


def may_have_arrived(error: Exception) -> bool:
    """Whether a quantum task may exist although `Device.run` raised: nobody answered, or a server failed."""
    if isinstance(error, ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500
    return isinstance(error, ConnectionError | HTTPClientError)


def of_task(task: Any) -> QuantumTaskError:
    """What a task without a result means: the SDK returns None for it, whatever the reason.

    A task that somebody cancelled, or that the service refused as invalid, is not tried again.
    """
    state = task.state()
    reason = str(task.metadata().get("failureReason", "")) if hasattr(task, "metadata") else ""
    text = f"Quantum task {task.id} ended as {state}{': ' + reason if reason else ''}."
    invalid = "validation" in reason.lower()
    return TransientTaskError(text) if state == "FAILED" and not invalid else QuantumTaskError(text)
