"""A Hydra application with this project's configs, whose task is the VQE of `plain_vqe`.

`algorithm.grouping=separate` is a task for each Pauli term, as in the tutorials.
"""

from __future__ import annotations

import hydra
from omegaconf import DictConfig

from benchmarks.baselines.plain_vqe import minimise
from sweeper.config.register import register
from sweeper.config.shipped import shipped


def vqe(config: DictConfig) -> float:
    grouped = config.algorithm.grouping == "qubit_wise"
    return minimise(config.seed, config.shots, config.max_iterations, grouped=grouped)


if __name__ == "__main__":
    register()
    hydra.main(config_path=str(shipped("conf")), config_name="config")(vqe)()
