"""Hydra's basic sweeper for this application: every combination of the values that were given, each once.

Hydra's own keeps the last override of a key alone and writes the others anew as text, so that of two dicts
which merge the first is lost, `~key` becomes `~key=null`, and `extend_list` fails. Here a combination's
overrides are those that were typed, in their order, with one value in the place of each sweep: what a job
is composed from is what `--cfg job` composes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, OverrideType
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException

from sweeper.compose.sweep_size import refuse_too_many
from sweeper.errors import ConfigError, LeftRunning


@dataclass
class CombinationsConf:
    """Every combination of the values."""

    _target_: str = "sweeper.compose.combinations.Combinations"
    # Combinations that are handed over together; None means all at once.
    max_batch_size: int | None = None
    # Overrides of a config's own; the command line's replace them.
    params: dict[str, str] | None = None


@contextmanager
def as_basic_sweeper() -> Iterator[None]:
    """Let `hydra/sweeper=basic` mean this sweeper: while this application runs, not in all of Hydra's."""
    Plugins.instance().register(Combinations)
    options = ConfigStore.instance().repo["hydra"]["sweeper"]
    hydras = options["basic.yaml"]
    ConfigStore.instance().store(
        group="hydra/sweeper", name="basic", node=CombinationsConf, provider="braket-sweeper", replace=True
    )
    try:
        yield
    finally:
        options["basic.yaml"] = hydras


class Combinations(BasicSweeper):
    """`hydra/sweeper=basic`."""

    def sweep(self, arguments: list[str]) -> Any:
        """Hand all combinations to the launcher, batch by batch.

        Raises:
            ConfigError: A key has no values, or there are too many combinations; nothing was started.
            JobFailedError: A job failed; the jobs of all batches have run.
            LeftRunning: All jobs were handed over, and waiting for them was not asked for.
        """
        context, launcher, config = self.hydra_context, self.launcher, self.config
        if context is None or launcher is None or config is None:
            raise RuntimeError("setup comes first")
        parser = OverridesParser.create(config_loader=context.config_loader)
        ours = parser.parse_overrides([f"{key}={value}" for key, value in (self.params or {}).items()])
        batches = list(_batches(expand(ours, parser.parse_overrides(arguments)), self.max_batch_size))
        look_at = getattr(launcher, "look_at", None)
        if len(batches) > 1 and look_at is not None:
            # What cannot run in the last batch is refused before the first one starts.
            look_at([overrides for batch in batches for overrides in batch])
        returns: list[Sequence[JobReturn]] = []
        left: LeftRunning | None = None
        done = 0
        for batch in batches:
            try:
                returns.append(launcher.launch(batch, initial_job_idx=done))
            except LeftRunning as handed_over:
                left = handed_over
            done += len(batch)
            if _enough_failed(config, [job for each in returns for job in each]):
                break
        if left is not None:
            raise left
        for each in returns:
            for job in each:
                _ = job.return_value  # raises what a failed job's return carries
        return returns


def expand(ours: Sequence[Override], given: Sequence[Override]) -> list[list[str]]:
    """The overrides of each combination; the last key varies fastest.

    Args:
        ours: Those of the config (`hydra.sweeper.params`): each holds unless its key is given.
        given: Those of the command line. A sweep gives way to a later value of the same key; all others
            stay, in their order, and Hydra makes of repetitions what it makes of them without a sweep.

    Raises:
        ConfigError: A key has no values, or there are too many combinations.
    """
    names = {_name(override) for override in given}
    overrides = [override for override in ours if _name(override) not in names]
    overrides += [override for place, override in enumerate(given) if not _is_replaced(place, given)]
    refuse_too_many(overrides)
    return [list(texts) for texts in product(*(_texts(override) for override in overrides))]


def _texts(override: Override) -> list[str]:
    """One override for each value."""
    line, head = str(override.input_line), _head(override)
    if not override.is_sweep_override():
        return [line]
    if not override.is_discrete_sweep():
        raise ConfigError(
            f"{line}: interval(…) is for adaptive sweepers, which choose values from it "
            "(hydra/sweeper=optuna; README, Sweep something). hydra/sweeper=basic runs given values: "
            f"{head}=0.1,0.5 or '{head}=range(0,1,0.1)'."
        )
    try:
        texts = [f"{head}={value}" for value in override.sweep_string_iterator()]
    except (ValueError, ArithmeticError, HydraException) as error:
        raise ConfigError(f"{line} cannot be counted out: {error}.") from error
    if not texts:
        raise ConfigError(
            f"{line} has no values, so there is nothing to run. Give at least one, as in {head}=0,1 or "
            f"'{head}=range(10)'."
        )
    return texts


def _head(override: Override) -> str:
    """The part before the equals sign as it was typed; in a key it would stand behind a backslash."""
    match = re.match(r"(?:\\.|[^=\\])*", str(override.input_line))
    return match.group() if match else ""


def _name(override: Override) -> tuple[str, str | None]:
    return override.key_or_group, override.package


def _is_replaced(place: int, given: Sequence[Override]) -> bool:
    """Whether the values of a sweep would all come to nothing, because a later override replaces them."""
    sweep = given[place]
    return sweep.is_sweep_override() and any(
        _name(later) == _name(sweep)
        and later.type in (sweep.type, OverrideType.FORCE_ADD)
        and not _is_merged(later)
        for later in given[place + 1 :]
    )


def _is_merged(override: Override) -> bool:
    """Whether what the override gives is added to what there is: dicts are."""
    value = override.value()
    values = value.list if isinstance(value, ChoiceSweep) else [value]
    return any(isinstance(each, dict) for each in values)


def _batches(combinations: list[list[str]], size: int | None) -> Iterator[list[list[str]]]:
    if size is not None and size < 1:
        raise ConfigError(
            f"hydra.sweeper.max_batch_size={size} is not possible: it must be 1 or more, or null."
        )
    step = size or len(combinations)
    for start in range(0, len(combinations), step):
        yield combinations[start : start + step]


def _enough_failed(config: Any, jobs: Sequence[JobReturn]) -> bool:
    """Whether `fail_fast` or `max_failures` ends the sweep here."""
    failed = sum(job.status is JobStatus.FAILED for job in jobs)
    most = 1 if config.get("fail_fast") else config.get("max_failures")
    return most is not None and failed >= most
