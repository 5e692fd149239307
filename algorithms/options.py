"""The options of a job: each is said once, as a field of a frozen dataclass, and read from there.

A field is `Annotated` with an `Option`: one line on what it is, its unit and bounds. The field's type says
whether it is a number or a text, which texts there are, and whether it may be null. `read` takes the values
from the hyperparameters; `algorithms.describe` writes the same into `hyperparameters.schema.json`.
"""

from __future__ import annotations

import math
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from importlib import import_module
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from algorithms.hyperparameters import Hyperparameters

T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    """What a dataclass field says of an option beside its type and its default.

    Attributes:
        text: One line on what it is.
        unit: Of a number.
        at_least: Smallest value.
        above: The value is greater than this.
        at_most: Largest value.
        below: The value is smaller than this.
        name: Of the hyperparameter; the field's own if none.
        may_be_absent: Whether a job to which it is not passed takes the default.
        pattern: Regular expression that a text begins with; `expected` says it in words.
        expected: What else a value has to be, in words.
        one_of: The classes to choose from by name. The chosen one's own fields are options too.
        prefix: Of the hyperparameters of the chosen class, or of the dataclass that the field holds.
        off: Of a dataclass that may be None: the value of its first field that means None, as does a
            hyperparameter that is not passed.
    """

    text: str = ""
    unit: str | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    name: str | None = None
    may_be_absent: bool = False
    pattern: str | None = None
    expected: str | None = None
    one_of: Mapping[str, type] | None = None
    prefix: str = ""
    off: object = ...

    def allows(self, value: float) -> bool:
        """Whether a number is within the bounds; whatever is bounded is finite."""
        least, above, most, below = self.at_least, self.above, self.at_most, self.below
        return (
            (least is None or least <= value < math.inf)
            and (above is None or above < value < math.inf)
            and (most is None or -math.inf < value <= most)
            and (below is None or -math.inf < value < below)
        )

    @property
    def bounds(self) -> str:
        """The bounds in words; empty if there are none."""
        least, above, most, below = self.at_least, self.above, self.at_most, self.below
        if least is not None:
            upper = f" to {most:g}" if most is not None else " or more"
            return f" of {least:g}{upper}" + (f", below {below:g}" if below is not None else "")
        if above is not None:
            return f" above {above:g}, {most:g} at most" if most is not None else f" greater than {above:g}"
        return "" if most is None else f" of {most:g} at most"


@dataclass(frozen=True)
class Modules(Mapping[str, type]):
    """The classes of a package with one in each module, by the module's name; imported when asked for.

    Attributes:
        package: Its name; modules whose names begin with an underscore are not among them.
        attribute: The class' name in every module.
    """

    package: str
    attribute: str

    def __getitem__(self, name: str) -> type:
        if name not in self._names:
            raise KeyError(name)
        found: type = getattr(import_module(f"{self.package}.{name}"), self.attribute)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def _names(self) -> list[str]:
        return _modules(self.package)


@cache
def _modules(package: str) -> list[str]:
    path = import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))


@dataclass(frozen=True)
class Described:
    """An option as its dataclass says it.

    Attributes:
        field: The dataclass field.
        kind: Its type; without None, if that is allowed as well.
        nullable: Whether None is allowed.
        option: What the annotation says.
    """

    field: Field[Any]
    kind: Any
    nullable: bool
    option: Option

    @property
    def name(self) -> str:
        """Of the hyperparameter, without its prefix."""
        return self.option.name or self.field.name

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts to choose from, if there are any."""
        if self.option.one_of is not None:
            return tuple(self.option.one_of)
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()

    @property
    def is_group(self) -> bool:
        """Whether the field holds options instead of being one."""
        return self.option.one_of is None and hasattr(self.kind, "__dataclass_fields__")


@cache
def described(options: type) -> tuple[Described, ...]:
    """All options of a dataclass, in order; fields without an `Option` are none."""
    hints = get_type_hints(options, include_extras=True)
    found = []
    for field in fields(options):
        said = [each for each in getattr(hints[field.name], "__metadata__", ()) if isinstance(each, Option)]
        if said:
            kind = get_args(hints[field.name])[0]
            nullable = get_origin(kind) is not Literal and NoneType in get_args(kind)
            if nullable:
                kind = next(each for each in get_args(kind) if each is not NoneType)
            found.append(Described(field, kind, nullable, said[0]))
    return tuple(found)


def read(options: type[T], given: Hyperparameters, **known: Any) -> T:
    """Make a dataclass of options from the hyperparameters; `known` are its fields that are no options.

    Raises:
        HyperparameterError: One is missing, malformed or out of its bounds.
    """
    return options(**{each.field.name: _value(each, given) for each in described(options)}, **known)  # type: ignore[arg-type]  # a class is hashable


def name_of(choices: Mapping[str, type], chosen: object) -> str:
    """By which of the names `chosen` was chosen."""
    module = type(chosen).__module__.rpartition(".")[2]  # of `Modules` no others need be imported
    names = sorted(choices, key=lambda name: name != module)
    return next(name for name in names if choices[name] is type(chosen))


def _value(option: Described, given: Hyperparameters) -> Any:
    said, name = option.option, option.name
    if option.is_group:
        return _group(option, given.prefixed(said.prefix))
    if said.may_be_absent and not given.has(name):
        given.skip(name)
        return option.field.default
    if option.nullable and given.says(name, "null"):
        return None
    if said.one_of is not None:
        chosen = given.choice(name, said.one_of)
        return read(said.one_of[chosen], given.prefixed(said.prefix))
    return _plain(option, given)


def _plain(option: Described, given: Hyperparameters) -> Any:
    said, name = option.option, option.name
    if option.texts:
        return given.choice(name, option.texts)
    if option.kind is bool:
        return given.flag(name)
    if option.kind is str:
        text = given.text(name)
        if said.pattern and not re.match(said.pattern, text):
            raise given.malformed(name, str(said.expected))
        return text
    value = given.integer(name) if option.kind is int else given.number(name)
    if not said.allows(value):
        kind = "an integer" if option.kind is int else "a finite number"
        raise given.malformed(name, f"{kind}{said.bounds}")
    return value


def _group(option: Described, given: Hyperparameters) -> Any:
    """Of a group whose first key is not passed, its default, if it has one."""
    first = described(option.kind)[0].name
    off = option.option.off
    if given.has(first) and off is not ... and given.says(first, "null" if off is None else str(off)):
        return None
    if not given.has(first):
        if option.nullable:
            return None
        if option.field.default is not MISSING:
            return option.field.default
    return read(option.kind, given)
