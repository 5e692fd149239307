"""Which errors of AWS mean what."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound

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
_EXPIRED = {"ExpiredTokenException", "ExpiredToken", "RequestExpired", "UnrecognizedClientException"}


class CredentialsError(AccessLostError):
    """There are no valid AWS credentials (any more); nothing is lost, the sweep can be resumed."""


def code_of(error: Exception) -> str:
    """AWS's name of an error; empty for errors of the connection."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def is_throttled(error: Exception) -> bool:
    """Whether the call came too soon after others."""
    return code_of(error) in _THROTTLED


def is_quota(error: Exception) -> bool:
    """Whether the account has as many of them as it may."""
    return code_of(error) in _QUOTA


def is_unclear(error: Exception) -> bool:
    """Whether the call may have had its effect although it failed: no answer, or a server's error."""
    if isinstance(error, ClientError):
        return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0)) >= 500
    return isinstance(error, BotoCoreError) and not isinstance(error, NoCredentialsError | ProfileNotFound)


def is_transient(error: Exception) -> bool:
    """Whether the same call may succeed later."""
    return is_throttled(error) or is_unclear(error)


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


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn AWS's errors into ours, saying what was being done and what to do.

    Raises:
        CredentialsError: No credentials, or expired ones.
        SweeperError: Any other error of AWS.
    """
    try:
        yield
    except (NoCredentialsError, ProfileNotFound) as error:
        raise CredentialsError(
            f"{doing}: {error}. Log in to AWS (aws configure, aws sso login) or name a profile "
            "(hydra.launcher.profile=…)."
        ) from error
    except ClientError as error:
        if code_of(error) in _EXPIRED:
            raise CredentialsError(
                f"{doing}: the AWS credentials have expired. Log in again, then run `sweeper resume` on the "
                "sweep's folder: jobs that run on AWS go on meanwhile and are not submitted twice."
            ) from error
        raise SweeperError(
            f"{doing}: {code_of(error)}: {error.response['Error'].get('Message', '')}"
        ) from error
    except BotoCoreError as error:
        raise SweeperError(f"{doing}: {error}") from error
