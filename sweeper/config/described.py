"""What a source says of its own hyperparameters, in `hyperparameters.schema.json` beside its code.

JSON Schema 2020-12. Understood are `properties` with `type`, `enum`, `default`, `description`, bounds,
`pattern` and the annotations `unit` and `expected`; local `$ref`; and `allOf`, in which others may belong to
one property (`then`) if that has, or has `not`, a `const` or one of an `enum`. `entryPoints` has a schema for
each job of the source; without it the document itself is the schema of every one.
"""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Optional, TypeVar

from sweeper.config.check import require
from sweeper.errors import ConfigError

T = TypeVar("T")
NAME = "hyperparameters.schema.json"

_TYPES: Mapping[str, type] = {"integer": int, "number": float, "string": str, "boolean": bool}


@dataclass(frozen=True)
class Option:
    """A hyperparameter as its source describes it.

    Attributes:
        name: Of the hyperparameter.
        kind: Its type; `Any` if the source does not say.
        nullable: Whether null is allowed.
        choices: What to choose from, each with one line of description (or an empty one); empty for anything.
        default: The ellipsis if there is none.
        text: One line on what it is.
        unit: Of a number.
        minimum: Smallest value.
        above: The value is greater than this.
        maximum: Largest value.
        below: The value is smaller than this.
        pattern: What a text has to match.
        expected: The same in words.
        branches: Options that belong to some of its values.
    """

    name: str
    kind: Any = Any
    nullable: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    default: Any = ...
    text: str = ""
    unit: str | None = None
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None
    pattern: str | None = None
    expected: str | None = None
    branches: tuple[Branch, ...] = ()

    def require(self, key: str, value: Any) -> None:
        """Refuse a value, said by config key `key`, that is out of bounds or does not match.

        Raises:
            ConfigError: Names the key, the value and what is allowed.
        """
        if value is None or isinstance(value, bool):
            return
        if self.pattern is not None and isinstance(value, str):
            require(re.search(self.pattern, value) is not None, key, value, self.expected or self.pattern)
        if isinstance(value, int | float) and self.bounds:
            # What 0 or null means is said at the end of the text, as in "...; null: never".
            meaning = re.search(r"; ((?:0|null): .+)", self.text)
            allowed = f"{self.bounds} ({meaning[1]})" if meaning else self.bounds
            require(self._allows(value), key, value, allowed)

    def _allows(self, value: float) -> bool:
        return (
            (-math.inf if self.minimum is None else self.minimum) <= value < math.inf
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
            and (self.below is None or value < self.below)
        )

    @property
    def bounds(self) -> str:
        """What the bounds allow, in words; empty if there are none."""
        least, above, most, below = self.minimum, self.above, self.maximum, self.below
        if least is not None and most is not None:
            return f"{_plain(least)} to {_plain(most)}"
        lower = f"{_plain(least)} or more" if least is not None else ""
        if above is not None:
            lower = f"above {_plain(above)}" if most is not None else f"greater than {_plain(above)}"
        upper = f"below {_plain(below)}" if below is not None else ""
        if most is not None:
            upper = f"{_plain(most)} at most"
        return ", ".join(filter(None, (lower, upper)))

    @property
    def annotation(self) -> Any:
        """Its type as the annotation of a dataclass field."""
        kind = Literal[tuple(self.choices)] if self.choices else self.kind
        return Optional[kind] if self.nullable or self.default is None else kind  # noqa: UP045 - made, not said

    def members(self) -> Iterator[Option]:
        """This option, and all that belong to some value of it."""
        yield self
        for branch in self.branches:
            for option in branch.options:
                yield from option.members()


@dataclass(frozen=True)
class Branch:
    """Options that belong to some values of another.

    Attributes:
        values: These values, or all but these.
        negated: Whether it is all but these.
        options: What belongs to them.
    """

    values: tuple[Any, ...]
    negated: bool
    options: tuple[Option, ...]

    def holds(self, value: Any) -> bool:
        """Whether the options belong to a value."""
        return (value in self.values) is not self.negated


def sent(options: Sequence[Option], values: Mapping[str, Any], *, defaults: bool = True) -> dict[str, Any]:
    """The hyperparameters that a job is passed: those of a value that is not chosen stay here.

    Args:
        options: What the job reads.
        values: By the names of hyperparameters.
        defaults: Also what has its default, and which the job therefore need not be told.
    """
    found: dict[str, Any] = {}
    for option in options:
        value = values[option.name]
        if defaults or value != option.default:
            found[option.name] = value
            for branch in option.branches:
                if branch.holds(value):
                    found |= sent(branch.options, values)
    return found


@cache
def described(source: Path, definition: str = "") -> tuple[Option, ...]:
    """The hyperparameters that a source describes.

    Args:
        source: Its folder, or a schema's file.
        definition: An entry point, or a name in `$defs`; empty for the document itself.

    Raises:
        ConfigError: The file is missing or is no such schema.
    """
    file = source / NAME if source.is_dir() else source
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        schema = document
        if definition:
            schema = {**document.get("$defs", {}), **document.get("entryPoints", {})}[definition]
        return tuple(_options(schema, document))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{file} does not describe the hyperparameters{f' of {definition}' if definition else ''}: "
            f"{type(error).__name__}: {error}."
        ) from error


def _options(schema: Mapping[str, Any], document: Mapping[str, Any]) -> list[Option]:
    if reference := schema.get("$ref"):
        found: Any = document
        for step in reference.removeprefix("#").strip("/").split("/"):
            found = found[step] if step else found
        return _options(found, document)
    properties = dict(schema.get("properties", {}))
    branches: dict[str, list[Branch]] = {}
    others: list[Option] = []
    for part in schema.get("allOf", ()):
        if "if" not in part:
            others += _options(part, document)
            continue
        ((name, condition),) = part["if"]["properties"].items()
        negated = "not" in condition
        condition = condition["not"] if negated else condition
        values = (condition["const"],) if "const" in condition else tuple(condition["enum"])
        branch = Branch(values, negated, tuple(_options(part["then"], document)))
        branches.setdefault(name, []).append(branch)
    own = [_option(name, said, tuple(branches.get(name, ()))) for name, said in properties.items()]
    return [*own, *others]


def _option(name: str, said: Mapping[str, Any], branches: tuple[Branch, ...]) -> Option:
    types = said.get("type", [])
    types = [types] if isinstance(types, str) else types
    kinds = [each for each in types if each != "null"]
    texts = {each["const"]: each.get("description", "") for each in said.get("oneOf", ()) if "const" in each}
    choices = {value: texts.get(value, "") for value in said.get("enum", texts) if value is not None}
    return Option(
        name,
        kind=_TYPES.get(kinds[0], Any) if len(kinds) == 1 else Any,
        nullable="null" in types or None in said.get("enum", ()),
        choices=choices,
        default=said.get("default", ...),
        text=said.get("description", ""),
        unit=said.get("unit"),
        minimum=said.get("minimum"),
        above=said.get("exclusiveMinimum"),
        maximum=said.get("maximum"),
        below=said.get("exclusiveMaximum"),
        pattern=said.get("pattern"),
        expected=said.get("expected"),
        branches=branches,
    )


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"


class FromSource:
    """A part of a config whose fields are options that a source describes.

    Attributes:
        prefix: Of its config keys.
        described: What the source describes.
        options: All of them, also those that belong to some value of another, by the key without the prefix.
    """

    prefix: ClassVar[str]
    described: ClassVar[Sequence[Option]]
    options: ClassVar[Mapping[str, Option]]

    def __post_init__(self) -> None:
        """Refuse values out of bounds.

        Raises:
            ConfigError: Names the key and what is allowed.
        """
        for key, option in self.options.items():
            option.require(f"{self.prefix}{key}", getattr(self, key))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """An option; which there are is known when the source has been read."""

    def values(self) -> dict[str, Any]:
        """All values by the names of hyperparameters."""
        return {option.name: getattr(self, key) for key, option in self.options.items()}


def with_options(
    prefix: str, options: Sequence[Option], keys: Mapping[str, str] = MappingProxyType({})
) -> Callable[[type[T]], type[T]]:
    """Make a class, which is `FromSource`, a dataclass that has these options as fields beside its own.

    Args:
        prefix: Of its config keys.
        options: What the source describes; those without a default are no fields.
        keys: The config key without the prefix of a hyperparameter, where it is not its name's last part.
    """
    fields = {
        keys.get(option.name, option.name.rpartition(".")[2]): option
        for each in options
        if each.default is not ...
        for option in each.members()
    }

    def made(schema: type[T]) -> type[T]:
        annotations = {key: option.annotation for key, option in fields.items()}
        schema.__annotations__ = {**inspect.get_annotations(schema), **annotations}
        for key, option in fields.items():
            setattr(schema, key, option.default)
        described = [each for each in options if each.default is not ...]
        for name, value in {"prefix": prefix, "described": described, "options": fields}.items():
            setattr(schema, name, value)
        return dataclass(schema)

    return made
