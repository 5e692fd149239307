"""Tags of jobs, quantum tasks and spending limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from .context import Context, Operation, Parameters
from .errors import AwsError, not_found


class Tagged(Protocol):
    """A resource that carries tags."""

    tags: dict[str, str]


class Tags:
    """The operations on tags."""

    def __init__(self, finders: Sequence[Callable[[str, str], Tagged]]) -> None:
        """Look up resources.

        Args:
            finders: Each takes an ARN and a region and raises AwsError if it knows none.
        """
        self._finders = finders

    @property
    def operations(self) -> dict[str, Operation]:
        """The operations by their names."""
        return {"TagResource": self._tag, "UntagResource": self._untag, "ListTagsForResource": self._list}

    def _tags(self, context: Context, parameters: Parameters) -> dict[str, str]:
        arn = parameters["resourceArn"]
        for find in self._finders:
            try:
                return find(arn, context.region).tags
            except AwsError:
                continue
        raise not_found(arn)

    def _tag(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        self._tags(context, parameters).update(parameters["tags"])
        return {}

    def _untag(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        tags = self._tags(context, parameters)
        for key in parameters["tagKeys"]:
            tags.pop(key, None)
        return {}

    def _list(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        return {"tags": self._tags(context, parameters)}
