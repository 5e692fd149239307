"""From the overrides of one combination to its config and its hybrid job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from sweeper.compose.device_catalogue import Catalogue
from sweeper.compose.fast_loader import Base, Composed, SweepLoader
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
from sweeper.job.source import Sources
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


class Composer:
    """Composes the combinations of one sweep, each once."""

    def __init__(self, loader: SweepLoader, sweep: DictConfig) -> None:
        """Compose nothing yet.

        Args:
            loader: Composes configs.
            sweep: The sweep's config, with Hydra's own node.
        """
        self._loader = loader
        self._sweep = sweep
        self._options = Catalogue(loader)  # type: ignore[arg-type]  # it answers to all that Hydra's own does
        self._sources = Sources()
        self._bases: dict[Base, _Values] = {}
        self._composed: list[Combination] = []

    def compose(
        self,
        job_overrides: Sequence[Sequence[str]],
        ask: Ask,
        first: int = 0,
        at_first: Callable[[JobSpec], object] = lambda _spec: None,
    ) -> list[Combination]:
        """Compose combinations; the first that cannot run refuses them all.

        Those of a later batch that were composed with the ones before them are as they were.

        Args:
            job_overrides: Of each combination.
            ask: Asks sources what their jobs will ask of their devices.
            first: Hydra's number of the first one.
            at_first: Told of the first job, without its cost, while the others are still composed.

        Raises:
            ConfigError: Names the combination, the key and what is allowed.
        """
        before = self._composed[first : first + len(job_overrides)]
        if before and [list(one.overrides) for one in before] == [list(one) for one in job_overrides]:
            return before
        drafts: list[_Draft] = []
        each = self._loader.each(self._sweep, job_overrides)
        for number, overrides in enumerate(job_overrides, start=first):
            drafts.append(self._draft(next(each), overrides, number))
            if number == first:
                at_first(self._combination(drafts[0], None).spec)
        for draft in drafts:
            if draft.job.question:
                ask.expect(draft.job.question)
        combinations = [self._combination(draft, ask) for draft in drafts]
        _refuse_overrides_without_effect(combinations)
        self._composed = [] if first else combinations
        return combinations

    def _draft(self, composed: Composed, overrides: Sequence[str], number: int) -> _Draft:
        if composed.base is None:
            values = _Values(composed.config, number)
        elif composed.base in self._bases:
            values = self._bases[composed.base]
        else:
            values = self._bases[composed.base] = _Values(composed.base.copy(), number)
        changed = [str(key) for key in composed.config] if composed.keys else []
        removed = composed.keys.difference(changed)
        keys = [key for key in dict.fromkeys([*values.keys, *changed]) if key not in removed]
        with _refused_with_its_place(number, overrides):
            if unknown := sorted(set(keys).difference(_KEYS)):
                raise ConfigError(unknown_key(unknown[0], _KEYS))
            own = {key: _value_at(composed.config, key) for key in changed}
            typed = {key: own[key] if key in own else values.at(key) for key in keys}
            _refuse_without_schema(typed, values.choices)
            settled = self._with_their_own_prices(typed, values.choices, overrides)
            config = SweepConfig(**settled)
            job = draft_of(config, self._sources)
        # What a base's jobs have in common is made plain once; of `~key` the schema's default holds.
        plain = {
            key: values.plain(key) if key not in own and settled[key] is typed[key] else _plain(settled[key])
            for key in settled
        }
        plain |= {key: _plain(getattr(config, key)) for key in _KEYS if key not in plain}
        return _Draft(number, tuple(overrides), plain, values.choices, job)

    def _combination(self, draft: _Draft, ask: Ask | None) -> Combination:
        with _refused_with_its_place(draft.number, draft.overrides):
            spec = spec_of(draft.job, self._options.device, self._sources, ask)
        return Combination(draft.overrides, draft.config, draft.choices, spec)

    def _with_their_own_prices(
        self, typed: Mapping[str, Any], choices: Mapping[str, str | None], overrides: Sequence[str]
    ) -> dict[str, Any]:
        """The values with the device's and the instance's own price and caps, whatever option was chosen."""
        settled = dict(typed)
        device, instance = typed["device"], typed["instance"]
        if isinstance(device, Device):
            own = self._options.settled_device(device, choices.get("device"), overrides)
            settled["device"] = device if own == device else own
        if isinstance(instance, Instance):
            its = self._options.settled_instance(instance, choices.get("instance"), overrides)
            settled["instance"] = instance if its == instance else its
        return settled


@dataclass(frozen=True)
class _Draft:
    """A combination whose cost is not known yet; its attributes are those of `Combination`."""

    number: int
    overrides: tuple[str, ...]
    config: Mapping[str, Any]
    choices: Mapping[str, str | None]
    job: Draft


@contextmanager
def _refused_with_its_place(number: int, overrides: Sequence[str]) -> Iterator[None]:
    """Let a refusal name the combination that cannot run."""
    try:
        yield
    except (ConfigError, OmegaConfBaseException) as error:
        said = str(error) if isinstance(error, ConfigError) else explain(error, overrides)
        where = f"combination {number} ({' '.join(overrides) or 'no overrides'})"
        raise ConfigError(f"{said.strip()}\nRefused: {where}; nothing was started.") from error


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
        self._typed: dict[str, Any] = {}
        self._plain: dict[str, Any] = {}

    def at(self, key: str) -> Any:
        """The value of a top-level key, in the types of the schema."""
        if key not in self._typed:
            with _as_hydra_config(self._config):
                self._typed[key] = _value_at(self._config, key)
        return self._typed[key]

    def plain(self, key: str) -> Any:
        """The same as plain values."""
        if key not in self._plain:
            self._plain[key] = _plain(self.at(key))
        return self._plain[key]


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


def _value_at(config: DictConfig, key: str) -> Any:
    """The value of a top-level key in the types of the schema, interpolations resolved."""
    node = config[key]
    if not OmegaConf.is_config(node):
        return node
    typed = OmegaConf.to_object(node)
    _refuse_unknown(node, typed, key)
    return typed


def _plain(typed: Any) -> Any:
    """A value of the schema as plain values, as JSON and YAML have them."""
    return asdict(typed) if is_dataclass(typed) and not isinstance(typed, type) else typed


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


def _refuse_unknown(node: Any, typed: Any, path: str) -> None:
    """Hydra's `+` adds keys that the schema does not have, and that nothing would ever read."""
    if not is_dataclass(typed):
        return
    known = [field.name for field in fields(typed)]
    name = getattr(typed, "method", None) or getattr(typed, "name", None)
    for key in map(str, node):
        if key not in known:
            raise ConfigError(unknown_key(f"{path}.{key}", known, f"{path}={name}" if name else path))
        if is_dataclass(value := getattr(typed, key)):
            _refuse_unknown(node[key], value, f"{path}.{key}")


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
