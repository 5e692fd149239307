"""Filters and pages of the Search operations."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .errors import invalid

_DEFAULT_PAGE = 100
_ARITY = {"BETWEEN": 2, "LT": 1, "LTE": 1, "GT": 1, "GTE": 1}
_COMPARISONS: dict[str, Callable[[Any, Sequence[Any]], bool]] = {
    "EQUAL": lambda value, given: value in given,
    "CONTAINS": lambda value, given: any(part in str(value) for part in given),
    "LT": lambda value, given: value < given[0],
    "LTE": lambda value, given: value <= given[0],
    "GT": lambda value, given: value > given[0],
    "GTE": lambda value, given: value >= given[0],
    "BETWEEN": lambda value, given: given[0] <= value <= given[1],
}

JOB_FILTERS = frozenset({"jobArn", "jobName", "status", "device", "createdAt", "startedAt", "endedAt"})
TASK_FILTERS = frozenset({"quantumTaskArn", "deviceArn", "jobArn", "status", "createdAt"})


def select(
    items: Iterable[Mapping[str, Any]], filters: Iterable[Mapping[str, Any]], names: Collection[str]
) -> list[Mapping[str, Any]]:
    """Those items that pass all filters.

    Args:
        items: Records by attribute.
        filters: Of the request; without an operator EQUAL is meant.
        names: Attributes that may be asked for.

    Raises:
        AwsError: ValidationException, for a filter that the service does not know.
    """
    chosen = list(items)
    for rule in filters:
        name, operator, values = rule["name"], rule.get("operator", "EQUAL"), rule["values"]
        if name not in names:
            raise invalid(f"Invalid filter name {name}; supported are {', '.join(sorted(names))}")
        if len(values) != _ARITY.get(operator, len(values)):
            raise invalid(f"Operator {operator} of filter {name} takes {_ARITY[operator]} value(s)")
        given = [_moment(value, name) for value in values] if name.endswith("At") else values
        chosen = [
            item
            for item in chosen
            if item.get(name) is not None and _COMPARISONS[operator](item[name], given)
        ]
    return chosen


def page(
    items: Sequence[Mapping[str, Any]], key: str, parameters: Mapping[str, Any]
) -> tuple[list[Mapping[str, Any]], str | None]:
    """The page that a request asks for, and the token of the next one.

    A token names the last item seen, so that items which come in at the front meanwhile move nothing.

    Args:
        items: In their order.
        key: The attribute that identifies an item.
        parameters: Of the request.

    Raises:
        AwsError: ValidationException, for a token that was never given out.
    """
    start = 0
    if token := parameters.get("nextToken"):
        try:
            last = base64.urlsafe_b64decode(token.encode()).decode()
            start = [item[key] for item in items].index(last) + 1
        except (binascii.Error, ValueError):
            raise invalid("Invalid nextToken") from None
    end = start + parameters.get("maxResults", _DEFAULT_PAGE)
    shown = list(items[start:end])
    return shown, base64.urlsafe_b64encode(shown[-1][key].encode()).decode() if end < len(items) else None


def _moment(text: str, name: str) -> datetime:
    try:
        moment = (
            datetime.fromtimestamp(float(text), UTC) if _is_number(text) else datetime.fromisoformat(text)
        )
    except (ValueError, OverflowError):
        raise invalid(f"Invalid timestamp {text!r} in filter {name}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
