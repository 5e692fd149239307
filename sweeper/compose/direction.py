"""Whether Hydra's sweeper looks for the better objective, and not for the worst one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf

from sweeper.compose.composition import Combination
from sweeper.errors import ConfigError

_KEYS: Mapping[str, Mapping[Any, str]] = {
    "direction": {"minimize": "minimize", "maximize": "maximize"},  # hydra-optuna-sweeper
    "optim.maximize": {False: "minimize", True: "maximize"},  # hydra-nevergrad-sweeper
    "ax_config.experiment.minimize": {True: "minimize", False: "maximize"},  # hydra-ax-sweeper
}
"""Where a sweeper's config says its direction, and how."""


def refuse_opposite_direction(sweeper: Any, combinations: Sequence[Combination]) -> None:
    """See that the sweeper and `algorithm.direction` mean the same.

    Args:
        sweeper: Hydra's node of the sweeper.
        combinations: The combinations, in which the algorithm says its direction.

    Raises:
        ConfigError: Names both keys.
    """
    for key, words in _KEYS.items():
        said = OmegaConf.select(sweeper, key)
        said = getattr(said, "name", said)  # an enum, where the config has not been given as text
        wanted = words.get(said) if isinstance(said, str | bool) else None
        if wanted is None:
            continue
        for combination in combinations:
            algorithm = combination.config["algorithm"]
            if algorithm["objective"] is not None and algorithm["direction"] != wanted:
                opposite = {meant: value for value, meant in words.items()}[algorithm["direction"]]
                raise ConfigError(
                    f"hydra.sweeper.{key}={str(said).lower()} looks for the worst objective: "
                    f"algorithm.direction={algorithm['direction']} says which way it is better. Set "
                    f"hydra.sweeper.{key}={str(opposite).lower()} or algorithm.direction={wanted}. Nothing "
                    "was started."
                )
