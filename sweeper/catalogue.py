"""The options that the configs offer, read without running anything."""

from __future__ import annotations

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from sweeper.locate import shipped
from sweeper.schema import register
from sweeper.schema.device import Device


def devices() -> dict[str, Device]:
    """Every device option by name."""
    register()
    GlobalHydra.instance().clear()
    found: dict[str, Device] = {}
    with initialize_config_dir(str(shipped("conf"))):
        names = GlobalHydra.instance().config_loader().get_group_options("device")
        for name in names:
            config = compose(f"device/{name}")
            device = OmegaConf.to_object(config.device)
            assert isinstance(device, Device)
            found[name] = device
    return found
