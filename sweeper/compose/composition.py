"""From the overrides of one combination to its config and its hybrid job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from sweeper.compose.device_catalogue import Catalogue
from sweeper.compose.fast_loader import Base, Change, SweepLoader
from sweeper.compose.refusals import explain
from sweeper.compose.refused_values import unknown_key
from sweeper.compose.yaml_files import how_to_begin, mention, shown
from sweeper.config.algorithm import Algorithm
from sweeper.config.device import Device
from sweeper.config.instance import Instance
from sweeper.config.optimizer import Optimizer
from sweeper.config.root import SweepConfig
from sweeper.config.shipped import config_file
from sweeper.errors import ConfigError
from sweeper.job.spec import Draft, JobSpec, draft_of, spec_of
from sweeper.job.workload import Ask
from sweeper.problems import Problem

_KEYS = [key.name for key in fields(SweepConfig)]
_SCHEMAS = {
    "algorithm": Algorithm,
    "problem": Problem,
    "device": Device,
    "optimizer": Optimizer,
    "instance": Instance,
}
"""What an option of each group is."""


@dataclass(frozen=True)
class Combination:
    """One combination of a sweep.

    Attributes:
        overrides: As Hydra's sweeper expanded them.
        config: The composed config as plain values, interpolations resolved, without Hydra's own node.
        choices: The chosen option of each config group.
        spec: The hybrid job it describes.
    """

    overrides: tuple[str, ...]
    config: Mapping[str, Any]
    choices: Mapping[str, str | None]
    spec: JobSpec


def compose(
    loader: ConfigLoader | SweepLoader,
    sweep: DictConfig,
    job_overrides: Sequence[Sequence[str]],
    first: int,
    ask: Ask,
) -> list[Combination]:
    """Compose every combination; the first that cannot run refuses them all.

    Args:
        loader: Composes the configs.
        sweep: The sweep's config.
        job_overrides: Of each combination.
        first: Hydra's number of the first one.
        ask: Asks sources what their jobs will ask of their devices.

    Raises:
        ConfigError: Names the combination, the key and what is allowed.
    """
    loader = loader if isinstance(loader, SweepLoader) else SweepLoader(loader)
    loader.check(sweep, job_overrides)
    options = Catalogue(loader)  # type: ignore[arg-type]  # it answers to all that Hydra's own does
    bases: dict[Base, _Values] = {}
    drafts = []
    for number, overrides in enumerate(job_overrides, start=first):
        change = loader.change(sweep, overrides)
        if change is None:
            values = _Values(loader.load_sweep_config(sweep, list(overrides)), number)
        elif change.base in bases:
            values = bases[change.base]
        else:
            values = bases[change.base] = _Values(change.base.copy(), number)
        draft = _drafted(values, change, overrides, number, options)
        if draft.job.question:
            ask.expect(draft.job.question)
        drafts.append(draft)
    combinations = [draft.combination(options, ask) for draft in drafts]
    _refuse_overrides_without_effect(combinations)
    return combinations


def job_of(loader: ConfigLoader, sweep: DictConfig, overrides: Sequence[str], number: int) -> JobSpec:
    """The hybrid job of one combination, without its cost: its source is not asked what it will take.

    Raises:
        ConfigError: Names the combination, the key and what is allowed.
    """
    values = _Values(loader.load_sweep_config(sweep, list(overrides)), number)
    options = Catalogue(loader)
    return _drafted(values, None, overrides, number, options).combination(options, None).spec


class _Values:
    """The values of a config, each taken out when it is first asked for: those of a base serve many jobs.

    Attributes:
        keys: The top-level keys without Hydra's own.
        choices: The chosen option of each config group.
    """

    def __init__(self, config: DictConfig, number: int) -> None:
        if OmegaConf.get_type(config) is not SweepConfig:
            raise ConfigError(
                "This Hydra application's config is not a Braket Sweeper config, which this launcher needs: "
                "start it as `python -m sweeper`."
            )
        with open_dict(config):
            config.hydra.job.id, config.hydra.job.num = str(number), number
        self.keys = [str(key) for key in config if key != "hydra"]
        self.choices: Mapping[str, str | None] = {
            group: choice
            for group, choice in config.hydra.runtime.choices.items()
            if not group.startswith("hydra/") and "@" not in group
        }
        self._config = config
        self._taken: dict[str, tuple[Any, Any]] = {}

    def at(self, key: str) -> tuple[Any, Any]:
        """The plain and the typed value of a top-level key."""
        if key not in self._taken:
            with _as_hydra_config(self._config):
                self._taken[key] = _values_at(self._config, key)
        return self._taken[key]


@dataclass(frozen=True)
class _Draft:
    """A combination whose cost is not known yet; its attributes are those of `Combination`."""

    number: int
    overrides: tuple[str, ...]
    config: Mapping[str, Any]
    choices: Mapping[str, str | None]
    job: Draft

    def combination(self, options: Catalogue, ask: Ask | None) -> Combination:
        with _refused_with_its_place(self.number, self.overrides):
            spec = spec_of(self.job, options.device, ask)
        return Combination(self.overrides, self.config, self.choices, spec)


def _drafted(
    values: _Values, change: Change | None, overrides: Sequence[str], number: int, options: Catalogue
) -> _Draft:
    changed = [str(key) for key in change.config] if change else []
    removed = change.keys.difference(changed) if change else frozenset[str]()
    keys = [key for key in dict.fromkeys([*values.keys, *changed]) if key not in removed]
    with _refused_with_its_place(number, overrides):
        if unknown := sorted(set(keys).difference(_KEYS)):
            raise ConfigError(unknown_key(unknown[0], _KEYS))
        pairs = {
            key: _values_at(change.config, key) if change and key in change.keys else values.at(key)
            for key in keys
        }
        _refuse_without_schema({key: typed for key, (_, typed) in pairs.items()}, values.choices)
        pairs = _with_what_is_their_own(pairs, values.choices, overrides, options)
        config = SweepConfig(**{key: typed for key, (_, typed) in pairs.items()})
        job = draft_of(config)
    plain = {key: plain for key, (plain, _) in pairs.items()}
    for key in _KEYS:
        if key not in plain:  # `~key`: what holds then is the schema's default
            default = getattr(config, key)
            plain[key] = asdict(default) if is_dataclass(default) else default  # type: ignore[arg-type]
    return _Draft(number, tuple(overrides), plain, values.choices, job)


@contextmanager
def _refused_with_its_place(number: int, overrides: Sequence[str]) -> Iterator[None]:
    """Let a refusal name the combination that cannot run."""
    try:
        yield
    except (ConfigError, OmegaConfBaseException) as error:
        said = str(error) if isinstance(error, ConfigError) else explain(error, overrides)
        where = f"combination {number} ({' '.join(overrides) or 'no overrides'})"
        raise ConfigError(f"{said.strip()}\nRefused: {where}; nothing was started.") from error


def _with_what_is_their_own(
    pairs: dict[str, tuple[Any, Any]],
    choices: Mapping[str, str | None],
    overrides: Sequence[str],
    options: Catalogue,
) -> dict[str, tuple[Any, Any]]:
    """The values with the device's and the instance's own price and caps, whichever option they are from."""
    settled: dict[str, tuple[Any, Any]] = {}
    device, instance = pairs["device"][1], pairs["instance"][1]
    if isinstance(device, Device):
        settled["device"] = (device, options.settled_device(device, choices.get("device"), overrides))
    if isinstance(instance, Instance):
        settled["instance"] = (
            instance,
            options.settled_instance(instance, choices.get("instance"), overrides),
        )
    changed = {key: (asdict(after), after) for key, (before, after) in settled.items() if after != before}
    return {**pairs, **changed}


@contextmanager
def _as_hydra_config(config: DictConfig) -> Iterator[None]:
    """Let `${hydra:…}` in a job's config speak of that job."""
    holder = HydraConfig.instance()
    before = holder.cfg
    holder.cfg = config  # type: ignore[assignment]  # what set_config does, without copying all of it
    try:
        yield
    finally:
        holder.cfg = before


def _values_at(config: DictConfig, key: str) -> tuple[Any, Any]:
    """The value of a top-level key in plain types, and in those of the schema."""
    node = config[key]
    if not OmegaConf.is_config(node):
        return node, node
    plain, typed = OmegaConf.to_container(node, resolve=True), OmegaConf.to_object(node)
    _refuse_unknown(plain, typed, key)
    return plain, typed


def _refuse_without_schema(typed: Mapping[str, Any], choices: Mapping[str, str | None]) -> None:
    """See that each group holds what its options inherit: an object of the schema, not any mapping.

    Raises:
        ConfigError: Names the file, and how it has to begin.
    """
    for group, schema in _SCHEMAS.items():
        value = typed.get(group)
        if group not in typed or isinstance(value, schema) or (group == "problem" and value is None):
            continue
        choice = choices.get(group)
        file = config_file(f"{group}/{choice}")
        if file is None or value is None:
            where = f"{place}: " if (place := mention(f"{group}:")) else ""
            said = "null" if value is None else repr(value)
            raise ConfigError(
                f"{where}{group} is {said}, which is no option of it; choose one as {group}=NAME."
            )
        raise ConfigError(
            f"{shown(file)} does not say which {group}'s keys it sets, or sets none. {how_to_begin(file)}"
        )


def _refuse_unknown(plain: Any, typed: Any, path: str) -> None:
    """Hydra's `+` adds keys that the schema does not have, and that nothing would ever read."""
    if not is_dataclass(typed):
        return
    known = [field.name for field in fields(typed)]
    name = getattr(typed, "method", None) or getattr(typed, "name", None)
    for key, value in plain.items():
        if key not in known:
            raise ConfigError(unknown_key(f"{path}.{key}", known, f"{path}={name}" if name else path))
        _refuse_unknown(value, getattr(typed, key), f"{path}.{key}")


def _refuse_overrides_without_effect(combinations: Sequence[Combination]) -> None:
    """Two combinations that differ, and yet are the same job, mean that a swept key never reaches the job."""
    first_with: dict[str, Combination] = {}
    for combination in combinations:
        other = first_with.setdefault(combination.spec.key, combination)
        differing = set(other.overrides) ^ set(combination.overrides)
        if differing:
            raise ConfigError(
                f"{' and '.join(sorted(differing))} make no difference: the job receives the same either "
                "way. Sweep a key that it reads; a script reads algorithm.hyperparameters only, as in "
                "'+algorithm.hyperparameters.n_shots=${shots}'. Nothing was started."
            )
