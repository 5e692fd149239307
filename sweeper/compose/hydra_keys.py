"""Which of Hydra's own keys have an effect in a sweep, and what to use in the place of the others.

Hydra's keys are listed in `hydra.conf.HydraConf`. What is here names those that Hydra's own launchers would
use and ours do not, because a hybrid job is no function call in a folder of Hydra's making. All the others
have an effect: `searchpath`, `sweep.dir`, `sweeper`, `launcher`, `hydra_logging`, `verbose`, `callbacks`
(of a whole sweep), `aliases`, `env`, `help`, `hydra_help` and `mode`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from hydra.core.utils import JobRuntime
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from sweeper.errors import ConfigError

_UNUSED: Mapping[str, tuple[Any, str]] = {
    "run.dir": ("${hydra.sweep.dir}", "a single run is a sweep of one: its folder is hydra.sweep.dir"),
    "sweep.subdir": (
        "jobs/${hydra.job.num}",
        "a job's folder is jobs/<number> in hydra.sweep.dir, which table, logs and resume rely on",
    ),
    "output_subdir": (".hydra", "a job's config is in jobs/<number>/.hydra, where resume looks for it"),
    "job.chdir": (False, "each job works in a folder of its own anyway, as in Braket's container"),
    "job.override_dirname": (
        "${hydra_override_dirname:}",
        "a job's folder is jobs/<number>; its overrides are columns of the table",
    ),
    "job.config.override_dirname": (
        {"kv_sep": "=", "item_sep": ",", "exclude_keys": []},
        "a job's folder is jobs/<number>; its overrides are columns of the table",
    ),
}
"""For each key the value that says how it is here, and the reason."""

_NUMBERED = "jobs are numbered from 0 as they are enlisted; tell them apart by job.tags"
_FILLED_IN = "Hydra fills it in"
_NEVER_GIVEN: Mapping[str, str] = {
    "job.id": _NUMBERED,
    "job.num": _NUMBERED,
    "job.config_name": "the primary config is chosen with --config-name",
    "runtime": _FILLED_IN,
    "overrides": _FILLED_IN,
}
"""Keys whose value Hydra replaces, whatever it was."""


def refuse_without_effect(config: DictConfig) -> None:
    """Refuse what is set of Hydra's own keys and would do nothing.

    Args:
        config: The sweep's, with Hydra's own node.

    Raises:
        ConfigError: Names the key and what to use in its place.
    """
    for key, why in _without_effect(config):
        raise ConfigError(f"hydra.{key} is refused, because it would have no effect: {why}.")
    for name in ("env_copy", "env_set"):
        if config.hydra.job[name]:
            raise ConfigError(
                f"hydra.job.{name} is refused: no hybrid job would get these variables, and Hydra would "
                "write their values, secrets among them, into multirun.yaml. A local job inherits the "
                "environment; others get hyperparameters."
            )


def refuse_callbacks_of_jobs(callbacks: list[Any]) -> None:
    """Refuse callbacks that wait for something which never happens here.

    Args:
        callbacks: As Hydra has made them from `hydra.callbacks`.

    Raises:
        ConfigError: Names the class and its method.
    """
    for callback in callbacks:
        for name in ("on_job_start", "on_job_end"):
            method = getattr(type(callback), name, None)
            if method is not None and method is not getattr(Callback, name):
                raise ConfigError(
                    f"hydra.callbacks: {type(callback).__name__}.{name} would never be called, because a "
                    "hybrid job does not run in Hydra's process. Use on_multirun_end, which finds all jobs "
                    "with sweeper.load_sweep(config.hydra.sweep.dir)."
                )


def _without_effect(config: DictConfig) -> Iterator[tuple[str, str]]:
    hydra = OmegaConf.to_container(config.hydra, resolve=False)
    assert isinstance(hydra, dict)
    for key, (as_it_is, why) in _UNUSED.items():
        value: Any = hydra
        for part in key.split("."):
            value = value[part]
        if value != as_it_is:
            yield key, why
    given = [str(line).lstrip("+~") for line in config.hydra.overrides.hydra]
    for key, why in _NEVER_GIVEN.items():
        if any(line.startswith((f"hydra.{key}=", f"hydra.{key}.")) for line in given):
            yield key, why
    if hydra["job_logging"] != _hydras_job_logging():
        yield "job_logging", "what a job prints and logs is in its log.txt (sweeper logs DIR JOB)"
    if hydra["job"]["name"] != JobRuntime.instance().get("name") and not _is_spoken_of(config, "job.name"):
        yield "job.name", "a sweep is known by its folder, hydra.sweep.dir, and a job by job.tags"


def _hydras_job_logging() -> Any:
    shipped = resources.files("hydra.conf").joinpath("hydra", "job_logging", "default.yaml")
    return OmegaConf.to_container(OmegaConf.create(shipped.read_text("utf-8")), resolve=False)


def _is_spoken_of(config: DictConfig, key: str) -> bool:
    """Whether anything else than Hydra's own defaults uses one of its keys in an interpolation."""
    raw = OmegaConf.to_container(config, resolve=False)
    assert isinstance(raw, dict)
    for node in ("help", "hydra_help", "job_logging", "job", "overrides", "runtime"):
        del raw["hydra"][node]
    return f"hydra.{key}" in repr(raw) or f"hydra:{key}" in repr(raw)
