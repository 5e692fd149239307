"""Which errors of AWS mean what: the one place where they become ours.

Every method of the executor, and every command that talks to AWS, runs inside `explained`, so that no error
of botocore, boto3 or the SDK reaches a person as a traceback, whatever call met it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoRegionError,
    ParamValidationError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as NotConnectedError

from sweeper.errors import SweeperError
from sweeper.executors.base import AccessLostError

T = TypeVar("T")
_PATIENCE = 8
_THROTTLED = {
    "ThrottlingException",
    "TooManyRequestsException",
    "Throttling",
    "RequestLimitExceeded",
    "SlowDown",
}
_QUOTA = {"ServiceQuotaExceededException"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403"}
_EXPIRED = {
    "ExpiredTokenException",
    "ExpiredToken",
    "RequestExpired",
    "TokenRefreshRequired",
}
_NOT_VALID = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidToken",
    "InvalidIdentityToken",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "AuthFailure",
    "NotAuthorized",
    "OptInRequired",
    "RequestTimeTooSkewed",
}
"""Names of AWS's common errors (IAM, S3, STS and Braket API references, "Common errors")."""

_BROKE_OFF = (HTTPClientError, IncompleteReadError, ResponseStreamingError)

LOG_IN = (
    "Log in to AWS (aws configure, aws sso login), or name a profile (hydra.launcher.profile=…, "
    "AWS_PROFILE); then type the command again, or `sweeper resume` on the sweep's folder: jobs that run on "
    "AWS go on meanwhile and are not submitted twice."
)
_ALLOW = (
    "docs/aws.md has the smallest policy with which a sweep works; then go on with `sweeper resume`: jobs "
    "that run on AWS are not submitted twice."
)
_CONNECT = (
    "AWS cannot be reached, or does not answer. Jobs that run there go on and nothing is lost: see that the "
    "network, the region and the proxy are right, then type the command again, or `sweeper resume` on the "
    "sweep's folder."
)


class CredentialsError(AccessLostError):
    """There are no valid AWS credentials (any more); nothing is lost, the sweep can be resumed."""


def code_of(error: BaseException | None) -> str:
    """AWS's name of an error; empty for errors of the connection."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def text_of(error: BaseException) -> str:
    """AWS's own words, for people."""
    if not isinstance(error, ClientError):
        return str(error)
    message = str(error.response["Error"].get("Message", "")).strip()
    return f"{code_of(error)}: {message}" if message else code_of(error)


def is_throttled(error: Exception) -> bool:
    """Whether the call came too soon after others."""
    return code_of(error) in _THROTTLED


def is_quota(error: Exception) -> bool:
    """Whether the account has as many of them as it may."""
    return code_of(error) in _QUOTA


def is_denied(error: BaseException | None) -> bool:
    """Whether the caller is known, and may not do this."""
    return code_of(error) in _DENIED


def is_unclear(error: Exception) -> bool:
    """Whether the call may have had its effect although it failed: no answer, or a server's error."""
    if isinstance(error, ClientError):
        return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0)) >= 500
    return isinstance(error, _BROKE_OFF)


def is_transient(error: Exception) -> bool:
    """Whether the same call may succeed later: a busy service, or a connection that breaks.

    Other errors of botocore are of this machine: credentials, configuration, a request that is wrong.
    """
    return is_throttled(error) or is_unclear(error) or isinstance(error, NotConnectedError)


def patiently(doing: str, call: Callable[[], T]) -> T:
    """Make a call that only reads, several times if need be.

    Raises:
        SweeperError: It failed for good.
    """
    for attempt in range(_PATIENCE):
        with explained(doing):
            try:
                return call()
            except (ClientError, BotoCoreError) as error:
                if attempt + 1 == _PATIENCE or not is_transient(error):
                    raise
        time.sleep(random.uniform(0.5, 1.0) * min(8.0, 0.3 * 2.0**attempt))  # noqa: S311 - jitter
    raise AssertionError("unreachable")


class Outage:
    """How long AWS has not answered, and when that is too long to wait in silence.

    Args:
        patience: Seconds for which it may be away from the start. Once it has answered it may be away six
            times as long, as a machine that sleeps or changes its network comes back.
        clock: Seconds.
    """

    def __init__(self, patience: float, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._since: float | None = None
        self._said = ""
        self._has_answered = False

    def failed(self, error: Exception) -> None:
        """A call failed for a reason that may pass.

        Raises:
            AccessLostError: It has not passed for too long.
        """
        now = self._clock()
        self._since = now if self._since is None else self._since
        self._said = text_of(error)
        if now - self._since > self._patience * (6 if self._has_answered else 1):
            raise AccessLostError(
                f"Nothing but this for {now - self._since:.0f} s: {self._said.rstrip('.')}. {_CONNECT}"
            ) from error

    def over(self) -> None:
        """A call was answered."""
        self._has_answered = True
        self._since = None

    @property
    def words(self) -> list[str]:
        """What is to be said of it now."""
        if self._since is None:
            return []
        return [f"AWS has not answered for {self._clock() - self._since:.0f} s ({self._said})"]


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn AWS's errors into ours, saying what was being done and what to do.

    Raises:
        CredentialsError: No credentials, or expired ones.
        SweeperError: Any other error of AWS.
    """
    try:
        yield
    except ClientError as error:
        raise _explanation(doing, error) from error
    except BotoCoreError as error:
        raise _explanation(doing, error) from error
    except Boto3Error as error:
        # boto3's transfers put AWS's error into the text of their own.
        cause = error.__cause__ or error.__context__
        raise _explanation(doing, cause if isinstance(cause, ClientError) else error) from error


def _explanation(doing: str, error: BaseException) -> SweeperError:
    kind: type[SweeperError]
    kind, text, advice = CredentialsError, f"{doing}: {text_of(error)}", LOG_IN
    if code_of(error) in _EXPIRED:
        text = f"{doing}: the AWS credentials have expired ({text_of(error)})"
    elif code_of(error) in _NOT_VALID:
        text = f"{doing}: the AWS credentials are not valid ({text_of(error)})"
    elif is_denied(error):
        kind, advice = SweeperError, _ALLOW
    elif isinstance(error, NoRegionError):
        advice = "Set hydra.launcher.region=… or AWS_DEFAULT_REGION."
    elif isinstance(error, (NotConnectedError, *_BROKE_OFF)):
        kind, advice = AccessLostError, _CONNECT
    elif isinstance(error, ParamValidationError | ClientError | Boto3Error):
        return SweeperError(text)
    # Whatever else botocore raises is about credentials, profiles and configuration.
    return kind(f"{text.rstrip('.')}. {advice}")
