"""Who asks, from where: what every operation is given beside its parameters."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Parameters: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """The envelope of a request."""

    operation: str
    region: str
    account: str


Operation: TypeAlias = Callable[[Context, Parameters], dict[str, Any]]


class ClientTokens:
    """Makes creations idempotent: a repeated request gets the first one's ARN."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, str, str], tuple[str, str]] = {}
        self._lock = threading.Lock()

    def once(
        self,
        context: Context,
        parameters: Parameters,
        create: Callable[[], str],
        conflict: Exception,
    ) -> str:
        """Create, unless the same client token did so before.

        Args:
            context: Tokens count within an operation, a region and an account.
            parameters: Those of the request.
            create: Creates the resource and returns its ARN.
            conflict: Raised if the token was used with other parameters.

        Returns:
            The ARN.
        """
        key = (context.operation, context.region, context.account, parameters["clientToken"])
        body = json.dumps(parameters, sort_keys=True)
        # Held while creating: two equal requests at once must not both create.
        with self._lock:
            if key in self._answers:
                arn, first_body = self._answers[key]
                if first_body != body:
                    raise conflict
                return arn
            arn = create()
            self._answers[key] = (arn, body)
            return arn
