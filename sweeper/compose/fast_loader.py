"""Hydra's config loader, made fast for sweeps: one composition for each distinct choice of groups.

Hydra composes every job of a sweep from the YAML files up (60 ms and more), although jobs that choose the
same options differ in a few values only. `SweepLoader` lets Hydra compose each distinct choice once, and
applies a job's value overrides to a copy of that base with Hydra's own function: of its whole config, or of
those top-level keys alone that the overrides change. What comes out is what Hydra would have composed, and
an error is Hydra's own: whatever is unusual, or fails, takes Hydra's path.

All that the sweeper touches of Hydra's and OmegaConf's private parts is in this module.
"""

from __future__ import annotations

import copy
import inspect
import os
import pickle
import random
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobRuntime
from omegaconf import DictConfig, Node, OmegaConf
from omegaconf._utils import split_key

Path = tuple[str, ...]
"""A config key, split at its dots."""

_MOST_BASES = 1024
_MOST_PARSED = 2**14
_RANDOM_CHECKS = 3


class Base:
    """The config of one choice of groups, as Hydra composed it.

    Attributes:
        interpolated: Where its task part holds interpolations.
    """

    def __init__(self, config: DictConfig) -> None:
        raw = OmegaConf.to_container(config, resolve=False)
        self.interpolated = frozenset(path for path in _interpolations(raw) if path[0] != "hydra")
        self._copies: dict[frozenset[str] | None, Callable[[], DictConfig]] = {None: _copier(config)}

    def copy(self, keys: frozenset[str] | None = None) -> DictConfig:
        """A copy of the config, without any other top-level keys than these."""
        if keys not in self._copies:
            config = self.copy()
            content = config.__dict__["_content"]
            for key in set(content) - (keys or set()):
                del content[key]
            self._copies[keys] = _copier(config)
        return self._copies[keys]()


@dataclass(frozen=True)
class Composed:
    """The config of one job.

    Attributes:
        config: All of it if there is no base, else those of `keys` that the job's config has.
        base: The config of the job's choice of groups, which has all other keys. Neither it nor the job's
            overrides hold interpolations, so that no key depends on another.
        keys: The top-level keys that the job's overrides change in its base.
    """

    config: DictConfig
    base: Base | None = None
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Parsed:
    """One override; a structural one takes part in composing the base, as the choice of an option does."""

    override: Override
    structural: bool
    path: Path


class SweepLoader:
    """Stands in for the config loader of Hydra's context; all but `load_sweep_config` is that loader's."""

    def __init__(self, loader: ConfigLoader) -> None:
        self._loader = loader
        self._begun = False
        self._short = type(loader) is ConfigLoaderImpl and _has_known_parts(loader)
        self._master: DictConfig | None = None
        self._bases: dict[tuple[str, ...], Base | None] = {}
        self._parser = OverridesParser.create()
        self._parse = lru_cache(_MOST_PARSED)(self._parse_anew)

    def __getattr__(self, name: str) -> Any:
        """Whatever else Hydra asks of its loader."""
        return getattr(self._loader, name)

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """The whole config of one job, as Hydra's own loader composes it.

        Raises:
            HydraException: As Hydra's own loader.
        """
        return self.composed(master_config, sweep_overrides, whole=True).config

    def each(self, master: DictConfig, job_overrides: Sequence[Sequence[str]]) -> Iterator[Composed]:
        """The configs of jobs, one after the other.

        Hydra composes the first job, the last one and a few random ones, and of each later batch one job.
        The short way is tried on these too: if anything differs, Hydra composes all that follow.

        Raises:
            HydraException: As Hydra's own loader.
        """
        jobs, checks = list(job_overrides), 1
        if jobs and not self._begun:
            self._begun, checks = True, _RANDOM_CHECKS
            yield Composed(self._by_hydra(master, jobs.pop(0)))
        numbers = range(len(jobs))
        some = {*random.SystemRandom().sample(numbers, min(checks, len(jobs)))}
        some |= {*numbers[-1:]} if checks > 1 else set()
        by_hydra: dict[int, DictConfig] = {}
        for number in sorted(some) if self._short else ():
            with suppress(Exception):  # raised again when it is this job's turn
                by_hydra[number] = self._by_hydra(master, jobs[number])
        if len(by_hydra) < len(jobs):
            self._compare(master, [(jobs[number], config) for number, config in by_hydra.items()])
        for number, overrides in enumerate(jobs):
            config = by_hydra.pop(number, None)
            yield self.composed(master, overrides) if config is None else Composed(config)

    def composed(self, master: DictConfig, overrides: Sequence[str], *, whole: bool = False) -> Composed:
        """The config of one job; unless all of it is wanted, what it changes in its base, which is faster.

        Raises:
            HydraException: As Hydra's own loader.
        """
        with suppress(Exception):  # Hydra's path fails as well, in its own order and words
            if self._short and (found := self._in_short(master, overrides, whole=whole)) is not None:
                return found
        return Composed(self._by_hydra(master, overrides))

    def _by_hydra(self, master: DictConfig, overrides: Sequence[str]) -> DictConfig:
        return self._loader.load_sweep_config(master, list(overrides))

    def _in_short(self, master: DictConfig, overrides: Sequence[str], *, whole: bool) -> Composed | None:
        """A job's config without Hydra; None if the job is too unusual."""
        split = self._split(master, overrides)
        if split is None:
            return None
        base, values = split
        keys = frozenset(value.path[0] for value in values)
        if not (whole or base.interpolated or any("${" in line for line in overrides)):
            config = base.copy(keys)
            _apply(values, config)
            return Composed(config, base, keys)
        config = base.copy()
        if values:
            _apply(values, config)
            config.hydra.overrides.task = list(overrides)
        OmegaConf.copy_cache(from_config=master, to_config=config)
        return Composed(config)

    def _compare(self, master: DictConfig, by_hydra: Iterable[tuple[Sequence[str], DictConfig]]) -> None:
        """Give the short way up if it makes another config of some job than Hydra has made."""
        for overrides, config in by_hydra:
            where = self._difference(master, overrides, config)
            if where is not None:
                self._short = False
                warnings.warn(
                    f"The short way of composing configs differs from Hydra's at {where or 'the root'} with "
                    f"{' '.join(overrides)}: this sweep is composed by Hydra alone, which takes "
                    "longer. Please report it, with your version of Hydra.",
                    RuntimeWarning,
                    stacklevel=2,
                )
                return

    def _difference(self, master: DictConfig, overrides: Sequence[str], stock: DictConfig) -> str | None:
        """The first key at which a job's config differs from Hydra's, composed whole or in part."""
        with suppress(Exception):
            for whole in (True, False):
                mine = self._in_short(master, overrides, whole=whole)
                if mine is None:
                    return None
                if mine.base is None and (where := difference(mine.config, stock)) is not None:
                    return where
                for key in sorted(mine.keys):
                    ours, theirs = (c._get_node(key, validate_access=False) for c in (mine.config, stock))
                    if (where := difference(ours, theirs, key)) is not None:
                        return where
        return None

    def _split(self, master: DictConfig, overrides: Sequence[str]) -> tuple[Base, list[_Parsed]] | None:
        """A job's base and its value overrides; None if the job is too unusual."""
        parsed = [self._parse(line) for line in overrides]
        if any(each.override.is_sweep_override() or _is_hydras(each) for each in parsed):
            return None
        base = self._base(master, [str(each.override.input_line) for each in parsed if each.structural])
        values = [each for each in parsed if not each.structural]
        return None if base is None or _reach_further(values, base.interpolated) else (base, values)

    def _base(self, master: DictConfig, structural: list[str]) -> Base | None:
        if master is not self._master or len(self._bases) >= _MOST_BASES:
            self._master = master
            self._bases.clear()
        # What Hydra takes from the process into a config, and what may change while a process lives.
        process = os.getcwd(), JobRuntime.instance().get("name")  # noqa: PTH109 - a string is wanted
        key = (*process, *structural)
        if key not in self._bases:
            config = self._loader.load_sweep_config(master, structural)
            # Where configs come from a search path of their own, the loader cannot tell what is a group.
            self._bases[key] = None if config.hydra.searchpath else Base(config)
        return self._bases[key]

    def _parse_anew(self, line: str) -> _Parsed:
        (override,) = self._parser.parse_overrides([line])
        return _Parsed(override, self._is_structural(override), tuple(split_key(override.key_or_group)))

    def _is_structural(self, override: Override) -> bool:
        """As `Overrides.__init__` in `hydra._internal.defaults_list` tells groups from values."""
        if override.is_value_path:
            return False
        if override.package is not None:
            return True
        if self.repository.group_exists(override.key_or_group):
            return override.is_delete() or not isinstance(override.value(), dict)
        return override.is_delete() and bool(self.repository.config_exists(override.key_or_group))


def difference(one: Any, other: Any, where: str = "") -> str | None:
    """The first key at which two nodes differ in value, type, flags or keys; None if they are the same."""
    if type(one) is not type(other):
        return where
    if not isinstance(one, Node):
        return None if repr(one) == repr(other) else where  # nan is nan
    if _metadata(one) != _metadata(other):
        return where
    mine, theirs = _content(one), _content(other)
    pairs: list[tuple[str, Any, Any]] = [(where, mine, theirs)]
    if isinstance(mine, dict) and isinstance(theirs, dict):
        if list(mine) != list(theirs):
            return where
        pairs = [(f"{where}.{key}".lstrip("."), mine[key], theirs[key]) for key in mine]
    elif isinstance(mine, list | tuple) and isinstance(theirs, list | tuple):
        if len(mine) != len(theirs):
            return where
        pairs = [(f"{where}[{at}]", *pair) for at, pair in enumerate(zip(mine, theirs, strict=True))]
    found = (difference(first, second, key) for key, first, second in pairs)
    return next((key for key in found if key is not None), None)


def _content(node: Node) -> Any:
    return node.__dict__["_content"] if "_content" in node.__dict__ else node._value()


def _metadata(node: Node) -> dict[str, Any]:
    """What OmegaConf knows of a node, where an unset flag is like no flag, and an empty cache like none."""
    values = dict(vars(node._metadata))
    for name in ("flags", "resolver_cache"):
        values[name] = {key: value for key, value in (values[name] or {}).items() if value not in (None, {})}
    return values


def _apply(values: Sequence[_Parsed], config: DictConfig) -> None:
    ConfigLoaderImpl._apply_overrides_to_config([value.override for value in values], config)


def _has_known_parts(loader: ConfigLoader) -> bool:
    """Whether this version of Hydra has the private parts that are used here, as they were when tested."""
    apply = getattr(ConfigLoaderImpl, "_apply_overrides_to_config", None)
    repository = getattr(loader, "repository", None)
    return (
        apply is not None
        and list(inspect.signature(apply).parameters) == ["overrides", "cfg"]
        and all(callable(getattr(repository, name, None)) for name in ("group_exists", "config_exists"))
        and set(Override.__dataclass_fields__) >= {"key_or_group", "package", "is_value_path", "input_line"}
    )


def _copier(config: DictConfig) -> Callable[[], DictConfig]:
    """Makes copies of a config: by pickle in a sixth of the time, where the config's classes allow."""
    try:
        pickled = pickle.dumps(config, pickle.HIGHEST_PROTOCOL)
        same = difference(pickle.loads(pickled), config) is None  # noqa: S301 - pickled one line above
    except (pickle.PicklingError, AttributeError, TypeError):
        same = False
    if not same:
        return lambda: copy.deepcopy(config)
    return lambda: pickle.loads(pickled)  # noqa: S301


def _interpolations(raw: Any, path: Path = ()) -> Iterator[Path]:
    """Where a config's plain values hold an interpolation."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield from _interpolations(value, (*path, str(key)))
    elif isinstance(raw, list | tuple):
        for at, value in enumerate(raw):
            yield from _interpolations(value, (*path, str(at)))
    elif isinstance(raw, str) and "${" in raw:
        yield path


def _is_hydras(parsed: _Parsed) -> bool:
    """Whether an override sets Hydra's own config, or chooses an option of it."""
    return parsed.path[0].partition("/")[0] == "hydra"


def _reach_further(values: Sequence[_Parsed], interpolated: frozenset[Path]) -> bool:
    """Whether an override goes through an interpolation, and so changes another key than it names."""
    for value in values:
        path = value.path
        if interpolated and any(path[:length] in interpolated for length in range(1, len(path) + 1)):
            return True
        if "${" in str(value.override.input_line):
            interpolated |= {path}
    return False
