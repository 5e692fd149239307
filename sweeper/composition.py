"""From the overrides of one combination to its config and its hybrid job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from sweeper.errors import ConfigError
from sweeper.schema import SweepConfig
from sweeper.spec import JobSpec, spec_of


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
    loader: ConfigLoader, sweep: DictConfig, job_overrides: Sequence[Sequence[str]], first: int
) -> list[Combination]:
    """Compose every combination; the first that cannot run refuses them all.

    Raises:
        ConfigError: Names the combination, the key and what is allowed.
    """
    combinations = [
        _compose_one(loader, sweep, overrides, first + offset)
        for offset, overrides in enumerate(job_overrides)
    ]
    _refuse_overrides_without_effect(combinations)
    return combinations


def _compose_one(
    loader: ConfigLoader, sweep: DictConfig, overrides: Sequence[str], number: int
) -> Combination:
    where = f"combination {number} ({' '.join(overrides) or 'no overrides'})"
    config = loader.load_sweep_config(sweep, list(overrides))
    if OmegaConf.get_type(config) is not SweepConfig:
        raise ConfigError(
            "This Hydra application's config is not a Braket Sweeper config, which this launcher needs: "
            "start it as `python -m sweeper`."
        )
    with open_dict(config):
        config.hydra.job.id, config.hydra.job.num = str(number), number
    keys = [str(key) for key in config if key != "hydra"]
    known = [field.name for field in fields(SweepConfig)]
    if unknown := set(keys).difference(known):
        raise ConfigError(
            f"There is no config key {sorted(unknown)[0]!r}; the keys are: {', '.join(known)}.\n"
            f"Refused: {where}; nothing was started."
        )
    try:
        with _as_hydra_config(config):
            plain = {key: _plain(config[key]) for key in keys}
            typed = {key: _typed(config[key]) for key in keys}
        for key in keys:
            _refuse_unknown(plain[key], typed[key], key)
        spec = spec_of(SweepConfig(**typed))
    except (ConfigError, OmegaConfBaseException) as error:
        raise ConfigError(f"{str(error).strip()}\nRefused: {where}; nothing was started.") from error
    choices = {
        group: choice
        for group, choice in config.hydra.runtime.choices.items()
        if not group.startswith("hydra/") and "@" not in group
    }
    return Combination(tuple(overrides), plain, choices, spec)


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


def _plain(node: Any) -> Any:
    return OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node


def _typed(node: Any) -> Any:
    return OmegaConf.to_object(node) if OmegaConf.is_config(node) else node


def _refuse_unknown(plain: Any, typed: Any, path: str) -> None:
    """Hydra's `+` adds keys that the schema does not have, and that nothing would ever read."""
    if not is_dataclass(typed):
        return
    known = [field.name for field in fields(typed)]
    for key, value in plain.items():
        if key not in known:
            raise ConfigError(f"There is no config key '{path}.{key}'; the keys are: {', '.join(known)}.")
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
