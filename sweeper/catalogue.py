"""The options that the configs offer, read without running anything."""

from __future__ import annotations

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from sweeper.errors import ConfigError
from sweeper.locate import config_file, shipped
from sweeper.refusals import explain
from sweeper.resolvers import load_resolvers
from sweeper.schema import register
from sweeper.schema.device import Device
from sweeper.yaml_files import how_to_begin, shown


def devices() -> dict[str, Device]:
    """Every device option by name.

    Raises:
        ConfigError: A config file of the user's has a mistake; names the file and the line.
    """
    register()
    load_resolvers()
    GlobalHydra.instance().clear()
    try:
        return _composed()
    except ConfigError:
        raise
    except Exception as error:  # Hydra passes on what the YAML parser, the codec or OmegaConf raised
        raise ConfigError(explain(error)) from error


def _composed() -> dict[str, Device]:
    found: dict[str, Device] = {}
    with initialize_config_dir(str(shipped("conf"))):
        names = GlobalHydra.instance().config_loader().get_group_options("device")
        for name in names:
            config = compose(f"device/{name}")
            device = OmegaConf.to_object(config.device)
            if not isinstance(device, Device):
                file = config_file(f"device/{name}")
                raise ConfigError(
                    f"{shown(file)} sets no device's keys. {how_to_begin(file) if file else ''}"
                )
            found[name] = device
    return found
