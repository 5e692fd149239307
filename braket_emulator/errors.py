"""Errors as AWS names them."""

from __future__ import annotations

from types import MappingProxyType

_STATUS = MappingProxyType(
    {
        "AccessDeniedException": 403,
        "ConflictException": 409,
        "DeviceOfflineException": 424,
        "DeviceRetiredException": 410,
        "ExpiredTokenException": 403,
        "InternalServiceException": 500,
        "MissingAuthenticationTokenException": 403,
        "ResourceNotFoundException": 404,
        "SerializationException": 400,
        "ServiceQuotaExceededException": 402,
        "ThrottlingException": 429,
        "UnknownOperationException": 404,
        "UnrecognizedClientException": 403,
        "ValidationException": 400,
    }
)


class AwsError(Exception):
    """What the service answers instead of a result.

    Attributes:
        code: The exception's name in AWS's API.
        status: Its HTTP status.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = _STATUS[code]


def invalid(message: str) -> AwsError:
    """The request is wrong in itself."""
    return AwsError("ValidationException", message)


def not_found(arn: str) -> AwsError:
    """Nothing has this ARN here."""
    return AwsError("ResourceNotFoundException", f"The specified resource {arn} was not found.")


def throttled() -> AwsError:
    """Too many calls."""
    return AwsError("ThrottlingException", "Rate exceeded")
