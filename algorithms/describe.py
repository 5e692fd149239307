"""Writes `hyperparameters.schema.json`: what the jobs of this source read, for whoever configures them.

    python -m algorithms.describe

JSON Schema 2020-12 of the values that a job's strings say. Every hyperparameter is a property under its full
name, with its type, bounds, default and one line of description. Those that belong to a value of another one
stand in a branch of `allOf`: `if` has the condition, `then` the properties. Annotations of ours are `unit`,
`expected` (what a text has to be, in words) and `entryPoints`, which has a schema for each job of the source.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any

import algorithms
from algorithms import qaoa_maxcut, vqe
from algorithms.options import Described, described, name_of
from algorithms.settings import Settings

_NAME = "hyperparameters.schema.json"

_JOBS = {"vqe": vqe.Options, "qaoa_maxcut": qaoa_maxcut.Options}
_TYPES = {int: "integer", float: "number", str: "string", bool: "boolean"}


def schema() -> dict[str, Any]:
    """The whole file."""
    settings = {"$ref": "#/$defs/settings"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Hyperparameters of the variational algorithms",
        "entryPoints": {
            f"algorithms.{job}:main": {"allOf": [settings, {"$ref": f"#/$defs/{job}"}]} for job in _JOBS
        },
        "$defs": {"settings": _object(Settings), **{job: _object(options) for job, options in _JOBS.items()}},
    }


def file() -> Path:
    """The file that holds the description, beside the modules that it describes."""
    # Not by __file__: no module that asks for its place at import is imported before the jobs.
    return Path(algorithms.__path__[0]) / _NAME


def text() -> str:
    """The file's content."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _object(options: type, prefix: str = "") -> dict[str, Any]:
    return _made(described(options), prefix)


def _made(options: Sequence[Described], prefix: str) -> dict[str, Any]:
    """The schema of options whose hyperparameters have this prefix."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    together: dict[str, list[str]] = {}
    branches: list[dict[str, Any]] = []
    for option in options:
        name = prefix + option.name
        if option.is_group:
            inner = _group(option, prefix + option.option.prefix)
            properties |= inner["properties"]
            branches += inner.get("allOf", [])
            together |= inner.get("dependentRequired", {})
            continue
        properties[name] = _property(option)
        if not option.option.may_be_absent:
            required.append(name)
        for choice, kind in (option.option.one_of or {}).items():
            if described(kind):
                then = _object(kind, prefix + option.option.prefix)
                branches.append(_branch(name, {"const": choice}, then))
    parts = {"required": required, "dependentRequired": together, "allOf": branches}
    return {"properties": properties, **{key: part for key, part in parts.items() if part}}


def _group(option: Described, prefix: str) -> dict[str, Any]:
    """Options that a job has together or not at all."""
    members, off = described(option.kind), option.option.off
    inner = _made(members, prefix)
    if option.field.default is MISSING and not option.nullable:
        return inner
    first = prefix + members[0].name
    if off is ...:
        others = [name for name in inner.get("required", []) if name != first]
        return {**inner, "dependentRequired": {**inner.get("dependentRequired", {}), first: others}}
    switch = inner["properties"][first]
    if "enum" in switch:
        switch["enum"] = [off, *switch["enum"]]
    elif off is None:
        switch["type"] = [switch["type"], "null"]
    else:
        switch["minimum"] = off
    switch["default"] = off
    then = _made(members[1:], prefix)
    return {"properties": {first: switch}, "allOf": [_branch(first, {"not": {"const": off}}, then)]}


def _branch(name: str, condition: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {name: condition}, "required": [name]}, "then": then}


def _property(option: Described) -> dict[str, Any]:
    said = option.option
    found: dict[str, Any] = {"description": said.text}
    if said.one_of is not None:
        found["enum"] = list(said.one_of)
        found["oneOf"] = [
            {"const": name, "description": _first_line(kind)} for name, kind in said.one_of.items()
        ]
    elif option.texts:
        found["enum"] = list(option.texts)
    else:
        kind = _TYPES[option.kind]
        found["type"] = [kind, "null"] if option.nullable else kind
    if option.field.default is not MISSING:
        default = option.field.default
        found["default"] = default if said.one_of is None else name_of(said.one_of, default)
    facts = {
        "unit": said.unit,
        "minimum": said.at_least,
        "exclusiveMinimum": said.above,
        "maximum": said.at_most,
        "exclusiveMaximum": said.below,
        "pattern": said.pattern and f"^(?:{said.pattern})",
        "expected": said.expected,
    }
    return found | {key: fact for key, fact in facts.items() if fact is not None}


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0].rstrip(".")


if __name__ == "__main__":
    file().write_text(text(), encoding="utf-8")
