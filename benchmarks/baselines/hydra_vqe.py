"""A Hydra application with this project's configs, whose task is the VQE of `plain_vqe`."""

from __future__ import annotations

import hydra
from omegaconf import DictConfig

from benchmarks.baselines.plain_vqe import minimise
from sweeper.locate import shipped
from sweeper.schema import register


def vqe(config: DictConfig) -> float:
    return minimise(config.seed, config.shots, config.max_iterations)


if __name__ == "__main__":
    register()
    hydra.main(config_path=str(shipped("conf")), config_name="config")(vqe)()
