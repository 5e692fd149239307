"""AWS's own price list, compared with the prices in the device and instance configs and written beside them.

The list is the one that Braket's cost tracker reads (AWS Price List Bulk API; `BRAKET_PRICE_OFFERS_URL`
leads elsewhere). Its columns are those of the tracker's own queries.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from sweeper.config.device import Device
from sweeper.config.instance import Instance
from sweeper.config.shipped import shipped
from sweeper.errors import SweeperError

SOURCE = "AWS price list, hybrid jobs"


@dataclass(frozen=True)
class ListPrice:
    """What the price list says of a device, in USD."""

    per_task: float = 0.0
    per_shot: float = 0.0
    per_minute: float = 0.0

    def differs_from(self, device: Device) -> bool:
        """Whether the config says something else."""
        return any(getattr(device.price, name) != usd for name, usd in asdict(self).items())


def list_price(device: Device) -> ListPrice:
    """The price of quantum tasks of hybrid jobs on a paid device.

    Raises:
        SweeperError: The list cannot be read, or says nothing of the device.
    """
    region = device.arn.split(":")[3] or next(iter(device.regions), "us-east-1")
    name = device.arn.rpartition("/")[2]
    if "/quantum-simulator/" in device.arn:
        family = "Braket Managed Jobs Simulator Task"
        return ListPrice(per_minute=_one(region, family, "Version", name.upper()))
    title = (name[0].upper() + name[1:]).replace("Ibex", "IBEX")
    return ListPrice(
        per_task=_one(region, "Braket Managed Jobs QPU Task", "Device Name", title),
        per_shot=_one(region, "Braket Managed Jobs QPU Task Shot", "Device Name", title),
    )


@dataclass(frozen=True)
class InstancePrices:
    """What the price list says of the instances of hybrid jobs, in USD; of all regions the dearest.

    Attributes:
        per_hour: By instance type, for those that it has.
        volume_per_gb_month: Of their storage; None if it says nothing.
    """

    per_hour: Mapping[str, float]
    volume_per_gb_month: float | None

    def differs_from(self, instance: Instance) -> bool:
        """Whether the config says something else, or nothing, of an instance that the list has."""
        return (self.per_hour[instance.type], self.volume_per_gb_month) != (
            instance.usd_per_hour,
            instance.volume_usd_per_gb_month,
        )


def instance_prices(types: Collection[str]) -> InstancePrices:
    """The prices of instance types, as far as the list has them.

    In which column the list names the type is not documented, so that every column is looked at.

    Raises:
        SweeperError: The list cannot be read.
    """
    per_hour: dict[str, float] = {}
    for row in _rows(**{"Product Family": "Braket Managed Jobs Instance", "Currency": "USD"}):
        named = set(types) & {word for value in row.values() for word in re.split(r"[^a-z0-9.]+", str(value))}
        for name in named:
            per_hour[name] = max(per_hour.get(name, 0.0), _rounded(_per_hour(row)))
    volumes = _rows(**{"Product Family": "Braket Managed Jobs Volume", "Currency": "USD"})
    return InstancePrices(per_hour, max((float(row["PricePerUnit"]) for row in volumes), default=None))


def write_refreshed(group: str, name: str, values: Mapping[str, object], folder: Path) -> Path:
    """Write an option with today's price into a config directory, where it overrides the shipped one.

    Args:
        group: `device` or `instance`.
        name: The option; where the directory has it already, only its price is changed.
        values: The price, by dotted config key.
        folder: The config directory, such as `conf` in the current directory.
    """
    target = folder / group / f"{name}.yaml"
    known = target if target.is_file() else shipped("conf") / group / f"{name}.yaml"
    text = known.read_text(encoding="utf-8")
    dated = {"as_of": dt.datetime.now(dt.UTC).date().isoformat(), "source": SOURCE}
    prefix = "price." if any(key.startswith("price.") for key in values) else ""
    for key, value in {**values, **{f"{prefix}{key}": text for key, text in dated.items()}}.items():
        text = _with_value(text, key, f"{value:g}" if isinstance(value, float) else str(value))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def _with_value(text: str, key: str, value: str) -> str:
    """An option's YAML with another value at a dotted key of one or two parts, everything else as it was."""
    block, _, name = key.rpartition(".")
    indent = "  " if block else ""
    line = f"{indent}{name}: {value}"
    changed, count = re.subn(rf"^{indent}{name}:.*$", line, text, flags=re.MULTILINE)
    if count:
        return changed
    ended = text if text.endswith("\n") else f"{text}\n"
    if not block:
        return f"{ended}{line}\n"
    changed, count = re.subn(rf"^{block}:.*$", f"{block}:\n{line}", ended, flags=re.MULTILINE)
    return changed if count else f"{ended}{block}:\n{line}\n"


def _rounded(usd: float) -> float:
    """Without the last digits that a sixtieth leaves."""
    return float(f"{usd:.6g}")


def _per_hour(row: Mapping[str, str]) -> float:
    units = {"hour": 1.0, "hr": 1.0, "minute": 60.0, "second": 3600.0}
    factor = units.get(row["Unit"].lower().rstrip("s"))
    if factor is None:
        raise SweeperError(
            f"AWS's price list has an instance's price for each {row['Unit']!r}, not for a time."
        )
    return float(row["PricePerUnit"]) * factor


def _one(region: str, family: str, column: str, name: str) -> float:
    """The single price of a product; a simulator's minute may be listed by the second or hour."""
    rows = _rows(**{"Region Code": region, "Product Family": family, column: name})
    if len(rows) != 1 or rows[0]["Currency"] != "USD":
        raise SweeperError(f"AWS's price list has {len(rows)} prices for {family} of {name} in {region}.")
    per = {"hours": 1 / 60, "seconds": 60.0}.get(rows[0]["Unit"], 1.0)
    return float(rows[0]["PricePerUnit"]) * per


def _rows(**values: str) -> list[dict[str, str]]:
    """The price list's rows with these values."""
    from braket.tracking.pricing import price_search
    from urllib3.exceptions import HTTPError

    try:
        found: list[dict[str, str]] = price_search(**values)
    except (HTTPError, OSError, KeyError, ValueError) as error:
        raise SweeperError(f"AWS's price list cannot be read ({type(error).__name__}: {error}).") from error
    return found
