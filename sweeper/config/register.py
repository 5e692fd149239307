"""Hands every schema to Hydra's ConfigStore."""

from __future__ import annotations

from hydra.core.config_store import ConfigStore

from sweeper.config.algorithm import ALGORITHMS, Vqe
from sweeper.config.device import Device
from sweeper.config.instance import Instance
from sweeper.config.optimizer import OPTIMIZERS
from sweeper.config.root import SweepConfig
from sweeper.problems import PROBLEMS


def register() -> None:
    """Store each schema under the name by which the YAML files of `conf/` pull it in.

    The names stand outside all groups, so that no schema is offered as an option of its group.
    """
    schemas: dict[str, type] = {
        "schema_sweep": SweepConfig,
        "schema_device": Device,
        "schema_instance": Instance,
        **{f"schema_algorithm_{name}": algorithm for name, algorithm in ALGORITHMS.items()},
        "schema_algorithm_vqe_h2": Vqe,  # people's own option files may begin with it
        **{f"schema_optimizer_{optimizer.method}": optimizer for optimizer in OPTIMIZERS.values()},
        **{f"schema_problem_{name}": problem for name, problem in PROBLEMS.items()},
    }
    for name, node in schemas.items():
        ConfigStore.instance().store(name=name, node=node, provider="braket-sweeper", replace=True)
