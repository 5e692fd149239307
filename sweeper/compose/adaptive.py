"""Hydra sweepers that choose the next jobs by the results of earlier ones (Optuna, Nevergrad, Ax, …)."""

from __future__ import annotations

from collections.abc import Iterable

from omegaconf import DictConfig, ListConfig

from sweeper.errors import ConfigError
from sweeper.job.spec import JobSpec

_OURS = "sweeper.compose.combinations."
_HYDRAS = "hydra._internal.core_plugins."


def is_adaptive(config: DictConfig) -> bool:
    """Whether another sweeper runs than the one that tries all combinations.

    Args:
        config: The sweep's, with Hydra's own node.
    """
    return not str(config.hydra.sweeper.get("_target_", _OURS)).startswith((_OURS, _HYDRAS))


def refuse_what_it_cannot_do(config: DictConfig, *, wait: bool) -> None:
    """Refuse several objectives, of which a job has one, and jobs whose results nobody waits for.

    Raises:
        ConfigError: Names the key and what is possible.
    """
    if not is_adaptive(config):
        return
    directions = config.hydra.sweeper.get("direction")
    if isinstance(directions, ListConfig) and len(directions) != 1:
        raise ConfigError(
            f"hydra.sweeper.direction={list(directions)} has {len(directions)} directions, but a job has one "
            "objective (algorithm.objective): set hydra.sweeper.direction=minimize or maximize."
        )
    if not wait:
        raise ConfigError(
            f"hydra.launcher.wait=false is not possible with hydra/sweeper={_name(config)}, which needs the "
            "results of each batch to choose the next one."
        )


def refuse_without_objective(config: DictConfig, specs: Iterable[JobSpec]) -> None:
    """Refuse jobs that have nothing to minimise, if their sweeper is to minimise it.

    Raises:
        ConfigError: `algorithm.objective` is not set.
    """
    if is_adaptive(config) and any(spec.objective is None for spec in specs):
        raise ConfigError(
            f"hydra/sweeper={_name(config)} needs algorithm.objective: a key of the job's result, or a "
            "metric that it logs, as in algorithm.objective=loss. Nothing was started."
        )


def _name(config: DictConfig) -> str:
    return str(config.hydra.runtime.choices.get("hydra/sweeper", "?"))
