"""Checks any value against any shape of a botocore service model.

botocore itself checks required members, types and minimum lengths of requests only. Here maximum lengths,
ranges, patterns and enumerations count too, and answers are checked as strictly as requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from numbers import Real
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

_SHOWN_CHARACTERS = 200
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "float": Real,
    "double": Real,
    "structure": dict,
    "map": dict,
    "list": list,
    "timestamp": (str, Real),
}


def violations(shape: Shape, value: Any, path: str = "", *, closed: bool = False) -> Iterator[str]:
    """Each constraint that a JSON value breaks, in AWS's words.

    Args:
        shape: The shape that the value must have.
        value: As it travels: a time stamp is a text or a number.
        path: Where the value stands, for the message.
        closed: Whether a member that the shape does not have is a violation too. Services ignore such
            members of requests; none may appear in an answer.
    """
    if not _is_of(shape.type_name, value):
        yield _violation(value, path, f"Member must be of type {shape.type_name}")
    elif isinstance(shape, StructureShape):
        yield from _structure(shape, value, path, closed=closed)
    elif isinstance(shape, MapShape):
        yield from _size(shape, value, path)
        for key, item in value.items():
            for rule in violations(shape.key, key, path):
                yield f"{rule} (a key of the map)"
            yield from violations(shape.value, item, f"{path}.{key}.member", closed=closed)
    elif isinstance(shape, ListShape):
        yield from _size(shape, value, path)
        for index, item in enumerate(value, start=1):
            yield from violations(shape.member, item, f"{path}.{index}.member", closed=closed)
    else:
        yield from _scalar(shape, value, path)


def _is_of(type_name: str, value: Any) -> bool:
    # To Python a truth value is an integer too.
    return isinstance(value, _PYTHON_TYPES[type_name]) and isinstance(value, bool) == (type_name == "boolean")


def _structure(shape: StructureShape, value: dict[str, Any], path: str, *, closed: bool) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violation(None, _below(path, name), "Member must not be null")
    for name, item in value.items():
        if name in shape.members:
            if item is not None:
                yield from violations(shape.members[name], item, _below(path, name), closed=closed)
        elif closed:
            yield f"{_below(path, name)!r} is not a member of {shape.name}"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield _violation(sorted(value), path, "Exactly one member of the union must be set")


def _scalar(shape: Shape, value: Any, path: str) -> Iterator[str]:
    rules = shape.metadata
    if shape.type_name == "string":
        yield from _size(shape, value, path)
        if "enum" in rules and value not in rules["enum"]:
            yield _violation(value, path, f"Member must satisfy enum value set: {rules['enum']}")
        # The service matches the whole text, so that `.*` forbids a newline.
        if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
            yield _violation(
                value, path, f"Member must satisfy regular expression pattern: {rules['pattern']}"
            )
    elif shape.type_name == "timestamp":
        if isinstance(value, str):
            try:
                datetime.fromisoformat(value)
            except ValueError:
                yield _violation(value, path, "Member must be a valid timestamp")
    else:
        if "min" in rules and value < rules["min"]:
            yield _violation(value, path, f"Member must have value greater than or equal to {rules['min']}")
        if "max" in rules and value > rules["max"]:
            yield _violation(value, path, f"Member must have value less than or equal to {rules['max']}")


def _size(shape: Shape, value: Any, path: str) -> Iterator[str]:
    rules = shape.metadata
    if len(value) < rules.get("min", 0):
        yield _violation(value, path, f"Member must have length greater than or equal to {rules['min']}")
    if "max" in rules and len(value) > rules["max"]:
        yield _violation(value, path, f"Member must have length less than or equal to {rules['max']}")


def _violation(value: Any, path: str, rule: str) -> str:
    text = "null" if value is None else str(value)
    if len(text) > _SHOWN_CHARACTERS:
        text = text[:_SHOWN_CHARACTERS] + "..."
    shown = text if value is None else f"'{text}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {rule}"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
