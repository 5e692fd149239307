"""JSON Schemas of the config files, by which editors check and complete YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from sweeper.config.described import FromSource, Option

INTERPOLATION = {"type": "string", "pattern": r"\$\{"}
"""What stands for a value of any type, such as `${problem.n}`."""

_TYPES = {int: "integer", float: "number", str: "string", bool: "boolean", NoneType: "null"}


def of_file(schemas: Iterable[type]) -> dict[str, Any]:
    """The schema of a YAML file that sets keys of any of these dataclasses."""
    properties: dict[str, Any] = {"defaults": {"type": "array"}, "hydra": {}}
    for schema in schemas:
        for key, said in _properties(schema).items():
            known = properties.setdefault(key, said)
            if known != said and said not in (others := known.get("anyOf", [known])):
                properties[key] = {"anyOf": [*others, said]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }


def _properties(schema: type) -> dict[str, Any]:
    hints = get_type_hints(schema)
    described: Mapping[str, Option] = schema.options if issubclass(schema, FromSource) else {}
    found = {}
    for field in fields(schema):
        kind = hints[field.name]
        if is_dataclass(kind):
            found[field.name] = {
                "type": "object",
                "properties": _properties(kind),  # type: ignore[arg-type]
                "additionalProperties": False,
            }
        else:
            value = _kind(kind)
            option = described.get(field.name)
            found[field.name] = {
                "anyOf": [{**value, **(_bounds(option) if option else {})}, INTERPOLATION] if value else [{}],
                **(_words(option) if option else {}),
            }
    return found


def _kind(kind: Any) -> dict[str, Any]:
    """Of a type; nothing for any."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in {Union, UnionType}:
        parts = [_kind(each) for each in inner]
        if all(isinstance(part.get("type"), str) for part in parts):
            return {"type": [part["type"] for part in parts]}
        return {"anyOf": parts}
    if origin is list:
        return {"type": "array", "items": _kind(inner[0])}
    if origin is dict:
        return {"type": "object"}
    return {"type": _TYPES[kind]} if kind in _TYPES else {}


def _bounds(option: Option) -> dict[str, Any]:
    bounds = {
        "minimum": option.minimum,
        "exclusiveMinimum": option.above,
        "maximum": option.maximum,
        "exclusiveMaximum": option.below,
        "pattern": option.pattern,
    }
    return {key: bound for key, bound in bounds.items() if bound is not None}


def _words(option: Option) -> dict[str, Any]:
    unit = f" ({option.unit})" if option.unit else ""
    return {"description": f"{option.text}{unit}", "default": option.default}
