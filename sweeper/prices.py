"""AWS's own price list, compared with the prices in the device configs and written beside them.

The list is the one that Braket's cost tracker reads (AWS Price List Bulk API; `BRAKET_PRICE_OFFERS_URL`
leads elsewhere). Its columns are those of the tracker's own queries.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from sweeper.errors import SweeperError
from sweeper.locate import shipped
from sweeper.schema.device import Device

SOURCE = "AWS price list, quantum tasks inside hybrid jobs"


@dataclass(frozen=True)
class ListPrice:
    """What the price list says of a device, in USD."""

    per_task: float = 0.0
    per_shot: float = 0.0
    per_minute: float = 0.0

    def differs_from(self, device: Device) -> bool:
        """Whether the config says something else."""
        price = device.price
        return (self.per_task, self.per_shot, self.per_minute) != (
            price.per_task,
            price.per_shot,
            price.per_minute,
        )


def list_price(device: Device) -> ListPrice:
    """The price of quantum tasks of hybrid jobs on a paid device.

    Raises:
        SweeperError: The list cannot be read, or says nothing of the device.
    """
    region = device.arn.split(":")[3] or device.regions[0]
    name = device.arn.rpartition("/")[2]
    if "/quantum-simulator/" in device.arn:
        family = "Braket Managed Jobs Simulator Task"
        return ListPrice(per_minute=_one(region, family, "Version", name.upper()))
    title = (name[0].upper() + name[1:]).replace("Ibex", "IBEX")
    return ListPrice(
        per_task=_one(region, "Braket Managed Jobs QPU Task", "Device Name", title),
        per_shot=_one(region, "Braket Managed Jobs QPU Task Shot", "Device Name", title),
    )


def write_refreshed(name: str, price: ListPrice, folder: Path) -> Path:
    """Write a device option with today's price into a config directory, where it overrides the shipped one.

    Args:
        name: The device option.
        price: Its price by the list.
        folder: The config directory, such as `conf` in the current directory.
    """
    text = (shipped("conf") / "device" / f"{name}.yaml").read_text(encoding="utf-8")
    values = {
        "per_task": f"{price.per_task:g}",
        "per_shot": f"{price.per_shot:g}",
        "per_minute": f"{price.per_minute:g}",
        "as_of": dt.datetime.now(dt.UTC).date().isoformat(),
        "source": SOURCE,
    }
    for key, value in values.items():
        text = re.sub(rf"^(  {key}:).*$", rf"\g<1> {value}", text, flags=re.MULTILINE)
    target = folder / "device" / f"{name}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def _one(region: str, family: str, column: str, name: str) -> float:
    """The single price of a product; a simulator's minute may be listed by the second or hour."""
    from braket.tracking.pricing import price_search
    from urllib3.exceptions import HTTPError

    try:
        rows = price_search(**{"Region Code": region, "Product Family": family, column: name})
    except (HTTPError, OSError, KeyError, ValueError) as error:
        raise SweeperError(f"AWS's price list cannot be read ({type(error).__name__}: {error}).") from error
    if len(rows) != 1 or rows[0]["Currency"] != "USD":
        raise SweeperError(f"AWS's price list has {len(rows)} prices for {family} of {name} in {region}.")
    per = {"hours": 1 / 60, "seconds": 60.0}.get(rows[0]["Unit"], 1.0)
    return float(rows[0]["PricePerUnit"]) * per
