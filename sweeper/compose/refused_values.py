"""A key that does not exist, or a value that does not fit its key: which was meant, and how it is typed."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    GrammarParseError,
    InterpolationKeyError,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
    ValidationError,
)

from sweeper.compose import yaml_files
from sweeper.compose.vocabulary import keys, nearest, nearest_keys

_FREE = ("algorithm.hyperparameters", "job.tags", "job.input_data", "hydra.sweeper.params")
"""Keys below which everybody's own names stand."""

_LARGEST = 1e9
"""A whole number beyond it is a slip, wherever a config has one."""

_KINDS = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}


def refused_value(chain: Sequence[BaseException], overrides: Sequence[str]) -> str | None:
    """The sentence for an error of OmegaConf's; None if it is of another kind.

    Args:
        chain: The error with its causes.
        overrides: The settings of the command line.
    """
    lines = [match[1] for each in chain if (match := re.match(r"Error merging override (.*)", str(each)))]
    names = [match[1] for each in chain if (match := re.match(r"Could not override '([^']*)'", str(each)))]
    for each in chain:
        if not isinstance(each, OmegaConfBaseException):
            continue
        if isinstance(each, ConfigKeyError | ConfigAttributeError) and not isinstance(
            each, InterpolationKeyError
        ):
            full, name = str(each.full_key or ""), names[0] if names else ""
            # Of a dict that is given to a key, one of the dict's own keys may be the one that is not there.
            return _missing_key(each, full if full.startswith(f"{name}.") or not name else name, overrides)
        said = (
            _undeletable(each)
            or _interpolation(each)
            or _fitting_somewhere(each, lines[0] if lines else None, overrides)
        )
        if said:
            return said
    return None


def without_technicalities(text: str) -> str:
    """A message of OmegaConf's with its key in front, and without the types it stands among."""
    lines = [line for line in text.strip().splitlines() if not re.match(r"\s+(object|reference)_type=", line)]
    key = next((line.partition("full_key:")[2].strip() for line in lines if "full_key:" in line), "")
    said = "\n".join(line for line in lines if "full_key:" not in line)
    return f"{key}: {said}" if key and key not in said else said


def typed(overrides: Sequence[str], key: str) -> str:
    """The setting of a key as it was typed; the key itself if it was not."""
    return next((word for word in overrides if word.lstrip("+").startswith(f"{key}=")), key)


def mentioned(word: str) -> str:
    """Where a word stands in the user's configs, as the beginning of a message; empty if nowhere."""
    place = yaml_files.mention(word)
    return f"{place}: " if place else ""


def parent_keys(error: OmegaConfBaseException) -> list[str]:
    """The keys at the top of the config in which an error arose."""
    root = error.parent_node._get_root() if error.parent_node is not None else None
    return [str(key) for key in root] if isinstance(root, DictConfig) else []


def _undeletable(error: OmegaConfBaseException) -> str | None:
    """A key that a schema has cannot be taken away."""
    key = str(error.full_key or "")
    if "does not support deletion" not in str(error):
        return None
    return f"~{key}: a key of an option is always there: leave ~{key} out, or set it by {key}=VALUE"


def _interpolation(error: OmegaConfBaseException) -> str | None:
    """What is wrong with a `${…}`, or that there is no value at all."""
    full, text = str(error.full_key or ""), str(error)
    if isinstance(error, InterpolationKeyError):
        name = next(iter(re.findall(r"'([^']*)'", text)), "")
        near = nearest_keys(name)
        meant = f" Did you mean ${{{near[0].partition(' ')[0]}}}?" if near else ""
        return f"{f'{full}=' if full else ''}${{{name}}}: the key {name!r} is not found.{meant}"
    if isinstance(error, UnsupportedInterpolationType):
        name = text.partition("\n")[0].rpartition(" ")[2]
        return (
            f"{full}: there is no resolver {name!r}, as ${{{name}:…}} would need. Register yours in "
            "conf/resolvers.py (README, Your own configs)."
        )
    if isinstance(error, GrammarParseError):
        where = f"{full}: " if full else ""
        return f"{where}a ${{…}} cannot be read: look at its braces and at what is between."
    if "Recursive interpolation" in text:
        return f"{full} refers to itself, through other keys perhaps: replace one of these ${{…}} by a value."
    if "Missing mandatory value" in text:
        options = yaml_files.options_of(full)
        chosen = f"choose {full}={' or '.join(options)}" if options else f"give one: {full}=VALUE"
        return f"{full} has no value (a missing mandatory value): {chosen}."
    return None


def _missing_key(error: OmegaConfBaseException, key: str, overrides: Sequence[str]) -> str:
    root = error.parent_node._get_root() if error.parent_node is not None else None
    if isinstance(root, DictConfig) and OmegaConf.get_type(root) is dict:
        return yaml_files.primary(_primary_config())
    where = "" if any(key in word for word in overrides) else mentioned(key)
    return where + unknown_key_of(key, error, typed(overrides, key).partition("=")[2])


def _primary_config() -> str:
    """The name of the primary config: of `--config-name`, or else `config`."""
    words = sys.argv[1:]
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in {"--config-name", "-cn"}:
            return (value if equals else words[place + 1]).removesuffix(".yaml")
    return "config"


def unknown_key_of(full: str, error: OmegaConfBaseException, value: str) -> str:
    """The sentence for a key that does not exist, from the error that it led to."""
    above = full.rpartition(".")[0]
    if any(above == free or above.startswith(f"{free}.") for free in _FREE):
        return f"{full} is a name of your own, and new: add it with a '+', as in +{full}={value or 'VALUE'}"
    node = error.parent_node
    beside = [str(key) for key in node if key != "hydra"] if isinstance(node, DictConfig) else []
    above = str(node._get_full_key(None) or "") if isinstance(node, DictConfig) else ""
    return unknown_key(full, beside, _choice(node, full) or above, value)


def unknown_key(full: str, beside: Sequence[str], choice: str = "", value: str = "") -> str:
    """The sentence for a key that does not exist.

    Args:
        full: The dotted key.
        beside: The keys that there are in its place.
        choice: The option that is chosen there, as in `optimizer=spsa`, or else the key above them.
        value: What was given, if that is known.
    """
    above, _, name = full.rpartition(".")
    missing = f"There is no config key {full!r}"
    if full.startswith("hydra/sweeper/"):
        return (
            f"This hydra/sweeper has no group {full!r}: choose the one that has it by hydra/sweeper=NAME; a "
            f"key is set with dots, {full.replace('/', '.')}={value or 'VALUE'}"
        )
    if full in {"launcher", "sweeper"}:
        return f"{missing}: did you mean hydra/{full}={value or 'NAME'}?"
    if full.startswith(("launcher.", "sweeper.", "sweep.")):
        return f"{missing}: did you mean hydra.{full}?"
    group = nearest(name, ("algorithm", "problem", "device", "optimizer", "instance", "experiment"))
    if not above and group and group[0] != name:
        return f"{missing}: did you mean {'+' * (group[0] == 'experiment')}{group[0]}={value or 'NAME'}?"
    if owners := keys().get(full):
        return f"{missing} with {choice}, but with {' or '.join(owners)}.{_listed(beside, choice)}"
    near = nearest_keys(full, below=choice)
    meant = f": did you mean {' or '.join(near)}?" if near else "."
    return f"{missing}{meant}{_listed(beside, choice)}"


def _listed(beside: Sequence[str], where: str) -> str:
    return f" The keys{f' of {where}' if where else ''} are: {', '.join(beside)}." if beside else ""


def _choice(node: Any, full: str) -> str:
    """The chosen option of the group that a key is in, by the name that its schema has."""
    if not isinstance(node, DictConfig):
        return ""
    kind = OmegaConf.get_type(node)
    name = getattr(kind, "method", None) or getattr(kind, "name", None)
    if isinstance(name, str):
        return f"{full.partition('.')[0]}={name}"
    target = str(node.get("_target_", "")) if full.startswith("hydra.launcher.") else ""
    launcher = re.search(r"Braket(\w+)Launcher", target)
    return f"hydra/launcher=braket_{launcher[1].lower()}" if launcher else ""


def _fitting_somewhere(
    error: OmegaConfBaseException, line: str | None, overrides: Sequence[str]
) -> str | None:
    if line is None and not isinstance(error, ValidationError):
        return None
    full = str(error.full_key or "")
    where = "" if line is None or any(full in word for word in overrides) else mentioned(full)
    return where + fitting(full, error, line)


def fitting(full: str, error: BaseException, line: str | None) -> str:
    """The sentence for a value of the wrong kind: what kind it must be, and how it is typed.

    Args:
        full: The dotted key.
        error: What OmegaConf says.
        line: The setting as it was typed; None if it stands in a file.
    """
    text = without_technicalities(str(error)).partition("\n")[0]
    kinds = re.match(
        r"(?:\S+: )?Value '(.*)' of type '(\w+)' could not be converted to (\w+)", text, re.DOTALL
    )
    if kinds is None:
        if "is not Optional" in text or "Incompatible value 'None'" in text:
            text = f"{full} cannot be null; leave it out, or give it a value."
            return f"{line}: {text}" if line else text
        if wrong := re.match(r"(?:\S+: )?Value '.*' is not a valid bool", text):
            text = f"{full} must be true or false.{text[wrong.end() :].partition('(')[0].rstrip()}"
        return f"{line or full}: {text}"
    value, kind, wanted = kinds.groups()
    given = line or f"{full}={value}"
    if wanted not in _KINDS:
        return f"{given}: {text}"
    return f"{given}: {full} must be {_KINDS[wanted]}{_hint(full, value, kind, wanted)}"


def _hint(full: str, value: str, kind: str, wanted: str) -> str:
    """How what was probably meant is typed."""
    bounds = re.fullmatch(r"(-?\d+)\s*(?:\.\.+|-|:|…|to)\s*(-?\d+)(?:\s*:\s*(\d+))?", value)
    hint = "."
    if kind == "list" and value.strip("[] "):
        values = ",".join(value.strip("[]").split(", "))
        hint = f"; to sweep it, list the values without brackets: {full}={values}"
    elif value == "":
        hint = f"; a value is missing after '{full}='."
    elif bounds and wanted != "Boolean":
        step = f",{bounds[3]}" if bounds[3] else ""
        hint = f"; a range is typed as '{full}=range({bounds[1]},{int(bounds[2]) + 1}{step})'"
    elif (number := _whole(value)) is not None and wanted == "Integer":
        hint = f": type {full}={number}" if abs(number) <= _LARGEST else ", and this one is beyond reason."
    elif re.fullmatch(r"[-\d.e+]+(?:[ ;]+[-\d.e+]+)+", value):
        hint = f"; values are listed with commas: {full}={','.join(re.split('[ ;]+', value))}"
    return hint


def _whole(value: str) -> int | None:
    """The whole number that a text means, such as `1e3`, `1000.0` or `1k`; None if it means none."""
    text = re.sub(r"[kK]$", "e3", value.replace("_", ""))
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None
