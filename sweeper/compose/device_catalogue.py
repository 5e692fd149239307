"""The device and instance options that the configs offer, by what they describe.

Price and caps belong to the device and to the instance type, not to the option that a combination happens to
start from. Whatever is named by its ARN or type is looked up here, in a person's own configs first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sweeper.compose.refusals import explain
from sweeper.compose.resolvers import load_resolvers
from sweeper.compose.yaml_files import how_to_begin, shown
from sweeper.config.device import Device, require_price
from sweeper.config.instance import Instance
from sweeper.config.register import register
from sweeper.config.shipped import config_file, shipped
from sweeper.errors import ConfigError, SweeperError

T = TypeVar("T", Device, Instance)

_NOT_OF_THE_DEVICE = {"arn", "noise"}
_NOT_OF_THE_TYPE = {
    *("type", "accept_estimate", "volume_gib"),
    *("volume_usd_per_gb_month", "estimate_volume_usd_per_gb_month"),
}
_GIVEN = "as given"


class Catalogue:
    """The options of the groups `device` and `instance` on a config search path.

    Args:
        loader: Hydra's config loader, whose search path says where a person's own configs are.
    """

    def __init__(self, loader: ConfigLoader) -> None:
        self._loader = loader
        self._options: dict[tuple[str, str], object] = {}
        self._files: dict[tuple[str, str], dict[str, Any]] = {}
        self._groups: dict[str, list[str]] = {}
        self._by_value: dict[str, dict[str, str]] = {}

    def device(self, arn: str) -> Device | None:
        """The device with this device string; None if no option describes it."""
        return self._option("device", self._by("device", "arn", Device).get(arn), Device)

    def instance(self, type_: str) -> Instance | None:
        """The instance of this type; None if no option describes it."""
        return self._option("instance", self._by("instance", "type", Instance).get(type_), Instance)

    def devices(self) -> dict[str, Device]:
        """Every device by the name of its option."""
        return {name: self._listed("device", name, Device) for name in self._names("device")}

    def instances(self) -> dict[str, Instance]:
        """Every instance by the name of its option."""
        return {name: self._listed("instance", name, Instance) for name in self._names("instance")}

    def settled_device(self, device: Device, option: str | None, overrides: Sequence[str]) -> Device:
        """A device with the price and caps of its own ARN.

        Args:
            device: As composed: where `device.arn` was overridden, with those of the option it started from.
            option: The chosen option of the group `device`.
            overrides: The combination's. What they say of the device counts in any case.

        Raises:
            ConfigError: Nothing tells the price of the ARN.
        """
        said = _said(overrides, "device")
        if not self._describes("device", option, "arn", device.arn):
            start = self._option("device", option, Device)
            own = self.device(device.arn)
            if own is None:
                # An unknown simulator is taken for one like that from which it was made.
                alike = device.embedded and start is not None and start.embedded
                own = device if alike else Device(device.arn)
            device = _merged(device, start or Device(device.arn), own, said=said, not_own=_NOT_OF_THE_DEVICE)
        if any(key.startswith("price") for key in said):
            device = replace(device, price=replace(device.price, source=_GIVEN, as_of=None))
        require_price(device, "device.arn")
        return device

    def settled_instance(self, instance: Instance, option: str | None, overrides: Sequence[str]) -> Instance:
        """An instance with the size and price of its own type; arguments as for `settled_device`.

        Raises:
            ConfigError: No option describes the type.
        """
        said = _said(overrides, "instance")
        if not self._describes("instance", option, "type", instance.type):
            start, own = self._option("instance", option, Instance), self.instance(instance.type)
            if own is None:
                raise ConfigError(
                    f"instance.type={instance.type} is none of the types that CreateJob takes: choose one of "
                    "the group instance (sweeper --help lists them), or describe a new one in "
                    "conf/instance/NAME.yaml, as the shipped ones do."
                )
            instance = _merged(instance, start or own, own, said=said, not_own=_NOT_OF_THE_TYPE)
        if "usd_per_hour" in said:
            instance = replace(instance, source=_GIVEN, as_of=None)
        return instance

    def _describes(self, group: str, option: str | None, key: str, value: str) -> bool:
        """Whether an option's own file says that it is this one, so that it need not be composed."""
        return option is not None and self._written(group, option).get(key) == value

    def _names(self, group: str) -> list[str]:
        if group not in self._groups:
            self._groups[group] = list(self._loader.get_group_options(group))
        return self._groups[group]

    def _written(self, group: str, name: str) -> dict[str, Any]:
        """What an option's own file says, and `provider`: where it is from."""
        if (group, name) not in self._files:
            result = self._loader.repository.load_config(f"{group}/{name}")  # type: ignore[attr-defined]
            content = OmegaConf.to_container(result.config) if result is not None else {}
            said = {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}
            self._files[group, name] = {**said, "provider": getattr(result, "provider", None)}
        return self._files[group, name]

    def _by(self, group: str, key: str, kind: type[T]) -> dict[str, str]:
        """Names of the group's options by the value of a key; a person's own before the shipped ones."""
        if group in self._by_value:
            return self._by_value[group]
        found: dict[str, str] = {}
        theirs: set[str] = set()
        for name in self._names(group):
            # Composing an option takes a hundred times as long as reading its file.
            value = self._written(group, name).get(key)
            if not isinstance(value, str):  # said by another option that this one extends
                value = getattr(self._option(group, name, kind), key, None)
            own = self._written(group, name)["provider"] != "main"
            if value is not None and (value not in found or (own and value not in theirs)):
                found[value] = name
                theirs |= {value} if own else set()
        self._by_value[group] = found
        return found

    def _listed(self, group: str, name: str, kind: type[T]) -> T:
        """What an option describes.

        Raises:
            ConfigError: It describes nothing of this kind; names its file.
        """
        option = self._composed(group, name)
        if not isinstance(option, kind):
            file = config_file(f"{group}/{name}")
            raise ConfigError(f"{shown(file)} sets no {group}'s keys. {how_to_begin(file) if file else ''}")
        return option

    def _composed(self, group: str, name: str) -> object:
        config = self._loader.load_configuration(f"{group}/{name}", [], RunMode.RUN)
        return OmegaConf.to_object(config[group]) if group in config else None

    def _option(self, group: str, name: str | None, kind: type[T]) -> T | None:
        """What an option describes as it stands; None if there is none, or it cannot stand alone."""
        if name is None or name not in self._names(group):
            return None
        if (group, name) not in self._options:
            try:
                self._options[group, name] = self._composed(group, name)
            except (OmegaConfBaseException, ConfigError):
                self._options[group, name] = None
        option = self._options[group, name]
        return option if isinstance(option, kind) else None


@contextmanager
def catalogue() -> Iterator[Catalogue]:
    """The options of the shipped configs and those in `./conf`, where no sweep is being composed.

    Raises:
        ConfigError: A config file of the user's has a mistake; names the file and the line.
    """
    register()
    load_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(shipped("conf"))):
        try:
            yield Catalogue(GlobalHydra.instance().config_loader())
        except SweeperError:
            raise
        except Exception as error:  # Hydra passes on what the YAML parser, the codec or OmegaConf raised
            raise ConfigError(explain(error)) from error


def _said(overrides: Sequence[str], group: str) -> frozenset[str]:
    """The keys below a group that overrides name."""
    keys = (line.partition("=")[0].lstrip("+~") for line in overrides)
    return frozenset(key.removeprefix(f"{group}.") for key in keys if key.startswith(f"{group}."))


def _merged(
    thing: T, start: Any, own: Any, *, said: frozenset[str], not_own: Collection[str], at: str = ""
) -> T:
    """The thing with its own values in place of those of the option that it started from."""
    values: dict[str, Any] = {}
    for field in fields(thing):
        name = f"{at}{field.name}"
        mine, theirs, its_own = (getattr(one, field.name) for one in (thing, start, own))
        if name in not_own:
            continue
        if is_dataclass(mine) and not isinstance(mine, type):
            inner: Any = mine
            values[field.name] = _merged(inner, theirs, its_own, said=said, not_own=not_own, at=f"{name}.")
        elif mine == theirs and not any(name == key or name.startswith(f"{key}.") for key in said):
            values[field.name] = its_own
    return replace(thing, **values)
