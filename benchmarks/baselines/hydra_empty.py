"""A Hydra application with this project's configs, whose task does nothing."""

from __future__ import annotations

import hydra
from omegaconf import DictConfig

from sweeper.config.register import register
from sweeper.config.shipped import shipped


def nothing(config: DictConfig) -> float:
    del config
    return 0.0


if __name__ == "__main__":
    register()
    hydra.main(config_path=str(shipped("conf")), config_name="config")(nothing)()
